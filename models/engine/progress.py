"""What a decoded step changes: tokens become text, branches end, generations finish or fail. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from models.engine.api import (
    BranchEnded,
    BranchStarted,
    EngineEvent,
    EngineFailure,
    Failed,
    Finished,
    Prefill,
    StopReason,
    Token,
)
from models.engine.beams import Beam, Beams, Grown, ranked
from models.engine.ports import Floats, Vocabulary
from models.engine.residents import Residents
from models.engine.sequence import BranchState, GenerationState, Lane
from models.engine.slots import KvCache
from models.engine.step import Feed, Step

__all__ = ["Counters", "Logits", "Progress"]

Logits = Callable[[int], Floats]  # of a row of the batch that was decoded last; good until the next


@dataclass(slots=True)
class Counters:
    """Totals since the start."""

    generations: int = 0
    failures: int = 0
    prefill_tokens: int = 0
    decoded_tokens: int = 0


class Progress:
    """Moves generations on. ``active`` is the scheduler's list of admitted generations; those that end leave it."""

    def __init__(
        self, cache: KvCache, residents: Residents, vocabulary: Vocabulary, active: list[GenerationState]
    ) -> None:
        self._cache = cache
        self._residents = residents
        self._vocabulary = vocabulary
        self._active = active
        self._told: dict[str, list[EngineEvent]] = {}
        self.counters = Counters()

    def tell(self, generation: GenerationState, event: EngineEvent) -> None:
        self._told.setdefault(generation.id, []).append(event)

    def take_events(self) -> dict[str, list[EngineEvent]]:
        """What happened since the last call, for each generation in order."""
        told, self._told = self._told, {}
        return told

    def apply(self, step: Step, logits: Logits, now: float) -> None:
        """Takes the results of a step that was decoded."""
        self.counters.prefill_tokens += step.fed
        self.counters.decoded_tokens += len({id(feed.lane) for feed in step.feeds if feed.lane and feed.lane.decoding})
        for feed in step.feeds:
            feed.owner.strikes = 0
            self._cache.settle(feed.sequence)
        side_by_side: dict[Lane, list[Feed]] = {}  # a lane's continuations are weighed together
        for feed in step.feeds:
            if isinstance(feed.owner, GenerationState):
                if feed.lane is None:
                    self._prefilled(feed.owner, now)
                elif feed.lane.width > 1 and feed.output:
                    side_by_side.setdefault(feed.lane, []).append(feed)
                else:
                    self._advance(feed.owner, feed.lane, feed, logits, now)
        for lane, feeds in side_by_side.items():
            if isinstance(owner := feeds[0].owner, GenerationState):
                self._grow(owner, lane, feeds, logits, now)

    def _prefilled(self, generation: GenerationState, now: float) -> None:
        total = len(generation.prefix)
        done = min(total, self._cache.length(generation.resident)) if generation.resident is not None else total
        self.tell(generation, Prefill(done, total))
        if done == total:
            generation.prefilled = now

    def _advance(self, generation: GenerationState, lane: Lane, feed: Feed, logits: Logits, now: float) -> None:
        lane.pending = lane.pending[feed.count :]
        if not feed.output:
            return
        state = lane.current
        if not lane.decoding:
            lane.decoding = True
            lane.text_from = feed.before + feed.count
        early = state.produced < state.branch.min_tokens
        token = state.sampler.choose(logits(feed.row), self._vocabulary.ends if early else None)
        generation.output_tokens += 1
        shown = state.accept(token, self._vocabulary)
        if shown:
            self.tell(generation, Token(state.branch.id, shown))
        if state.reason is None:
            lane.pending = np.array([token], np.int32)
            return
        if state.reason is StopReason.STOP and lane.sequence is not None:
            self._cache.cut(lane.sequence, lane.text_from + state.tokens_before_stop())
        ended_with = token if state.reason is StopReason.LENGTH else None
        self._end(generation, lane, ended_with, now)

    def _grow(self, generation: GenerationState, lane: Lane, feeds: Sequence[Feed], logits: Logits, now: float) -> None:
        """One token more for each continuation of a branch, and the text that none of them differs in any more."""
        state, sequence = lane.current, lane.sequence
        assert sequence is not None
        if lane.beams is None:
            lane.decoding, lane.pending = True, lane.pending[:0]
            lane.text_from = feeds[0].before + feeds[0].count
            lane.beams = Beams(lane.width, [Beam(sequence)])
        beams = lane.beams
        written = len(beams.alive[0].tokens)
        banned = self._vocabulary.ends if written < state.branch.min_tokens else None
        going = beams.grow(
            [ranked(logits(feed.row), lane.width + 1, banned) for feed in feeds], self._vocabulary.is_end
        )
        generation.output_tokens += 1
        if going:
            self._seat(lane, beams, going)
        ends = not going or written + 1 >= state.branch.max_tokens
        for token in beams.answer(going) if ends else beams.settled():
            beams.told += 1
            shown = state.accept(token, self._vocabulary)
            if shown:
                self.tell(generation, Token(state.branch.id, shown))
            if state.reason is not None:
                break
        if ends and state.reason is None:  # a model that gives no numbers
            state.reason = StopReason.END
        if state.reason is not None:
            self._end(generation, lane, None, now)

    def _seat(self, lane: Lane, beams: Beams, going: Sequence[Grown]) -> None:
        """Gives each continuation a sequence: the first of a parent has the parent's, others copies of it."""
        parents = [beam.sequence for beam in beams.alive]
        going_on = {one.parent for one in going}
        spare = [*lane.spare, *(sequence for place, sequence in enumerate(parents) if place not in going_on)]
        seated: list[Beam] = []
        taken: set[int] = set()
        for one in going:
            sequence = parents[one.parent]
            if sequence in taken:
                source, sequence = sequence, spare.pop()
                self._cache.borrow(source, sequence, self._cache.length(source))
            taken.add(sequence)
            seated.append(Beam(sequence, one.tokens, one.score))
        for sequence in spare:
            self._cache.cut(sequence, 0)
        lane.follow(seated, spare)

    def stop(self, generation: GenerationState, lane: Lane, state: BranchState, now: float) -> None:
        """Ends one branch because somebody asked. What is held back of its text may be a stop string's beginning, and
        is not shown."""
        if not state.started:
            state.started = True
            self.tell(generation, BranchStarted(state.branch.id))
        if state is not lane.current:
            lane.branches.remove(state)
            self.tell(generation, BranchEnded(state.branch.id, StopReason.STOP))
            return
        state.reason = StopReason.STOP
        unfed = int(lane.pending[0]) if lane.decoding and len(lane.pending) else None
        self._end(generation, lane, unfed, now)

    def _end(self, generation: GenerationState, lane: Lane, unfed: int | None, now: float) -> None:
        """Ends the running branch of a lane. ``unfed``: its last token, when it is text that is not in the cache."""
        state = lane.branches.popleft()
        assert state.reason is not None
        self.tell(generation, BranchEnded(state.branch.id, state.reason))
        if lane.done:
            self._close(lane)
        else:
            self._continue(generation, lane, unfed)
        if all(other.done for other in generation.lanes):
            self._finish(generation, now)

    def _continue(self, generation: GenerationState, lane: Lane, unfed: int | None) -> None:
        following = lane.current
        was_fed = lane.decoding or lane.sequence is None
        before = lane.pending if not was_fed else np.empty(0, np.int32)
        if unfed is not None:
            before = np.array([unfed], np.int32)
        lane.pending = np.concatenate([before, following.prime])
        lane.decoding = False
        if lane.sequence is not None:
            following.started = True
            self.tell(generation, BranchStarted(following.branch.id))

    def _finish(self, generation: GenerationState, now: float) -> None:
        begun = generation.admitted if generation.admitted is not None else now
        prefilled = generation.prefilled if generation.prefilled is not None else now
        self.counters.generations += 1
        if generation.resident is not None:
            self._residents.at(generation.resident).used = now
        self._leave(generation)
        self.tell(
            generation,
            Finished(
                input_tokens=generation.input_tokens,
                cached_tokens=generation.cached_tokens,
                output_tokens=generation.output_tokens,
                prefill_seconds=prefilled - begun,
                decode_seconds=now - prefilled,
            ),
        )

    def fail(self, generation: GenerationState, reason: EngineFailure, detail: str) -> None:
        """Ends all of a generation; its cells are free at once."""
        if reason is EngineFailure.CANCELLED:
            for lane in generation.lanes:
                for state in lane.branches:
                    if state.started:
                        self.tell(generation, BranchEnded(state.branch.id, StopReason.CANCELLED))
        self.counters.failures += 1
        self._leave(generation)
        self.tell(generation, Failed(reason, detail))

    def _close(self, lane: Lane) -> None:
        for sequence in lane.sequences:
            self._cache.close(sequence)
        lane.sequence, lane.beams, lane.spare = None, None, []

    def _leave(self, generation: GenerationState) -> None:
        for lane in generation.running:
            self._close(lane)
        if generation.resident is not None:
            self._residents.unpin(self._residents.at(generation.resident))
            generation.resident = None
        if generation in self._active:
            self._active.remove(generation)
