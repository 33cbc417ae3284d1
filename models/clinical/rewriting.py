"""Rules that rewrite a text over and over, until none applies.

After the first round a rule looks only where something has changed since it last looked: a text that was written to
need many rounds costs what its changes cost, and not its length times their number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

# Every rule's matches begin with it.
OPENING = "{{"
# So many of them can lie in one match: what begins farther to the left does not reach a change.
_MOST_OPENINGS = 2


@dataclass(frozen=True, slots=True)
class Edit:
    """``text`` in place of what stands from ``start`` to ``end``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """``pattern``: matches begin with ``OPENING``, hold at most two of it, and never overlap. ``edit``: what becomes of
    a match; it may reach beyond it, but not into another one."""

    pattern: re.Pattern[str]
    edit: Callable[[re.Match[str]], Edit]


class Rewriting:
    """A text on its way."""

    def __init__(self, text: str, rules: Sequence[Rule]) -> None:
        self.text = text
        self._zones = {rule: [(0, len(text))] for rule in rules}

    def settle(self, rules: Sequence[Rule]) -> None:
        """Applies ``rules`` in turns until none of them changes anything."""
        while any(self._zones[rule] for rule in rules):
            for rule in rules:
                self.apply(rule)

    def apply(self, rule: Rule) -> bool:
        """One round of one rule over all its matches. Whether anything changed."""
        edits = [edit for edit in self._edits(rule) if self.text[edit.start : edit.end] != edit.text]
        self._zones[rule] = []
        if edits:
            self._rewrite(edits)
        return bool(edits)

    def _edits(self, rule: Rule) -> Iterator[Edit]:
        done = 0
        for start, end in self._zones[rule]:
            at = start
            for _ in range(_MOST_OPENINGS):
                at = max(self.text.rfind(OPENING, 0, at + len(OPENING) - 1), 0)
            at = self.text.find(OPENING, max(at, done))
            while 0 <= at <= end:
                match = rule.pattern.match(self.text, at)
                if match is not None:
                    yield rule.edit(match)
                done = match.end() if match is not None else at + 1
                at = self.text.find(OPENING, done)

    def _rewrite(self, edits: Sequence[Edit]) -> None:
        """Carries the edits out, in order; each place of one is to be looked at by every rule."""
        parts: list[str] = []
        changed: list[tuple[int, int]] = []
        copied = length = 0
        moved: list[tuple[int, int, int, int]] = []  # from, to: before and after
        for edit in edits:
            parts += [self.text[copied : edit.start], edit.text]
            begin = length + edit.start - copied
            length = begin + len(edit.text)
            copied = edit.end
            changed.append((begin, length))
            moved.append((edit.start, edit.end, begin, length))
        parts.append(self.text[copied:])
        self.text = "".join(parts)
        self._zones = {rule: _merged([*_moved(zones, moved), *changed]) for rule, zones in self._zones.items()}


def _moved(zones: Sequence[tuple[int, int]], moved: Sequence[tuple[int, int, int, int]]) -> Iterator[tuple[int, int]]:
    """Where zones lie after edits, both in order."""
    place, shift = 0, 0

    def at(position: int) -> int:
        nonlocal place, shift
        while place < len(moved) and moved[place][1] <= position:
            shift = moved[place][3] - moved[place][1]
            place += 1
        if place < len(moved) and moved[place][0] < position:
            return moved[place][2]
        return position + shift

    for start, end in zones:
        yield at(start), at(end)


def _merged(zones: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Zones in order, those that touch as one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(zones):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
