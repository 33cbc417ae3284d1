"""The broker inside one process, for tests: same promises as ``events.jetstream``, checked by the same contract suite.

``MemoryServer.available`` simulates an outage; ``kill`` ends a broker as a crash does, without a word to the server.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from datetime import UTC, datetime

from events.broker import Delivery, Handler, Listener
from events.dead_letters import dead_letter_headers
from events.dispatch import Dispatcher, Held
from events.memory_server import ConsumerState, MemoryServer
from events.streams import TOKENS, ConsumerSettings
from events.subjects import dead_subject, ends_session, frames_subject, lane_of, matches
from events.tasks import end

logger = logging.getLogger(__name__)


class MemoryBroker:
    """A client of ``server``; several brokers of one server are several processes of the product."""

    def __init__(
        self, server: MemoryServer | None = None, *, consumer: ConsumerSettings | None = None, drain: float = 20.0
    ) -> None:
        self.server = server or MemoryServer()
        self._consumer = consumer or ConsumerSettings()
        self._drain = drain
        self._consumers: list[_MemoryConsumer] = []
        self._listeners: list[tuple[str, Listener]] = []
        self._started = False
        self._stopped = asyncio.Event()

    @property
    def connected(self) -> bool:
        return self._started and self.server.available

    async def start(self) -> None:
        self._started = True
        self.server.attach(self._hear)
        for consumer in self._consumers:
            consumer.start()

    async def stop(self) -> None:
        self._leave()
        await asyncio.gather(*(consumer.stop(self._drain) for consumer in self._consumers))

    async def kill(self) -> None:
        """Ends at once; nothing in hand is given back, so it comes again when its time is over."""
        self._leave()
        self._consumers, dying = [], self._consumers
        await asyncio.gather(*(consumer.kill() for consumer in dying))

    async def publish(self, subject: str, payload: bytes, headers: Mapping[str, str]) -> None:
        self.server.store(subject, payload, headers, _now())

    def consume(self, durable: str, stream: str, handler: Handler, *, in_flight: int = 8) -> None:
        consumer = _MemoryConsumer(self.server, durable, stream, handler, self._consumer, in_flight)
        self._consumers.append(consumer)
        if self._started:
            consumer.start()

    def notify(self, subject: str, payload: bytes = b"") -> None:
        if self.connected:
            self.server.tell(subject, payload)

    def listen(self, subject: str, listener: Listener) -> None:
        self._listeners.append((subject, listener))

    async def publish_frame(self, key: str, payload: bytes) -> None:
        self.server.store(frames_subject(key), payload, {}, _now())

    def follow_frames(self, key: str) -> AsyncGenerator[bytes, None]:
        return self._follow(frames_subject(key))

    async def consumer_lag(self, durable: str, stream: str) -> int | None:
        state = self.server.known_consumer(durable, stream)
        return state.lag if state is not None and self.server.available else None

    async def _follow(self, subject: str) -> AsyncGenerator[bytes, None]:
        changed = asyncio.Event()
        life = index = 0
        self.server.watch(changed)
        try:
            while not self._stopped.is_set():
                changed.clear()
                log = self.server.stream(TOKENS.name)
                if log.life != life:
                    life, index = log.life, 0
                while self.server.available and index < len(log.messages):
                    message = log.messages[index]
                    index += 1
                    if message.subject == subject:
                        yield message.payload
                await changed.wait()
        finally:
            self.server.unwatch(changed)

    def _hear(self, subject: str, payload: bytes) -> None:
        for pattern, listener in self._listeners:
            if matches(pattern, subject):
                try:
                    listener(subject, payload)
                except Exception as error:
                    logger.error("the listener of %s failed: %s", pattern, type(error).__name__)

    def _leave(self) -> None:
        self._started = False
        self._stopped.set()
        self.server.detach(self._hear)
        self.server.wake()


class _MemoryConsumer:
    def __init__(
        self,
        server: MemoryServer,
        durable: str,
        stream: str,
        handler: Handler,
        settings: ConsumerSettings,
        in_flight: int,
    ) -> None:
        self._server = server
        self._state = server.consumer(durable, stream, settings.ack_wait)
        self._dispatcher = Dispatcher(handler, _MemoryAnswers(server, self._state), settings, in_flight)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._consume())

    async def stop(self, grace: float) -> None:
        await end(self._task)
        await self._dispatcher.drain(grace)

    async def kill(self) -> None:
        await end(self._task)
        self._dispatcher.mute()
        await self._dispatcher.drain(0.0)

    async def _consume(self) -> None:
        # One event for both: room in the dispatcher, and news from the server.
        changed = self._dispatcher.changed
        self._server.watch(changed)
        for sequence in self._state.due:
            self._dispatcher.expect(self._state.stream.messages[sequence - 1].subject, sequence)
        try:
            while True:
                changed.clear()
                self._dispatcher.settled(self._state.floor)
                while self._server.available and self._dispatcher.room > 0:
                    delivered = self._state.deliver(_now())
                    if delivered is None:
                        break
                    message, attempt = delivered
                    self._expect_before(message.subject, message.sequence)
                    delivery = Delivery(message.subject, message.payload, message.headers, attempt, message.sequence)
                    self._dispatcher.offer(Held(delivery, (message.sequence, int(message.stored_at * 1e6)), ""))
                with suppress(TimeoutError):
                    # Without room the next event is a handler's end, not the clock.
                    may_deliver = self._server.available and self._dispatcher.room > 0
                    async with asyncio.timeout_at(self._state.next_due() if may_deliver else None):
                        await changed.wait()
        finally:
            self._server.unwatch(changed)

    def _expect_before(self, subject: str, sequence: int) -> None:
        """A session's end does not overtake its turns that another broker has in hand."""
        if ends_session(subject):
            for earlier in [earlier for earlier in self._state.due if earlier < sequence]:
                other = self._state.stream.messages[earlier - 1].subject
                if lane_of(other) == lane_of(subject):
                    self._dispatcher.expect(other, earlier)


class _MemoryAnswers:
    def __init__(self, server: MemoryServer, state: ConsumerState) -> None:
        self._server = server
        self._state = state

    async def confirm(self, held: Held) -> None:
        self._server.require()
        self._state.settle(held.delivery.stream_sequence)

    async def postpone(self, held: Held, delay: float) -> None:
        self._server.require()
        self._state.put_off(held.delivery.stream_sequence, _now() + delay)
        self._server.wake()

    async def report_progress(self, held: Held) -> None:
        self._server.require()
        self._state.put_off(held.delivery.stream_sequence, _now() + self._state.ack_wait)

    async def bury(self, held: Held, reason: str) -> None:
        headers = dead_letter_headers(held.delivery, reason, datetime.now(UTC), held.identity)
        self._server.store(dead_subject(held.delivery.subject), held.delivery.payload, headers, _now())
        self._state.settle(held.delivery.stream_sequence)


def _now() -> float:
    return asyncio.get_running_loop().time()
