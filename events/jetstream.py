"""The broker on NATS JetStream. It is put together here; the parts are the link, the deliveries and the followers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from contextlib import suppress

from nats.aio.msg import Msg

from events.broker import BrokerUnavailableError, Handler, Listener
from events.connection import Connection
from events.deliveries import Deliveries
from events.errors import StreamMissingError
from events.follow import follow
from events.link import Link
from events.provision import durable_progress, ensure_streams
from events.server_url import parse_server_url
from events.streams import ConsumerSettings
from events.subjects import frames_subject
from events.tasks import end

logger = logging.getLogger(__name__)

PUBLISH_TIMEOUT = 3.0
MOST_NOTICES_UNDER_WAY = 1_000


class JetStreamBroker:
    """``urls`` with credentials inside, as ``nats://user:password@host:port``. Raises ValueError for a bad one.

    ``drain`` is how many seconds handlers may still run after ``stop`` was called.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        name: str = "casenote",
        consumer: ConsumerSettings | None = None,
        drain: float = 20.0,
        publish_timeout: float = PUBLISH_TIMEOUT,
    ) -> None:
        self._link = Link([parse_server_url(url) for url in urls], name, self._prepare)
        self._consumer = consumer or ConsumerSettings()
        self._drain = drain
        self._publish_timeout = publish_timeout
        self._consumers: list[Deliveries] = []
        self._listeners: list[tuple[str, Listener]] = []
        self._background: set[asyncio.Task[None]] = set()
        self._started = False

    @property
    def connected(self) -> bool:
        return self._link.connected

    async def start(self) -> None:
        self._started = True
        self._link.start()
        for deliveries in self._consumers:
            deliveries.start()

    async def stop(self) -> None:
        self._started = False
        await asyncio.gather(*(deliveries.stop(self._drain) for deliveries in self._consumers))
        await asyncio.gather(*map(end, self._background))
        await self._link.stop()

    async def kill(self) -> None:
        """Ends as a crash does: nothing in hand is given back. For tests."""
        self._started = False
        await asyncio.gather(*(deliveries.kill() for deliveries in self._consumers))
        self._consumers = []
        await self._link.stop()

    async def publish(self, subject: str, payload: bytes, headers: Mapping[str, str]) -> None:
        await self._store(subject, payload, headers)

    def consume(self, durable: str, stream: str, handler: Handler, *, in_flight: int = 8) -> None:
        deliveries = Deliveries(self._link, durable, stream, handler, self._consumer, in_flight)
        self._consumers.append(deliveries)
        if self._started:
            deliveries.start()

    def notify(self, subject: str, payload: bytes = b"") -> None:
        if self.connected and len(self._background) < MOST_NOTICES_UNDER_WAY:
            self._in_background(self._send_notice(subject, payload))

    def listen(self, subject: str, listener: Listener) -> None:
        self._listeners.append((subject, listener))
        if self.connected:
            self._in_background(self._subscribe(self._link.connection(), subject, listener))

    async def publish_frame(self, key: str, payload: bytes) -> None:
        await self._store(frames_subject(key), payload, {})

    def follow_frames(self, key: str) -> AsyncGenerator[bytes, None]:
        return follow(self._link, frames_subject(key))

    async def consumer_lag(self, durable: str, stream: str) -> int | None:
        try:
            progress = await durable_progress(self._link.connection(), stream, durable)
        except BrokerUnavailableError:
            return None
        return progress.waiting + progress.in_hand

    async def _store(self, subject: str, payload: bytes, headers: Mapping[str, str]) -> None:
        connection = self._link.connection()
        try:
            await connection.store(subject, payload, headers, self._publish_timeout)
        except StreamMissingError:
            # Somebody deleted it while we were connected. Made again, it takes the next try.
            await ensure_streams(connection)
            raise

    async def _prepare(self, connection: Connection) -> None:
        await ensure_streams(connection)
        for subject, listener in self._listeners:
            await self._subscribe(connection, subject, listener)

    async def _subscribe(self, connection: Connection, subject: str, listener: Listener) -> None:
        async def receive(message: Msg) -> None:
            try:
                listener(message.subject, bytes(message.data))
            except Exception as error:
                logger.error("the listener of %s failed: %s", subject, type(error).__name__)

        await connection.subscribe(subject, receive)

    async def _send_notice(self, subject: str, payload: bytes) -> None:
        with suppress(BrokerUnavailableError):
            await self._link.connection().send(subject, payload)

    def _in_background(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
