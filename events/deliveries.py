"""A durable consumer on JetStream: pulls as much as the dispatcher has room for, and answers each delivery."""

from __future__ import annotations

import asyncio
import json
import logging
import random
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
from events.streams import ConsumerSettings
from events.subjects import dead_subject

logger = logging.getLogger(__name__)

ANSWER_TIMEOUT = 5.0
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
        self._dispatcher = Dispatcher(handler, JetStreamAnswers(link), settings, in_flight)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._consume(), name=f"{self._durable} of {self._stream}")

    async def stop(self, grace: float) -> None:
        await self._end_pull()
        await self._dispatcher.drain(grace)

    async def kill(self) -> None:
        """Ends without giving back what is in hand."""
        await self._end_pull()
        self._dispatcher.mute()
        await self._dispatcher.drain(0.0)

    async def _end_pull(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _consume(self) -> None:
        failures = 0
        while True:
            connection = await self._link.wait()
            try:
                await self._prepare(connection)
                failures = 0
                await self._pump(connection)
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
                    self._dispatcher.offer(_held(message))
        finally:
            await pull.close()
            await self._return_unread(connection, pull.leave())

    async def _wait_for_room(self, connection: Connection) -> None:
        waits = {asyncio.ensure_future(self._dispatcher.changed.wait()), asyncio.ensure_future(connection.lost.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
            await asyncio.wait(waits)
        if connection.lost.is_set():
            raise BrokerUnavailableError("the connection was lost")

    async def _return_unread(self, connection: Connection, messages: list[Msg]) -> None:
        with suppress(BrokerUnavailableError):
            for message in messages:
                await connection.send(message.reply, _negative(0.0))


class JetStreamAnswers:
    """Answers deliveries on the connection of now, which need not be the one that the message came by."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def confirm(self, held: Held) -> None:
        await self._answer(held, b"+ACK")

    async def postpone(self, held: Held, delay: float) -> None:
        await self._answer(held, _negative(delay))

    async def report_progress(self, held: Held) -> None:
        await self._link.connection().send(held.reply, b"+WPI")

    async def bury(self, held: Held, reason: str) -> None:
        delivery = held.delivery
        subject = dead_subject(delivery.subject)
        headers = dead_letter_headers(delivery, reason, datetime.now(UTC), held.identity)
        connection = self._link.connection()
        try:
            await connection.store(subject, delivery.payload, headers, ANSWER_TIMEOUT)
        except MessageRefusedError:
            # It cannot be kept whole. Keeping its name is better than trying for ever.
            kept = {name: value for name, value in headers.items() if name.startswith(("Casenote-", "Nats-"))}
            kept["Casenote-Left-Out"] = f"payload of {len(delivery.payload)} bytes"
            await connection.store(subject, b"", kept, ANSWER_TIMEOUT)
        await self._answer(held, b"+TERM")

    async def _answer(self, held: Held, answer: bytes) -> None:
        """The server answers the answer, once it is carried out."""
        await self._link.connection().request(held.reply, answer, within=ANSWER_TIMEOUT)


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
