"""Estimates of time, from the speeds measured so far. Rough, and None rather than invented."""

from __future__ import annotations

from collections.abc import Sequence

from models.engine.pace import Pace
from models.engine.room import Room
from models.engine.sequence import GenerationState

__all__ = ["seconds_left", "seconds_until_admitted"]


def seconds_left(generation: GenerationState, room: Room, pace: Pace) -> float | None:
    """What a generation still takes if it has the machine to itself and uses up its budgets."""
    lanes = [lane for lane in generation.lanes if not lane.done]
    step = pace.step_seconds(sum(lane.width for lane in lanes))
    if not pace.prefill_rate or step is None:
        return None
    tokens = max(
        (
            state.branch.max_tokens - (lane.produced if state is lane.current else 0)
            for lane in lanes
            for state in lane.branches
        ),
        default=0,
    )
    return room.missing_prefix(generation) / pace.prefill_rate + tokens * step


def seconds_until_admitted(
    ahead: Sequence[GenerationState], active: Sequence[GenerationState], room: Room, pace: Pace
) -> float | None:
    """The wait behind ``ahead`` in the queue: the first of the active ones to end, and the work of those ahead."""
    running = [seconds_left(generation, room, pace) for generation in active]
    before = [seconds_left(generation, room, pace) for generation in ahead]
    known_running = [seconds for seconds in running if seconds is not None]
    known_before = [seconds for seconds in before if seconds is not None]
    if len(known_running) < len(running) or len(known_before) < len(before):
        return None
    return round(min(known_running, default=0.0) * max(1, len(active)) + sum(known_before), 1)
