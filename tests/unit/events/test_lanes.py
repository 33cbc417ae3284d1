from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from events.lanes import Lanes


def take_all(lanes: Lanes[str], now: float = 0.0) -> list[str]:
    taken = []
    while (item := lanes.take(now)) is not None:
        taken.append(item)
    return taken


def test_one_message_of_a_lane_at_a_time_oldest_first() -> None:
    lanes: Lanes[str] = Lanes()
    for sequence, item in ((3, "a3"), (1, "a1"), (2, "a2")):
        lanes.add("a", sequence, item)

    assert take_all(lanes) == ["a1"]
    lanes.finish("a")
    assert take_all(lanes) == ["a2"]


def test_lanes_do_not_wait_for_each_other() -> None:
    lanes: Lanes[str] = Lanes()
    for sequence, lane in enumerate("aabbc"):
        lanes.add(lane, sequence, f"{lane}{sequence}")

    assert take_all(lanes) == ["a0", "b2", "c4"]


def test_later_messages_wait_for_one_that_was_put_off_until_it_is_overdue() -> None:
    lanes: Lanes[str] = Lanes()
    lanes.add("a", 1, "a1")
    assert lanes.take(0.0) == "a1"
    lanes.finish("a", owed_until=10.0)
    lanes.add("a", 2, "a2")

    assert lanes.take(9.0) is None
    assert lanes.wake_at(9.0) == 10.0
    assert lanes.take(10.0) == "a2"


def test_what_was_put_off_here_is_waited_for_no_shorter_because_others_may_have_it() -> None:
    lanes: Lanes[str] = Lanes()
    lanes.add("a", 1, "a1")
    lanes.take(0.0)
    lanes.finish("a", owed_until=10.0)
    lanes.owe("a", 1, until=5.0)
    lanes.add("a", 2, "a2")

    assert lanes.take(9.0) is None
    assert lanes.take(10.0) == "a2"


def test_a_message_that_is_back_goes_before_later_ones() -> None:
    lanes: Lanes[str] = Lanes()
    lanes.add("a", 1, "a1")
    lanes.take(0.0)
    lanes.finish("a", owed_until=10.0)
    lanes.add("a", 2, "a2")
    lanes.add("a", 1, "a1 again")

    assert lanes.take(1.0) == "a1 again"


def test_an_earlier_message_does_not_wait_for_a_later_one_that_was_put_off() -> None:
    lanes: Lanes[str] = Lanes()
    lanes.add("a", 5, "a5")
    lanes.take(0.0)
    lanes.finish("a", owed_until=10.0)
    lanes.add("a", 4, "a4")

    assert lanes.take(0.0) == "a4"


def test_draining_gives_back_in_order_and_may_leave_busy_lanes() -> None:
    lanes: Lanes[str] = Lanes()
    for sequence, lane in ((1, "a"), (3, "a"), (2, "a"), (5, "b"), (4, "b")):
        lanes.add(lane, sequence, f"{lane}{sequence}")
    assert lanes.take(0.0) == "a1"

    assert lanes.drain(idle_only=True) == ["b4", "b5"]
    assert lanes.drain() == ["a2", "a3"]
    assert len(lanes) == 0


@dataclass
class Model:
    """What a lane should hold, said as plainly as can be."""

    waiting: set[int] = field(default_factory=set)
    working: int | None = None
    owed: dict[int, float] = field(default_factory=dict)


class LanesMachine(RuleBasedStateMachine):
    """Messages come, come again, are worked on, end or are put off, while time goes on."""

    names = ("a", "b", "c")

    def __init__(self) -> None:
        super().__init__()
        self.lanes: Lanes[tuple[str, int]] = Lanes()
        self.models = {name: Model() for name in self.names}
        self.now = 0.0
        self.sequence = 0

    @rule(name=st.sampled_from(names))
    def a_message_comes(self, name: str) -> None:
        self.sequence += 1
        self.lanes.add(name, self.sequence, (name, self.sequence))
        self.models[name].waiting.add(self.sequence)

    @rule(name=st.sampled_from(names))
    @precondition(lambda self: any(model.owed for model in self.models.values()))
    def a_message_comes_again(self, name: str) -> None:
        model = self.models[name]
        if model.owed:
            sequence = min(model.owed)
            del model.owed[sequence]
            self.lanes.add(name, sequence, (name, sequence))
            model.waiting.add(sequence)

    @rule(seconds=st.floats(0, 5))
    def time_goes_on(self, seconds: float) -> None:
        self.now += seconds
        self.lanes.forget_owed(self.now)
        for model in self.models.values():
            model.owed = {sequence: until for sequence, until in model.owed.items() if until > self.now}

    @rule()
    def work_is_taken(self) -> None:
        free = {
            name: min(model.waiting)
            for name, model in self.models.items()
            if model.waiting and model.working is None and not any(owed < min(model.waiting) for owed in model.owed)
        }
        taken = self.lanes.take(self.now)
        if taken is None:
            assert not free
            return
        name, sequence = taken
        assert free[name] == sequence == min(free.values())
        self.models[name].waiting.remove(sequence)
        self.models[name].working = sequence

    @rule(name=st.sampled_from(names), delay=st.none() | st.floats(0.1, 5))
    def work_ends(self, name: str, delay: float | None) -> None:
        model = self.models[name]
        if model.working is None:
            return
        until = None if delay is None else self.now + delay
        self.lanes.finish(name, until)
        if until is not None:
            model.owed[model.working] = until
        model.working = None

    @invariant()
    def the_count_is_right(self) -> None:
        assert len(self.lanes) == sum(len(model.waiting) for model in self.models.values())

    @invariant()
    def whoever_is_held_back_has_a_time_to_wake(self) -> None:
        held_back = any(
            model.waiting and model.working is None and any(owed < min(model.waiting) for owed in model.owed)
            for model in self.models.values()
        )
        assert (self.lanes.wake_at(self.now) is not None) == held_back


LanesMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestLanes = LanesMachine.TestCase
