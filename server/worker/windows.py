"""Sessions longer than the model's context: which turns are reduced together, and how many of them. Pure.

Turns are filled into windows from the first turn on; a window is full when the next turn does not fit. As few windows
at the front are reduced to facts as make the rest of the session fit beside those facts.

All of it depends on the lengths of the turns alone. A turn that comes later never changes a full window and never
takes a reduction back, so what is reduced while a session goes on is what its note needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from models.transcript import Turn, normalise_whitespace

_LEAST_ROOM = 512
# Facts take a quarter of what they stand for, until there are so many windows that they have to share.
_WINDOWS_OF_FACTS = 4


class RoomTooSmallError(ValueError):
    """The context leaves too little room beside the instructions and the note for a session to be reduced."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a prompt's ``room`` is used once a session has outgrown it, in tokens: half of it for facts, the rest for
    turns as they are."""

    room: int

    @property
    def facts(self) -> int:
        """What all facts together may take."""
        return self.room // 2

    @property
    def share(self) -> int:
        """What the facts of one window may take."""
        return self.facts // _WINDOWS_OF_FACTS

    @property
    def window(self) -> int:
        """What the turns of one window take at most."""
        return self.room - self.facts


def layout_of(room: int) -> Layout:
    """Raises ``RoomTooSmallError``."""
    if room < _LEAST_ROOM:
        raise RoomTooSmallError(f"there is room for {max(0, room)} tokens of transcript, {_LEAST_ROOM} are needed")
    return Layout(room)


def full_windows(lengths: Sequence[int], most: int) -> list[range]:
    """The windows of at most ``most`` tokens that no further turn can join; what follows the last is still open.
    Every turn is in at most one, none is left out between them. No turn may be longer than ``most``."""
    windows: list[range] = []
    begin, held = 0, 0
    for place, length in enumerate(lengths):
        if held + length > most:
            windows.append(range(begin, place))
            begin, held = place, 0
        held += length
    return windows


def reduced_windows(lengths: Sequence[int], layout: Layout) -> list[range]:
    """The windows at the front that stand in the prompt as facts; none where all turns fit as they are."""
    left = sum(lengths)
    chosen: list[range] = []
    windows = iter(full_windows(lengths, layout.window))
    while min(len(chosen) * layout.share, layout.facts) + left > layout.room:
        window = next(windows)  # one window open and all facts fit, so there is always another
        chosen.append(window)
        left -= sum(lengths[window.start : window.stop])
    return chosen


def split_turns(turns: Sequence[Turn], most: int, count: Callable[[Turn], int]) -> list[Turn]:
    """Turns of at most ``most`` tokens each, as ``count`` counts: a longer one is halved at the space nearest its
    middle (in its middle where it has none) until its pieces fit. Pieces keep their turn's index."""
    pieces: list[Turn] = []
    for turn in turns:
        if count(turn) <= most or len(turn.text) < 2:
            pieces.append(turn)
        else:
            halves = [replace(turn, text=half) for half in _halves(normalise_whitespace(turn.text))]
            pieces.extend(split_turns(halves, most, count))
    return pieces


def _halves(text: str) -> tuple[str, str]:
    middle = len(text) // 2
    before, after = text.rfind(" ", 0, middle), text.find(" ", middle)
    spaces = [at for at in (before, after) if at > 0]
    if not spaces:
        return text[:middle], text[middle:]
    at = min(spaces, key=lambda place: abs(place - middle))
    return text[:at], text[at + 1 :]
