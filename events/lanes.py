"""In which order the messages in hand are worked on. Pure: time comes in as an argument.

A lane holds the messages of one session. Of a lane one message is worked on at a time, lowest sequence first. A message
that was put off is owed, and so is one that another process had in hand when this one began: later ones of its lane
wait until it is back and done, or until the time that it was owed by, because another process may have got it.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(slots=True)
class _Lane(Generic[Item]):
    waiting: list[tuple[int, int, Item]] = field(default_factory=list)
    working: int | None = None
    owed: dict[int, float] = field(default_factory=dict)


class Lanes(Generic[Item]):
    """The messages in hand by lane. Sequences are places in the stream."""

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane[Item]] = {}
        self._added = 0

    def __len__(self) -> int:
        """How many messages wait."""
        return sum(len(lane.waiting) for lane in self._lanes.values())

    def add(self, lane: str, sequence: int, item: Item) -> None:
        place = self._lanes.setdefault(lane, _Lane())
        place.owed.pop(sequence, None)
        self._added += 1
        heapq.heappush(place.waiting, (sequence, self._added, item))

    def take(self, now: float) -> Item | None:
        """The oldest message that may be worked on now; its lane is busy until ``finish``."""
        heads = [
            (lane.waiting[0][0], name)
            for name, lane in self._lanes.items()
            if lane.waiting and lane.working is None and not self._gated(lane, now)
        ]
        if not heads:
            return None
        lane = self._lanes[min(heads)[1]]
        sequence, _, item = heapq.heappop(lane.waiting)
        lane.working = sequence
        return item

    def finish(self, lane: str, owed_until: float | None = None) -> None:
        """Work on the lane's message has ended; with ``owed_until`` it will be delivered again by then."""
        place = self._lanes[lane]
        if owed_until is not None and place.working is not None:
            place.owed[place.working] = owed_until
        place.working = None
        self._tidy(lane)

    def owe(self, lane: str, sequence: int, until: float) -> None:
        """A message that somebody else has in hand, or had: later ones of its lane wait for it, until ``until``. One
        that was put off here for longer is waited for as long as that."""
        owed = self._lanes.setdefault(lane, _Lane()).owed
        owed[sequence] = max(until, owed.get(sequence, until))

    def settle(self, floor: int) -> bool:
        """Every message up to ``floor`` is done, whoever did it. True when that is news."""
        news = False
        for name in list(self._lanes):
            lane = self._lanes[name]
            for sequence in [sequence for sequence in lane.owed if sequence <= floor]:
                del lane.owed[sequence]
                news = True
            self._tidy(name)
        return news

    def wake_at(self, now: float) -> float | None:
        """When a message that is held back by an owed one may go ahead; None when none is."""
        times = [
            min(until for until in lane.owed.values() if until > now)
            for lane in self._lanes.values()
            if lane.waiting and lane.working is None and self._gated(lane, now)
        ]
        return min(times, default=None)

    def drain(self, *, idle_only: bool = False) -> list[Item]:
        """Takes out everything that waits, each lane in order; ``idle_only`` leaves lanes that are worked on alone."""
        taken = []
        for name in list(self._lanes):
            lane = self._lanes[name]
            if idle_only and lane.working is not None:
                continue
            taken += [item for _, _, item in sorted(lane.waiting, key=lambda entry: entry[:2])]
            lane.waiting.clear()
            self._tidy(name)
        return taken

    def forget_owed(self, now: float) -> None:
        """Drops debts that are past their time; called now and then, so that lanes do not pile up."""
        for name in list(self._lanes):
            lane = self._lanes[name]
            lane.owed = {sequence: until for sequence, until in lane.owed.items() if until > now}
            self._tidy(name)

    def _gated(self, lane: _Lane[Item], now: float) -> bool:
        head = lane.waiting[0][0]
        return any(sequence < head and until > now for sequence, until in lane.owed.items())

    def _tidy(self, name: str) -> None:
        lane = self._lanes[name]
        if not lane.waiting and lane.working is None and not lane.owed:
            del self._lanes[name]
