from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress

import pytest
from nats_waiting import connected, eventually, kill

from events.broker import BrokerUnavailableError, Delivery
from events.embedded import EmbeddedNats
from events.errors import MessageRefusedError, NotStoredError
from events.jetstream import JetStreamBroker
from events.memory import MemoryBroker
from events.memory_server import MemoryServer
from events.outbox import OutboxMessage
from events.outcome import Ack, Outcome
from events.relay import BATCH, Relay
from events.streams import ConsumerSettings
from events.subjects import closed_subject, segment_subject, updated_subject

ROUNDS = int(os.environ.get("KILL_ROUNDS", "3"))


class ListStore:
    """An outbox in a list; ``mark_failures`` makes that many marks fail, as a database may."""

    def __init__(self) -> None:
        self.rows: list[OutboxMessage] = []
        self.published: list[int] = []
        self.mark_failures = 0
        self.read_failures = 0

    def add(self, subject: str, payload: bytes = b"{}") -> None:
        position = len(self.rows) + 1
        self.rows.append(OutboxMessage(position, f"id-{position}", subject, payload))

    async def unpublished(self, limit: int, after: int = 0) -> Sequence[OutboxMessage]:
        if self.read_failures:
            self.read_failures -= 1
            raise OSError("the database is locked")
        return [row for row in self.rows if row.position not in self.published and row.position > after][:limit]

    async def mark_published(self, positions: Sequence[int]) -> None:
        if self.mark_failures:
            self.mark_failures -= 1
            raise OSError("the database is locked")
        self.published += positions

    async def lag(self) -> int:
        return len(self.rows) - len(self.published)

    @property
    def done(self) -> bool:
        return sorted(self.published) == [row.position for row in self.rows]


def stored(server: MemoryServer, stream: str) -> list[tuple[str, str]]:
    return [(message.subject, message.headers["Nats-Msg-Id"]) for message in server.stream(stream).messages]


async def test_rows_are_published_under_their_ids_and_marked() -> None:
    store, broker = ListStore(), MemoryBroker()
    await broker.start()
    store.add(closed_subject(1))
    store.add(updated_subject(1))
    relay = Relay(store, broker)

    await relay.start()
    await eventually(lambda: store.done)
    await relay.stop()

    assert stored(broker.server, "SESSIONS") == [("sessions.1.closed", "id-1")]
    assert stored(broker.server, "NOTES") == [("notes.1.updated", "id-2")]
    assert broker.server.stream("NOTES").messages[0].headers["content-type"] == "application/cloudevents+json"
    await broker.stop()


async def test_the_order_of_each_session_is_kept() -> None:
    store, broker = ListStore(), MemoryBroker()
    await broker.start()
    for number in range(600):
        store.add(updated_subject(number % 7 + 1))
    relay = Relay(store, broker)
    await relay.start()
    await eventually(lambda: store.done)
    await relay.stop()
    await broker.stop()

    for session in range(1, 8):
        subject = updated_subject(session)
        own = [int(id.removeprefix("id-")) for at, id in stored(broker.server, "NOTES") if at == subject]
        assert own == sorted(own)
        assert len(own) == len([row for row in store.rows if row.subject == subject])


async def test_a_notice_wakes_it_long_before_the_poll() -> None:
    store, broker = ListStore(), MemoryBroker()
    await broker.start()
    relay = Relay(store, broker, "casenote.wake.relay", poll_every=60.0)
    await relay.start()
    await asyncio.sleep(0.05)

    store.add(closed_subject(1))
    broker.notify("casenote.wake.relay")

    await eventually(lambda: store.done)
    await relay.stop()
    await broker.stop()


async def test_a_lost_notice_costs_one_poll() -> None:
    store, broker = ListStore(), MemoryBroker()
    await broker.start()
    relay = Relay(store, broker, poll_every=0.1)
    await relay.start()
    await asyncio.sleep(0.05)

    store.add(closed_subject(1))

    await eventually(lambda: store.done)
    await relay.stop()
    await broker.stop()


async def test_what_was_written_while_the_broker_was_away_is_published_when_it_is_back() -> None:
    store, broker = ListStore(), MemoryBroker()
    broker.server.available = False
    await broker.start()
    for number in range(20):
        store.add(closed_subject(number % 3 + 1))
    relay = Relay(store, broker)
    await relay.start()
    await asyncio.sleep(0.3)
    assert store.published == []

    broker.server.available = True

    await eventually(lambda: store.done)
    await relay.stop()
    await broker.stop()


async def test_a_database_that_fails_loses_nothing_and_repeats_nothing_for_consumers() -> None:
    store, broker = ListStore(), MemoryBroker()
    await broker.start()
    store.mark_failures, store.read_failures = 2, 2
    for number in range(5):
        store.add(closed_subject(number + 1))
    relay = Relay(store, broker)

    await relay.start()
    await eventually(lambda: store.done)
    await relay.stop()
    await broker.stop()

    assert len(stored(broker.server, "SESSIONS")) == 5


class RefusingBroker(MemoryBroker):
    """A broker whose limits are lower than ours: it refuses payloads beyond ``most`` bytes, as a server may."""

    most = 10

    async def publish(self, subject: str, payload: bytes, headers: object) -> None:
        if len(payload) > self.most:
            raise MessageRefusedError("the message is too large")
        await super().publish(subject, payload, headers)  # type: ignore[arg-type]


