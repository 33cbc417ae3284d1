"""Who may have which cells: what admitted generations are sure of, and which prefixes leave for them.

The rule kept at every moment: free cells and those of prefixes that may leave are at least what all admitted
generations may still take when each runs one lane at a time.
"""

from __future__ import annotations

from collections.abc import Collection

from models.engine.residents import Residents
from models.engine.sequence import GenerationState, Lane
from models.engine.slots import KvCache

__all__ = ["Room"]

# Cells that prefixes of finished sessions may keep between them when another note begins, the last used apart. A step
# goes through every cell in use: after twenty sessions of 350 tokens the next note's prompt took three times as long
# and its text half as long again (docs/performance.md). What left is read again where it is needed.
LEFT_BEHIND = 512


class Room:
    """The cells of one cache, promised and free. ``active`` is the scheduler's own list of admitted generations."""

    def __init__(self, cache: KvCache, residents: Residents, active: list[GenerationState]) -> None:
        self._cache = cache
        self._residents = residents
        self._active = active

    def missing_prefix(self, generation: GenerationState) -> int:
        """Tokens of its prefix that are not in the cache yet."""
        if generation.resident is None:
            return len(generation.prefix)
        return max(0, len(generation.prefix) - self._cache.length(generation.resident))

    def promised(self, generation: GenerationState, starting: Lane | None = None) -> int:
        """Cells the generation may still take, with one more lane running if ``starting`` is given."""
        running = generation.running
        used = sum(self._used(lane) for lane in running)
        held = sum(self._held(lane) for lane in running)
        together = sum(lane.need for lane in running) + (starting.need if starting else 0)
        return self.missing_prefix(generation) + max(generation.largest_need - held, together - used)

    def _used(self, lane: Lane) -> int:
        """Cells behind the prefix that a running lane has taken, as if continuations that ended still had theirs."""
        if lane.sequence is None:
            return 0
        length = self._cache.length(lane.sequence)
        primed = min(length, lane.text_from) if lane.decoding else length
        return primed - lane.prefix_share + lane.width * (length - primed)

    def _held(self, lane: Lane) -> int:
        """Cells that are free when a running lane ends."""
        if lane.width > 1 and lane.sequence is not None:
            return self._cache.held_only_by(lane.sequences)
        return self._used(lane)

    def all_promised(self) -> int:
        return sum(self.promised(generation) for generation in self._active)

    def could_free(self, keep: Collection[int] = (), *, spare_live: bool = False) -> int:
        """Free cells, with those of the prefixes that may leave."""
        victims = self._residents.victims(keep, spare_live=spare_live)
        return self._cache.free + self._cache.held_only_by(resident.sequence for resident in victims)

    def could_open(self, keep: Collection[int] = ()) -> int:
        """Sequences that are free or could be, less those that admitted generations need for their widest lane."""
        owed = sum(
            max(0, generation.widest - sum(lane.width for lane in generation.running)) for generation in self._active
        )
        return self._cache.free_sequences + len(self._residents.victims(keep, spare_live=False)) - owed

    def admits(self, generation: GenerationState) -> bool:
        """Whether the generation's prefix and its largest lane can be made sure."""
        if self.could_open() < 2 + generation.widest:
            return False
        promised = self.all_promised()
        source, length = self._residents.best(generation.prefix)
        keep = () if source is None else (source.sequence,)
        need = len(generation.prefix) + generation.largest_need
        return self.could_free(keep) - promised >= need - length or self.could_free() - promised >= need

    def admits_lane(self, generation: GenerationState, lane: Lane) -> bool:
        """Whether one more lane may run beside those of the generation that run."""
        if not generation.running:
            return True
        if self.could_open() < lane.width:
            return False
        change = self.promised(generation, lane) - self.promised(generation)
        return change <= 0 or self.could_free(spare_live=True) - self.all_promised() >= change

    def spare(self, wanted: int, keep: int) -> int:
        """Cells, at most ``wanted``, that nobody was promised; for them, prefixes of finished sessions may leave."""
        while self._cache.free - self.all_promised() < wanted:
            if not self._evict((keep,), spare_live=True):
                break
        return max(0, min(wanted, self._cache.free - self.all_promised()))

    def take(self, cells: int) -> None:
        """Frees cells that were promised. Raises ValueError when the promise was wrong."""
        while self._cache.free < cells:
            if not self._evict((), spare_live=False):
                raise ValueError(f"{cells} cells were promised, {self._cache.free} are free")

    def has_sequences(self, count: int) -> bool:
        """Whether so many could be free."""
        return self._cache.free_sequences + len(self._residents.victims((), spare_live=False)) >= count

    def take_sequence(self, *, spare_live: bool = False) -> bool:
        """Makes sure that a sequence is free; False when none can be."""
        while not self._cache.free_sequences:
            if not self._evict((), spare_live=spare_live):
                return False
        return True

    def tidy(self, session: str) -> None:
        """Lets prefixes of other finished sessions go, the longest unused first, until those that are left slow nobody
        down. The last used stays, whatever its length: its note may be asked for again."""
        finished = [one for one in self._residents.victims((), spare_live=True) if one.session != session]
        while len(finished) > 1 and self._cache.held_only_by(one.sequence for one in finished[:-1]) > LEFT_BEHIND:
            self._residents.drop(finished.pop(0))

    def clear(self) -> None:
        """Lets every prefix go that may leave."""
        while self._evict((), spare_live=False):
            pass

    def _evict(self, keep: Collection[int], *, spare_live: bool) -> bool:
        victims = self._residents.victims(keep, spare_live=spare_live)
        if victims:
            self._residents.drop(victims[0])
        return bool(victims)
