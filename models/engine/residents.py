"""Prefixes that stay in the cache: of sessions that are still going on, and of those whose note was just written.

Any of them may lend its beginning to another, so the instructions that all sessions share are computed once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from models.engine.ports import Ints
from models.engine.slots import KvCache, common_length

__all__ = ["Resident", "Residents"]


@dataclass(slots=True, eq=False)
class Resident:
    """A prefix in the cache. ``pins`` counts the generations that need it; ``live``: its session goes on."""

    sequence: int
    session: str
    used: float
    live: bool = False
    pins: int = 0
    forgotten: bool = False


class Residents:
    """All resident prefixes, and whose turn it is to leave."""

    def __init__(self, cache: KvCache) -> None:
        self._cache = cache
        self._by_sequence: dict[int, Resident] = {}

    def __iter__(self) -> Iterator[Resident]:
        return iter(self._by_sequence.values())

    def __len__(self) -> int:
        return len(self._by_sequence)

    def __contains__(self, resident: object) -> bool:
        return isinstance(resident, Resident) and self._by_sequence.get(resident.sequence) is resident

    def at(self, sequence: int) -> Resident:
        return self._by_sequence[sequence]

    def of(self, session: str) -> list[Resident]:
        return [resident for resident in self if resident.session == session and not resident.forgotten]

    def best(self, prefix: Ints) -> tuple[Resident | None, int]:
        """The resident that has the longest beginning in common with ``prefix``, and how long that is."""
        found: Resident | None = None
        longest = 0
        for resident in self:
            length = common_length(self._cache.computed(resident.sequence), prefix)
            if length > longest:
                found, longest = resident, length
        return found, longest

    def hold(self, session: str, prefix: Ints, now: float) -> Resident:
        """The resident to compute ``prefix`` in: the session's own, cut to what agrees, or a new one that begins
        with the best match. One that a generation needs is not changed. Raises ValueError when no sequence is free."""
        source, length = self.best(prefix)
        for resident in self.of(session):
            held = self._cache.tokens(resident.sequence)
            same = common_length(held, prefix)
            if same == len(prefix) or (same == length and not resident.pins):
                if same < min(len(prefix), len(held)):
                    self._cache.cut(resident.sequence, same)
                resident.used = now
                return resident
            if not resident.pins and resident is not source:
                self.drop(resident)
        if source is None:
            sequence = self._cache.open()
        else:
            source.used = now
            sequence = self._cache.share(source.sequence, length)
        made = Resident(sequence, session, now)
        self._by_sequence[sequence] = made
        return made

    def catch_up(self, resident: Resident, prefix: Ints) -> None:
        """Takes over what another sequence has computed of ``prefix`` since, when it is more."""
        source, length = self.best(prefix)
        if source is not None and length > self._cache.length(resident.sequence):
            self._cache.borrow(source.sequence, resident.sequence, length)

    def pin(self, resident: Resident) -> None:
        resident.pins += 1

    def unpin(self, resident: Resident) -> None:
        resident.pins -= 1
        if resident.forgotten and not resident.pins:
            self.drop(resident)

    def forget(self, session: str) -> None:
        """Drops a session's prefixes, those in use as soon as they are not."""
        for resident in self.of(session):
            resident.forgotten = True
            if not resident.pins:
                self.drop(resident)

    def drop(self, resident: Resident) -> None:
        self._cache.close(resident.sequence)
        del self._by_sequence[resident.sequence]

    def victims(self, keep: Collection[int], *, spare_live: bool) -> list[Resident]:
        """Those that may leave, the first to go first: finished sessions before live ones, then the longest unused."""
        free = [
            resident
            for resident in self
            if not resident.pins and resident.sequence not in keep and not (spare_live and resident.live)
        ]
        return sorted(free, key=lambda resident: (resident.live, resident.used))

    def lengths(self) -> dict[str, int]:
        """Tokens in the cache for each session, for statistics."""
        return {resident.session: self._cache.length(resident.sequence) for resident in self}
