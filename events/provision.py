"""Brings streams and consumers on the server to what ``events.streams`` says."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from nats.js import api
from nats.js.errors import APIError, NotFoundError

from events.broker import BrokerUnavailableError
from events.client import plain_subject
from events.connection import Connection, describe
from events.streams import STREAMS, ConsumerSettings, StreamSettings

logger = logging.getLogger(__name__)

ORPHANED_AFTER = 60.0  # seconds until the server forgets a follower that no longer asks


async def ensure_streams(connection: Connection) -> None:
    """Makes missing streams and adapts those that differ. A server that refuses one is told in the log, and the rest
    goes on: an administrator may have set the limits on purpose. Raises ``BrokerUnavailableError``."""
    # All at once: what a user may not ask for is not answered at all, and costs the whole timeout.
    await asyncio.gather(*(_try_to_ensure(connection, settings) for settings in STREAMS))


async def _try_to_ensure(connection: Connection, settings: StreamSettings) -> None:
    try:
        await _ensure_stream(connection, settings)
    except APIError as error:
        logger.error("the broker refuses the stream %s: %s", settings.name, describe(error))
    except BrokerUnavailableError as error:
        if connection.is_lost:
            raise
        logger.error("the stream %s could not be looked at, made or adapted: %s", settings.name, error)


async def _ensure_stream(connection: Connection, settings: StreamSettings) -> None:
    wanted = stream_config(settings)
    present = (await _find(connection, settings.name) or await _make(connection, wanted)).config
    if any(getattr(present, name) != getattr(wanted, name) for name in _COMPARED):
        # Replicas are the administrator's choice: one node or a cluster.
        wanted.num_replicas = present.num_replicas
        wanted.placement = present.placement
        await connection.ask(connection.jetstream.update_stream(wanted))


async def _make(connection: Connection, wanted: api.StreamConfig) -> api.StreamInfo:
    try:
        return await connection.ask(connection.jetstream.add_stream(wanted))
    except APIError:
        # Parts of the product start together: while another one makes the stream, the server counts its size twice.
        made_by_another = await _find(connection, str(wanted.name))
        if made_by_another is None:
            raise
        return made_by_another


async def _find(connection: Connection, name: str) -> api.StreamInfo | None:
    try:
        return await connection.ask(connection.jetstream.stream_info(name))
    except NotFoundError:
        return None


_COMPARED = ("subjects", "storage", "discard", "max_age", "max_bytes", "max_msg_size", "duplicate_window")


def stream_config(settings: StreamSettings) -> api.StreamConfig:
    return api.StreamConfig(
        name=settings.name,
        subjects=list(settings.subjects),
        retention=api.RetentionPolicy.LIMITS,
        storage=api.StorageType.MEMORY if settings.memory else api.StorageType.FILE,
        discard=api.DiscardPolicy.NEW if settings.keep_oldest else api.DiscardPolicy.OLD,
        max_age=settings.max_age,
        max_bytes=settings.max_bytes,
        max_msg_size=settings.max_message_bytes,
        duplicate_window=settings.duplicate_window,
    )


async def ensure_durable(connection: Connection, stream: str, durable: str, settings: ConsumerSettings) -> None:
    """Makes or adapts a durable pull consumer. Raises ``BrokerUnavailableError``."""
    config = api.ConsumerConfig(
        name=durable,
        durable_name=durable,
        deliver_policy=api.DeliverPolicy.ALL,
        ack_policy=api.AckPolicy.EXPLICIT,
        ack_wait=settings.ack_wait,
        max_deliver=-1,
        max_ack_pending=settings.max_ack_pending,
    )
    await _manage(connection, connection.jetstream.add_consumer(stream, config=config))


async def add_follower(connection: Connection, stream: str, subject: str, first_sequence: int) -> str:
    """Makes an unacknowledged reader of ``subject`` from ``first_sequence`` on and gives its name. Raises
    ``BrokerUnavailableError``."""
    config = api.ConsumerConfig(
        deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=first_sequence,
        ack_policy=api.AckPolicy.NONE,
        filter_subject=subject,
        mem_storage=True,
        inactive_threshold=ORPHANED_AFTER,
    )
    info = await _manage(connection, connection.jetstream.add_consumer(stream, config=config))
    return str(info.name)


async def drop_follower(connection: Connection, stream: str, name: str) -> None:
    """Raises ``BrokerUnavailableError``."""
    await _manage(connection, connection.jetstream.delete_consumer(stream, name))


async def stream_birth(connection: Connection, stream: str) -> str:
    """Which life of a stream this is: one that was lost and made again has another. Raises
    ``BrokerUnavailableError``."""
    info = await _manage(connection, connection.jetstream.stream_info(stream))
    return str(info.created)


@dataclass(frozen=True, slots=True)
class StreamState:
    """``size`` and ``limit`` are in bytes, ``limit`` below 1 for none; ``first`` and ``last`` are sequences."""

    size: int
    limit: int
    first: int
    last: int


async def stream_state(connection: Connection, stream: str) -> StreamState:
    """How full a stream is. Raises ``BrokerUnavailableError``."""
    info = await _manage(connection, connection.jetstream.stream_info(stream))
    state = info.state
    return StreamState(state.bytes, info.config.max_bytes or 0, state.first_seq, state.last_seq)


async def drop_before(connection: Connection, stream: str, sequence: int) -> None:
    """Removes every message before ``sequence``. Raises ``BrokerUnavailableError``."""
    await _manage(connection, connection.jetstream.purge_stream(stream, seq=sequence))


@dataclass(frozen=True, slots=True)
class Progress:
    """``floor``: every message up to it is acknowledged. ``delivered``: the last one that was handed out."""

    floor: int
    delivered: int
    waiting: int
    in_hand: int


async def durable_progress(connection: Connection, stream: str, durable: str) -> Progress:
    """How far a durable consumer has come. Raises ``BrokerUnavailableError``."""
    info = await _manage(connection, connection.jetstream.consumer_info(stream, durable))
    return Progress(
        floor=info.ack_floor.stream_seq if info.ack_floor else 0,
        delivered=info.delivered.stream_seq if info.delivered else 0,
        waiting=info.num_pending or 0,
        in_hand=info.num_ack_pending or 0,
    )


async def subject_at(connection: Connection, stream: str, sequence: int) -> str | None:
    """The subject of a stored message, as it is delivered; None when it is stored no more. Raises
    ``BrokerUnavailableError``."""
    try:
        message = await connection.ask(connection.jetstream.get_msg(stream, seq=sequence))
    except APIError:
        return None
    return plain_subject(str(message.subject).encode())


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a stored message lies in its stream."""

    sequence: int
    subject: str


async def subject_after(connection: Connection, stream: str, pattern: str, sequence: int) -> Placed | None:
    """The first message at ``sequence`` or later whose subject ``pattern`` takes; None when there is none. Raises
    ``BrokerUnavailableError``."""
    try:
        message = await connection.ask(connection.jetstream.get_msg(stream, seq=sequence, subject=pattern, next=True))
    except APIError:
        return None
    return Placed(int(message.seq or 0), str(message.subject))


async def _manage(connection: Connection, work: Coroutine[Any, Any, Any]) -> Any:
    try:
        return await connection.ask(work)
    except APIError as error:
        raise BrokerUnavailableError(describe(error)) from error
