"""A durable consumer on JetStream: pulls as much as the dispatcher has room for, and answers each delivery."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime

from nats.aio.msg import Msg

from events.backoff import Backoff
from events.broker import BrokerUnavailableError, Delivery, Handler
from events.connection import Connection
from events.dead_letters import dead_letter_headers
from events.dispatch import Dispatcher, Held
from events.errors import MessageRefusedError
from events.link import Link
from events.provision import ensure_durable, ensure_streams
from events.pull import Pull
from events.room import keep_room
from events.streams import STREAMS, ConsumerSettings
from events.subjects import dead_subject
from events.tasks import end, forget
from events.unsettled import SettledHere, Unsettled

logger = logging.getLogger(__name__)

ANSWER_TIMEOUT = 1.0
BETWEEN_ANSWERS = 0.1
ANSWER_PATIENCE = 20.0
DEAD_LETTER_TIMEOUT = 5.0
AFTER_FAILURE = Backoff(first=0.1, longest=5.0)
_NANOSECONDS = 1_000_000_000


class Deliveries:
    """Runs from ``start`` to ``stop``, over all connections of the link."""

    def __init__(
        self, link: Link, durable: str, stream: str, handler: Handler, settings: ConsumerSettings, in_flight: int
    ) -> None:
        self._link = link
        self._durable = durable
        self._stream = stream
        self._settings = settings
        settled = SettledHere()
        self._dispatcher = Dispatcher(handler, JetStreamAnswers(link, settled), settings, in_flight)
        self._unsettled = Unsettled(stream, durable, self._dispatcher, settings, settled)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._consume(), name=f"{self._durable} of {self._stream}")

    async def stop(self, grace: float) -> None:
        await end(self._task)
        await self._dispatcher.drain(grace)

    async def kill(self) -> None:
        """Ends without giving back what is in hand."""
        await end(self._task)
        self._dispatcher.mute()
        await self._dispatcher.drain(0.0)

    async def _consume(self) -> None:
        failures = 0
        while True:
            connection = await self._link.wait()
            try:
                await self._prepare(connection)
                failures = 0
                await self._consume_on(connection)
            except BrokerUnavailableError as error:
                failures += 1
                logger.info("consumer %s begins anew: %s", self._durable, error)
            except Exception as error:
                failures += 1
                logger.error("consumer %s failed: %s", self._durable, type(error).__name__)
            await asyncio.sleep(AFTER_FAILURE.delay(failures) * random.uniform(0.5, 1.0))

    async def _prepare(self, connection: Connection) -> None:
        try:
            await ensure_durable(connection, self._stream, self._durable, self._settings)
        except BrokerUnavailableError:
            await ensure_streams(connection)
            await ensure_durable(connection, self._stream, self._durable, self._settings)

    async def _consume_on(self, connection: Connection) -> None:
        await self._unsettled.expect_all(connection)
        watch = asyncio.create_task(self._unsettled.watch(connection))
        room = asyncio.create_task(keep_room(connection, self._stream, self._durable)) if self._refuses_new else None
        try:
            await self._pump(connection)
        finally:
            await end(watch)
            await end(room)

    @property
    def _refuses_new(self) -> bool:
        return any(stream.name == self._stream and stream.keep_oldest for stream in STREAMS)

    async def _pump(self, connection: Connection) -> None:
        pull = Pull(connection, self._stream, self._durable)
        await pull.open()
        try:
            while True:
                self._dispatcher.changed.clear()
                wanted = self._dispatcher.room - pull.credit - pull.unread
                if wanted > 0:
                    await pull.ask(wanted)
                if pull.credit == 0 and pull.unread == 0:
                    await self._wait_for_room(connection)
                    continue
                message = await pull.next()
                if message is not None:
                    await self._take(connection, message)
        finally:
            with suppress(BrokerUnavailableError):
                await pull.close()
                await self._return_unread(connection, pull.leave())

    async def _take(self, connection: Connection, message: Msg) -> None:
        held = _held(message)
        try:
            await self._unsettled.expect_before(connection, message.subject, held.delivery.stream_sequence)
        except (BrokerUnavailableError, asyncio.CancelledError):
            # Not in hand yet: it is to come again now, and not only when its time is over.
            with suppress(BrokerUnavailableError):
                await self._return_unread(connection, [message])
            raise
        self._dispatcher.offer(held)

    async def _wait_for_room(self, connection: Connection) -> None:
        changed = asyncio.ensure_future(self._dispatcher.changed.wait())
        try:
            await asyncio.wait({changed, connection.lost}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            forget(changed)
        if connection.is_lost:
            raise BrokerUnavailableError("the connection was lost")

    async def _return_unread(self, connection: Connection, messages: list[Msg]) -> None:
        for message in messages:
            await connection.send(message.reply, _negative(0.0))


class JetStreamAnswers:
    """Answers deliveries on the connection of now, which need not be the one that the message came by.

    An answer is given again until the server confirms it: a server that was just restarted drops answers to deliveries
    that it has forgotten, makes them again, and takes the answer then. ``held`` has the place of the latest one.
    """

    def __init__(self, link: Link, settled: SettledHere) -> None:
        self._link = link
        self._settled = settled

    async def confirm(self, held: Held) -> None:
        await self._answer(held, b"+ACK")
        self._settled.add(held.delivery.stream_sequence)

    async def postpone(self, held: Held, delay: float) -> None:
        await self._answer(held, _negative(delay))

    async def report_progress(self, held: Held) -> None:
        await self._link.connection().send(held.reply, b"+WPI")

    async def bury(self, held: Held, reason: str) -> None:
        delivery = held.delivery
        headers = dead_letter_headers(delivery, reason, datetime.now(UTC), held.identity)
        await self._insist(lambda: self._keep(dead_subject(delivery.subject), delivery.payload, headers))
        await self._answer(held, b"+TERM")
        self._settled.add(held.delivery.stream_sequence)

    async def _keep(self, subject: str, payload: bytes, headers: dict[str, str]) -> None:
        connection = self._link.connection()
        try:
            await connection.store(subject, payload, headers, DEAD_LETTER_TIMEOUT)
        except MessageRefusedError:
            # It cannot be kept whole. Keeping its name is better than trying for ever.
            kept = {name: value for name, value in headers.items() if name.startswith(("Casenote-", "Nats-"))}
            kept["Casenote-Left-Out"] = f"payload of {len(payload)} bytes"
            await connection.store(subject, b"", kept, DEAD_LETTER_TIMEOUT)

    async def _answer(self, held: Held, answer: bytes) -> None:
        """The server answers the answer, once it is carried out."""
        await self._insist(lambda: self._link.connection().request(held.reply, answer, within=ANSWER_TIMEOUT))

    async def _insist(self, act: Callable[[], Awaitable[object]]) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + ANSWER_PATIENCE
        while True:
            try:
                await act()
                return
            except BrokerUnavailableError:
                if loop.time() > deadline:
                    raise
            await asyncio.sleep(BETWEEN_ANSWERS)


def _held(message: Msg) -> Held:
    metadata = message.metadata
    sequence = int(metadata.sequence.stream)
    delivery = Delivery(
        subject=message.subject,
        payload=bytes(message.data),
        headers=dict(message.headers or {}),
        attempt=int(metadata.num_delivered),
        stream_sequence=sequence,
    )
    stored_at = int(metadata.timestamp.timestamp() * 1_000_000)
    return Held(delivery, (sequence, stored_at), message.reply)


def _negative(delay: float) -> bytes:
    return b"-NAK " + json.dumps({"delay": int(delay * _NANOSECONDS)}).encode()
