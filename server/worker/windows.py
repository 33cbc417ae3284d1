"""Sessions longer than the model's context: which turns are read together. Pure."""

from __future__ import annotations

from collections.abc import Sequence


class TurnTooLongError(ValueError):
    """One turn alone is longer than a window; ``turn`` is its place in the sequence."""

    def __init__(self, turn: int) -> None:
        super().__init__(f"turn {turn} is longer than the model's context")
        self.turn = turn


def plan_windows(lengths: Sequence[int], room: int) -> list[range]:
    """Consecutive windows over turns of ``lengths`` tokens, each at most ``room`` tokens; every turn is in exactly one.

    As few windows as possible, and evenly filled, so that the last one is not a sliver. Raises ``TurnTooLongError``.
    """
    for turn, length in enumerate(lengths):
        if length > room:
            raise TurnTooLongError(turn)
    total = sum(lengths)
    count = max(1, -(-total // room))
    while True:
        windows = _fill(lengths, room, -(-total // count))
        if len(windows) <= count or count >= len(lengths):
            return windows
        count = len(windows)


def _fill(lengths: Sequence[int], room: int, target: int) -> list[range]:
    windows: list[range] = []
    begin, held = 0, 0
    for turn, length in enumerate(lengths):
        if held and (held + length > room or held >= target):
            windows.append(range(begin, turn))
            begin, held = turn, 0
        held += length
    windows.append(range(begin, len(lengths)))
    return windows
