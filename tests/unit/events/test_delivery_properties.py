"""Whatever handlers answer, whoever crashes and whenever the broker is away: nothing is lost, nothing overtakes."""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from virtual_time import run_in_virtual_time

from events.broker import Delivery
from events.memory import MemoryBroker
from events.memory_server import MemoryServer
from events.outbox import OutboxMessage
from events.outcome import Ack, Outcome, Reject, Retry
from events.relay import Relay
from events.streams import ConsumerSettings
from events.subjects import segment_subject

EXAMPLES = int(os.environ.get("EVENT_ROUNDS", "2000")) // 10
SETTINGS = ConsumerSettings(ack_wait=15.0, max_attempts=4)

answers = st.sampled_from(["ack", "ack", "ack", "retry", "reject", "raise"])
scripts = st.lists(st.tuples(answers, st.floats(0.0, 40.0)), min_size=1, max_size=5)


@dataclass
class Plan:
    """One message: its session, and what its handler does at each attempt and for how long; then it acknowledges."""

    session: int
    script: list[tuple[str, float]]


@dataclass
class Ledger:
    """What was seen."""

    done: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    running: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    most_at_once: int = 0
    overlaps: int = 0


plans = st.lists(st.builds(Plan, st.integers(1, 3), scripts), min_size=1, max_size=12)


def handler(name: str, plan: Sequence[Plan], ledger: Ledger):  # type: ignore[no-untyped-def]
    async def handle(delivery: Delivery) -> Outcome:
        number = int(delivery.payload)
        lane = (name, plan[number].session)
        ledger.running[lane] += 1
        ledger.overlaps += ledger.running[lane] > 1
        ledger.most_at_once = max(ledger.most_at_once, sum(ledger.running.values()))
        try:
            script = plan[number].script
            answer, seconds = script[delivery.attempt - 1] if delivery.attempt <= len(script) else ("ack", 0.0)
            await asyncio.sleep(seconds)
        finally:
            ledger.running[lane] -= 1
        match answer:
            case "retry":
                return Retry(seconds / 4, "later")
            case "reject":
                ledger.done[delivery.subject].append(number)
                return Reject("bad")
            case "raise":
                raise ValueError("bad")
        ledger.done[delivery.subject].append(number)
        return Ack()

    return handle


async def all_settled(broker: MemoryBroker) -> None:
    async with asyncio.timeout(50_000):
        while await broker.consumer_lag("worker", "SESSIONS") != 0:  # noqa: ASYNC110
            await asyncio.sleep(1.0)


def numbers_of(server: MemoryServer) -> list[int]:
    return [int(letter.payload) for letter in server.stream("DEAD").messages]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plans, st.integers(1, 4))
def test_every_message_is_done_or_buried_and_no_session_is_out_of_order(plan: list[Plan], in_flight: int) -> None:
    async def work() -> tuple[Ledger, MemoryServer]:
        ledger, broker = Ledger(), MemoryBroker(consumer=SETTINGS)
        await broker.start()
        broker.consume("worker", "SESSIONS", handler("a", plan, ledger), in_flight=in_flight)
        for number, message in enumerate(plan):
            await broker.publish(segment_subject(message.session), b"%d" % number, {"Nats-Msg-Id": str(number)})
        await all_settled(broker)
        await broker.stop()
        return ledger, broker.server

    ledger, server = run_in_virtual_time(work())

    buried = numbers_of(server)
    assert len(set(buried)) == len(buried)
    for number, message in enumerate(plan):
        kinds = [answer for answer, _ in message.script][: SETTINGS.max_attempts]
        first_end = next((kind for kind in kinds if kind in ("ack", "reject")), None)
        given_up = first_end is None and len(kinds) == SETTINGS.max_attempts
        assert (number in buried) == (first_end == "reject" or given_up)
        assert (number in ledger.done[segment_subject(message.session)]) != given_up
    assert all(done == sorted(done) for done in ledger.done.values())
    assert ledger.overlaps == 0
    assert ledger.most_at_once <= in_flight


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    plans,
    st.lists(st.tuples(st.floats(0.1, 60.0), st.sampled_from(["crash", "stop", "outage"])), max_size=4),
)
def test_crashes_stops_and_outages_lose_nothing(plan: list[Plan], faults: list[tuple[float, str]]) -> None:
    async def work() -> tuple[Ledger, MemoryServer]:
        ledger, server = Ledger(), MemoryServer()

        async def new_process(name: str) -> MemoryBroker:
            broker = MemoryBroker(server, consumer=SETTINGS, drain=5.0)
            await broker.start()
            broker.consume("worker", "SESSIONS", handler(name, plan, ledger), in_flight=3)
            return broker

        broker = await new_process("0")
        for number, message in enumerate(plan):
            await broker.publish(segment_subject(message.session), b"%d" % number, {"Nats-Msg-Id": str(number)})
        for count, (seconds, fault) in enumerate(faults, 1):
            await asyncio.sleep(seconds)
            if fault == "outage":
                server.available = False
                await asyncio.sleep(seconds)
                server.available = True
                continue
            await (broker.kill() if fault == "crash" else broker.stop())
            broker = await new_process(str(count))
        await all_settled(broker)
        await broker.stop()
        return ledger, server

    ledger, server = run_in_virtual_time(work())

    handled = {number for done in ledger.done.values() for number in done}
    assert handled | set(numbers_of(server)) == set(range(len(plan)))
    assert ledger.overlaps == 0


class Rows:
    """An outbox whose reads and marks fail when they are told to."""

    def __init__(self, sessions: list[int], failures: list[bool]) -> None:
        self.waiting = {
            position: OutboxMessage(position, f"id-{position}", segment_subject(session), b"%d" % position)
            for position, session in enumerate(sessions, 1)
        }
        self._failures = failures

    def _fail_perhaps(self) -> None:
        if self._failures and self._failures.pop():
            raise OSError("the database is locked")

    async def unpublished(self, limit: int, after: int = 0) -> Sequence[OutboxMessage]:
        self._fail_perhaps()
        return [self.waiting[position] for position in sorted(self.waiting) if position > after][:limit]

    async def mark_published(self, positions: Sequence[int]) -> None:
        self._fail_perhaps()
        for position in positions:
            del self.waiting[position]

    async def lag(self) -> int:
        return len(self.waiting)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.integers(1, 4), max_size=40),
    st.lists(st.booleans(), max_size=6),
    st.lists(st.tuples(st.floats(0.01, 5.0), st.booleans()), max_size=4),
)
def test_the_relay_publishes_every_row_once_in_order(
    sessions: list[int], failures: list[bool], faults: list[tuple[float, bool]]
) -> None:
    async def work() -> MemoryServer:
        rows, broker = Rows(sessions, failures), MemoryBroker()
        broker.server.available = not faults
        await broker.start()
        relay = Relay(rows, broker)
        await relay.start()
        for seconds, restart in faults:
            await asyncio.sleep(seconds)
            broker.server.available = not broker.server.available
            if restart:
                await relay.stop()
                await relay.start()
        broker.server.available = True
        async with asyncio.timeout(600):
            while await rows.lag():  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        await relay.stop()
        await broker.stop()
        return broker.server

    published = run_in_virtual_time(work()).stream("SESSIONS").messages

    expected: dict[str, list[int]] = defaultdict(list)
    for position, session in enumerate(sessions, 1):
        expected[segment_subject(session)].append(position)
    seen: dict[str, list[int]] = defaultdict(list)
    for message in published:
        seen[message.subject].append(int(message.payload))
    assert seen == expected
