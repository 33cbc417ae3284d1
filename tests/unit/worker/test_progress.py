"""What readers are told of a note on its way: how fast it goes, and what is left as far as anybody knows."""

from __future__ import annotations

from typing import Any

import pytest

from server.worker import progress as module
from server.worker.progress import Progress


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def written(clock: Clock, expected: dict[str, int], steps: int, *, parallel: bool = True) -> tuple[Progress, Any]:
    """A note of whose branches ``steps`` tokens each were decoded, one step a second."""
    told: list[dict[str, Any]] = []
    progress = Progress("g", 1, expected, lambda _event, data: told.append(data), parallel=parallel)
    for _ in range(steps):
        for branch in expected:
            progress.token(branch)
        clock.now += 1.0
    return progress, told


def last_eta(progress: Progress, told: list[dict[str, Any]], branch: str) -> float:
    progress.token(branch)
    eta: float = told[-1]["eta_seconds"]
    return eta


def test_side_by_side_the_longest_branch_decides_what_is_left(clock: Clock) -> None:
    progress, told = written(clock, {"plan": 20, "risk": 40}, 10)
    assert last_eta(progress, told, "risk") == pytest.approx(29, abs=2)


def test_a_branch_that_ended_early_is_not_waited_for(clock: Clock) -> None:
    progress, told = written(clock, {"plan": 20, "risk": 400}, 10)
    before = last_eta(progress, told, "plan")
    progress.ended("risk")
    clock.now += 1.0
    assert last_eta(progress, told, "plan") < before / 10


def test_one_after_the_other_all_of_them_are_waited_for(clock: Clock) -> None:
    progress, told = written(clock, {"plan": 20, "risk": 40}, 10, parallel=False)
    # Two tokens a second so far; forty are left.
    assert last_eta(progress, told, "risk") == pytest.approx(20, abs=2)


def test_a_branch_that_is_longer_than_expected_is_not_said_to_be_done(clock: Clock) -> None:
    progress, told = written(clock, {"plan": 5}, 30)
    assert last_eta(progress, told, "plan") > 0