async def test_a_row_that_is_refused_holds_back_its_session_only_and_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    store, broker = ListStore(), RefusingBroker()
    await broker.start()
    store.add(updated_subject(1), b"x" * 11)
    store.add(updated_subject(1))
    store.add(updated_subject(2))
    relay = Relay(store, broker, poll_every=0.05)
    await relay.start()
    await eventually(lambda: store.published == [3])
    await asyncio.sleep(0.3)
    assert store.published == [3]
    assert caplog.text.count("outbox row 1 on notes.1.updated cannot be published") == 1

    broker.most = 100
    await eventually(lambda: store.done)
    await relay.stop()
    await broker.stop()


async def test_a_refused_row_with_more_of_its_session_than_one_look_takes_holds_nobody_else_back() -> None:
    store, broker = ListStore(), RefusingBroker()
    await broker.start()
    store.add(updated_subject(1), b"x" * 11)
    for _ in range(2 * BATCH):
        store.add(updated_subject(1))
    others = [len(store.rows) + 1, len(store.rows) + 2]
    store.add(updated_subject(2))
    store.add(updated_subject(3))
    relay = Relay(store, broker, poll_every=0.05)
    await relay.start()
    await eventually(lambda: sorted(store.published) == others)

    # What comes later of the session waits behind the refused row, and of others goes out.
    store.add(updated_subject(1))
    store.add(updated_subject(4))
    await eventually(lambda: sorted(store.published) == [*others, len(store.rows)])

    broker.most = 100
    await eventually(lambda: store.done)
    own = [int(id.removeprefix("id-")) for at, id in stored(broker.server, "NOTES") if at == updated_subject(1)]
    assert own == sorted(own)
    await relay.stop()
    await broker.stop()


async def test_nothing_is_lost_or_reordered_when_the_server_is_killed_again_and_again(nats: EmbeddedNats) -> None:
    chance = random.Random(7)
    store, came = ListStore(), []

    async def keep(delivery: Delivery) -> Outcome:
        came.append((delivery.subject, delivery.headers["Nats-Msg-Id"]))
        return Ack()

    async with connected(nats, ConsumerSettings(ack_wait=2.0)) as broker:
        broker.consume("reader", "NOTES", keep)
        relay = Relay(store, broker)
        await relay.start()
        for _ in range(ROUNDS):
            for _ in range(chance.randrange(50, 150)):
                store.add(updated_subject(chance.randrange(1, 6)))
            broker.notify("casenote.wake.relay")
            await asyncio.sleep(chance.uniform(0.0, 0.1))
            await kill(nats)
            await nats.start()
        await eventually(lambda: store.done, 30.0)
        await eventually(lambda: len(dict.fromkeys(came)) == len(store.rows), 30.0)
        await relay.stop()

    seen_once = list(dict.fromkeys(came))
    for session in range(1, 6):
        own = [int(id.removeprefix("id-")) for subject, id in seen_once if subject == updated_subject(session)]
        assert own == sorted(own)


async def limit_sessions(broker: JetStreamBroker, size: int) -> None:
    """Sets how many bytes SESSIONS takes: a small one stands for a full one of two GiB."""
    connection = broker._link.connection()
    info = await connection.ask(connection.jetstream.stream_info("SESSIONS"))
    info.config.max_bytes = size
    await connection.ask(connection.jetstream.update_stream(info.config))


async def fill_sessions(broker: JetStreamBroker) -> None:
    await limit_sessions(broker, 2_000)
    with suppress(NotStoredError):
        for _ in range(100):
            await broker.publish(segment_subject(1), b"x" * 200, {})
    with pytest.raises(NotStoredError, match="maximum bytes exceeded"):
        await broker.publish(segment_subject(1), b"x" * 200, {})


async def test_a_full_stream_of_sessions_holds_no_news_of_notes_back(
    nats: EmbeddedNats, caplog: pytest.LogCaptureFixture
) -> None:
    store = ListStore()
    for session in range(1, 11):
        store.add(closed_subject(session), b"x" * 200)
        store.add(updated_subject(session))
    async with connected(nats) as broker:
        await fill_sessions(broker)
        relay = Relay(store, broker, poll_every=0.05)
        await relay.start()

        await eventually(lambda: sorted(store.published) == list(range(2, 21, 2)))
        assert caplog.text.count("takes no events now") == 1

        await limit_sessions(broker, 1_000_000)
        await eventually(lambda: store.done)
        await relay.stop()


class SilentStream(MemoryBroker):
    """A broker one of whose streams does not answer in time, as one without a leader."""

    silent = "sessions."

    async def publish(self, subject: str, payload: bytes, headers: Mapping[str, str]) -> None:
        if self.silent and subject.startswith(self.silent):
            raise BrokerUnavailableError("nats: timeout")
        await super().publish(subject, payload, headers)


async def test_a_stream_that_does_not_answer_holds_back_its_own_rows_only() -> None:
    store, broker = ListStore(), SilentStream()
    await broker.start()
    store.add(closed_subject(1))
    store.add(updated_subject(1))
    relay = Relay(store, broker, poll_every=0.05)
    await relay.start()
    await eventually(lambda: store.published == [2])

    broker.silent = ""
    await eventually(lambda: store.done)
    await relay.stop()
    await broker.stop()
