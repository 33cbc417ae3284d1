"""A stream that refuses new messages when it is full, as SESSIONS is: what was handled makes room."""

from __future__ import annotations

import asyncio

import pytest
from nats_waiting import connected, eventually

from events.broker import Delivery
from events.embedded import EmbeddedNats
from events.errors import NotStoredError
from events.jetstream import JetStreamBroker
from events.outcome import Ack, Outcome
from events.provision import StreamState, stream_state
from events.room import first_to_keep
from events.subjects import segment_subject

LIMIT = 4_000


async def stored(broker: JetStreamBroker) -> StreamState:
    return await stream_state(broker._link.connection(), "SESSIONS")


async def make_small(broker: JetStreamBroker) -> None:
    connection = broker._link.connection()
    info = await connection.ask(connection.jetstream.stream_info("SESSIONS"))
    info.config.max_bytes = LIMIT
    await connection.ask(connection.jetstream.update_stream(info.config))


async def is_taken(broker: JetStreamBroker, payload: bytes) -> bool:
    try:
        await broker.publish(segment_subject(1), payload, {})
    except NotStoredError:
        return False
    return True


async def test_many_times_what_a_stream_holds_passes_through_it(
    nats: EmbeddedNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.room.LOOK_EVERY", 0.05)
    came: list[bytes] = []

    async def keep(delivery: Delivery) -> Outcome:
        came.append(delivery.payload)
        return Ack()

    async with connected(nats) as broker:
        await make_small(broker)
        broker.consume("worker", "SESSIONS", keep)
        sent = [b"%d " % number + b"x" * 200 for number in range(60)]
        for payload in sent:
            await eventually(lambda payload=payload: is_taken(broker, payload))
        await eventually(lambda: came == sent)


async def test_what_is_not_handled_stays_and_new_messages_are_refused(
    nats: EmbeddedNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("events.room.LOOK_EVERY", 0.05)
    free, looks = asyncio.Event(), 0
    came: list[bytes] = []

    async def keep(delivery: Delivery) -> Outcome:
        await free.wait()
        came.append(delivery.payload)
        return Ack()

    def count(state: StreamState, floor: int) -> int | None:
        nonlocal looks
        looks += 1
        return first_to_keep(state, floor)

    monkeypatch.setattr("events.room.first_to_keep", count)
    async with connected(nats) as broker:
        await make_small(broker)
        broker.consume("worker", "SESSIONS", keep)
        sent = 0
        while await is_taken(broker, b"x" * 200):
            sent += 1
        seen = looks
        await eventually(lambda: looks > seen + 3)
        state = await stored(broker)
        assert (state.first, state.last) == (1, sent)

        free.set()
        await eventually(lambda: len(came) == sent)
        await eventually(lambda: is_taken(broker, b"x" * 200))


@pytest.mark.parametrize(
    ("size", "floor", "first", "last", "keep"),
    [
        (74, 100, 1, 100, None),  # there is room
        (75, 100, 1, 100, 51),  # the older half
        (100, 10, 1, 100, 11),  # no further than what is handled
        (100, 0, 1, 100, None),  # nothing is handled
        (100, 40, 41, 100, None),  # what was handled is gone already
        (100, 100, 100, 100, 101),  # one message that fills it
        (0, 0, 0, 0, None),
    ],
)
def test_what_goes_is_old_and_handled(size: int, floor: int, first: int, last: int, keep: int | None) -> None:
    assert first_to_keep(StreamState(size, 100, first, last), floor) == keep


def test_a_stream_without_a_limit_keeps_all() -> None:
    assert first_to_keep(StreamState(10**12, -1, 1, 100), 100) is None
