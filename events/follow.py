"""Follows the token log of one key over all connections: each frame once, in order, from the oldest that is kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import suppress

from events.backoff import Backoff
from events.broker import BrokerUnavailableError
from events.connection import Connection
from events.link import Link
from events.provision import add_follower, drop_follower, ensure_streams, stream_birth
from events.pull import Pull
from events.streams import TOKENS

logger = logging.getLogger(__name__)

BATCH = 256
AFTER_FAILURE = Backoff(first=0.05, longest=2.0)


class _Place:
    """How far a follower has come: in which life of the stream, and the sequence that it wants next."""

    def __init__(self) -> None:
        self._birth: str | None = None
        self.next_sequence = 1

    def enter(self, birth: str) -> None:
        """A stream that was lost and made again numbers from 1: all of it is new."""
        if birth != self._birth:
            self._birth = birth
            self.next_sequence = 1


async def follow(link: Link, subject: str) -> AsyncGenerator[bytes, None]:
    """Ends when it is closed or the link is stopped."""
    place = _Place()
    failures = 0
    while not link.stopped:
        try:
            connection = await link.wait()
            async for frame in _follow_on(connection, subject, place):
                failures = 0
                yield frame
        except BrokerUnavailableError as error:
            failures += 1
            logger.debug("a follower of frames begins anew: %s", error)
            await asyncio.sleep(AFTER_FAILURE.delay(failures))


async def _follow_on(connection: Connection, subject: str, place: _Place) -> AsyncGenerator[bytes, None]:
    place.enter(await _birth(connection))
    consumer = await add_follower(connection, TOKENS.name, subject, place.next_sequence)
    pull = Pull(connection, TOKENS.name, consumer)
    try:
        await pull.open()
        count = 0
        while True:
            if pull.credit < BATCH // 4 and pull.unread == 0:
                await pull.ask(BATCH - pull.credit)
            message = await pull.next()
            if message is None:
                continue
            sequence = message.metadata.sequence
            count += 1
            if sequence.consumer != count:
                raise BrokerUnavailableError("a frame was skipped")
            place.next_sequence = sequence.stream + 1
            yield bytes(message.data)
    finally:
        await _leave(connection, pull, consumer)


async def _birth(connection: Connection) -> str:
    try:
        return await stream_birth(connection, TOKENS.name)
    except BrokerUnavailableError:
        await ensure_streams(connection)
        return await stream_birth(connection, TOKENS.name)


async def _leave(connection: Connection, pull: Pull, consumer: str) -> None:
    """Lets the server forget this follower now rather than by its time limit."""
    with suppress(BrokerUnavailableError):
        await pull.close()
        await drop_follower(connection, TOKENS.name, consumer)
