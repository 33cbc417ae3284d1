"""Keeps room in a stream that refuses new messages when it is full: what the workers have handled goes before its time.

Without this, whoever fills it stops all intake until its oldest messages have reached their age.
"""

from __future__ import annotations

import asyncio
import logging

from events.broker import BrokerUnavailableError
from events.connection import Connection
from events.provision import StreamState, drop_before, durable_progress, stream_state

logger = logging.getLogger(__name__)

LOOK_EVERY = 10.0
NEARLY_FULL = 0.75  # of its bytes


def first_to_keep(state: StreamState, floor: int) -> int | None:
    """Pure: everything before this sequence may go; None when nothing need or can. The older half at a time, and
    nothing beyond ``floor``, up to which all is handled."""
    if state.limit <= 0 or state.size < NEARLY_FULL * state.limit:
        return None
    first = min(floor + 1, state.first + (state.last - state.first) // 2 + 1)
    return first if first > state.first else None


async def keep_room(connection: Connection, stream: str, durable: str) -> None:
    """Looks again and again, until it is cancelled."""
    while True:
        try:
            await _make_room(connection, stream, durable)
        except BrokerUnavailableError as error:
            # A server of one's own may not allow it: then the stream is its administrator's to empty.
            logger.debug("no room is made in %s: %s", stream, error)
        await asyncio.sleep(LOOK_EVERY)


async def _make_room(connection: Connection, stream: str, durable: str) -> None:
    state = await stream_state(connection, stream)
    floor = (await durable_progress(connection, stream, durable)).floor
    keep = first_to_keep(state, floor)
    if keep is not None:
        await drop_before(connection, stream, keep)
        logger.warning("%s is nearly full: %d handled messages went before their time", stream, keep - state.first)
