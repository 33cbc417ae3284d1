"""Who gets which rows of the next batch. Pure: it knows sequences, cells and time, not llama.cpp.

Each step: running branches first, one row each; then what is left of the step goes to prompts, those of people who
wait before those nobody watches, those before the prefixes of sessions still going on. A generation is admitted
only when the cells for its prefix and for one lane at a time are sure, so every admitted generation ends.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

from models.engine.admission import Waiting
from models.engine.api import BranchStarted, EngineFailure, Prefill, Priority, Queued
from models.engine.beams import last_token
from models.engine.estimate import seconds_until_admitted
from models.engine.pace import Pace
from models.engine.ports import CachePort, Decoded, Ints, Vocabulary
from models.engine.progress import Logits, Progress
from models.engine.residents import Residents
from models.engine.room import Room
from models.engine.sequence import GenerationState, Lane
from models.engine.slots import KvCache
from models.engine.step import Feed, LivePrefix, Step, StepBuilder

__all__ = ["Limits", "Scheduler"]

_SOON = 128  # rows of prompt that stand between a generation and its first words, with which it goes before others
_STRIKES = 2  # failed decodes in a row of one owner alone or with others, after which it is at fault


@dataclass(frozen=True, slots=True)
class Limits:
    """Tokens of one sequence, of all together; sequences; rows of a batch; generations running and waiting."""

    n_ctx: int
    kv_tokens: int
    n_seq: int
    n_batch: int
    max_active: int = 8
    max_waiting: int = 64


class Scheduler:
    """The state of all sequences. One thread calls it: commands, then ``plan``, then ``advance`` or ``failed``."""

    def __init__(self, port: CachePort, vocabulary: Vocabulary, limits: Limits) -> None:
        self.limits = limits
        self.pace = Pace()
        self.active: list[GenerationState] = []
        self.waiting = Waiting(limits.max_waiting)
        self.cache = KvCache(limits.kv_tokens, limits.n_seq, port)
        self.residents = Residents(self.cache)
        self.progress = Progress(self.cache, self.residents, vocabulary, self.active)
        self.room = Room(self.cache, self.residents, self.active)
        self.live: dict[str, LivePrefix] = {}
        self._suspects: deque[GenerationState | LivePrefix] = deque()

    # -- commands ---------------------------------------------------------------------------------------------

    def submit(self, generation: GenerationState) -> None:
        """Takes a request in; one that can never fit, or finds the queue full, fails at once."""
        limit = min(self.limits.n_ctx, self.limits.kv_tokens)
        if len(generation.prefix) + generation.largest_need > self.limits.kv_tokens:
            for lane in generation.lanes:
                lane.narrow()
        need = len(generation.prefix) + generation.longest
        if need > limit:
            detail = f"the prompt and its budgets are {need} tokens, the context has {limit}"
            self.progress.fail(generation, EngineFailure.TOO_LONG, detail)
        elif self.waiting.full:
            self.progress.fail(generation, EngineFailure.OVERLOADED, f"{len(self.waiting)} requests wait already")
        else:
            self.waiting.add(generation)

    def prefill(self, session: str, prefix: Ints) -> None:
        """Notes the prefix of a session that goes on; what does not fit one sequence is left out."""
        if len(prefix) <= min(self.limits.n_ctx, self.limits.kv_tokens):
            self.live[session] = LivePrefix(session, prefix)

    def release(self, session: str) -> None:
        self.live.pop(session, None)
        self.residents.forget(session)

    def cancel(self, generation_id: str, reason: EngineFailure = EngineFailure.CANCELLED, detail: str = "") -> None:
        for generation in (*self.active, *self.waiting):
            if generation.id == generation_id:
                self._fail(generation, reason, detail or "cancelled")

    def hurry(self, generation_id: str, deadline: float | None, now: float) -> None:
        """Somebody waits for a generation that was a backfill until now."""
        for generation in (*self.active, *self.waiting):
            if generation.id == generation_id:
                generation.request = replace(generation.request, priority=Priority.WAITING, deadline=deadline)
                generation.expires = None if deadline is None else now + deadline
                self._close(generation.request.session)

    def _close(self, session: str) -> None:
        """The session goes on no more: its note is waited for."""
        self.live.pop(session, None)
        for resident in self.residents.of(session):
            resident.live = False

    def stop_branch(self, generation_id: str, branch_id: str, now: float) -> None:
        for generation in (*self.active, *self.waiting):
            found = generation.branch(branch_id) if generation.id == generation_id else None
            if found is not None:
                lane, state = found
                self.progress.stop(generation, lane, state, now)
                if generation in self.waiting and all(lane.done for lane in generation.lanes):
                    self.waiting.remove(generation)

    def stop_all(self, detail: str) -> None:
        for generation in (*self.active, *self.waiting):
            self._fail(generation, EngineFailure.STOPPED, detail)

    def _fail(self, generation: GenerationState, reason: EngineFailure, detail: str) -> None:
        if generation in self.waiting:
            self.waiting.remove(generation)
        self.progress.fail(generation, reason, detail)

    # -- planning ---------------------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        return min((g.expires for g in (*self.active, *self.waiting) if g.expires is not None), default=None)

    def plan(self, now: float) -> Step | None:
        """The next step, its cells taken; None when there is nothing to do before the next command or deadline."""
        self._expire(now)
        self._admit(now)
        self._start_lanes(now)
        step = self._build(now, self._next_suspect())
        while step is None and self._suspects:
            step = self._build(now, self._next_suspect())
        return step

    def _expire(self, now: float) -> None:
        for generation in (*self.active, *self.waiting):
            if generation.expires is not None and now >= generation.expires:
                self._fail(generation, EngineFailure.DEADLINE, f"not done after {generation.request.deadline:g} s")

    def _admit(self, now: float) -> None:
        for generation in self.waiting.ordered(now):
            if len(self.active) >= self.limits.max_active or not self.room.admits(generation):
                break
            self.waiting.remove(generation)
            self._enter(generation, now)
        queue = self.waiting.ordered(now)
        for place, generation in enumerate(queue, start=1):
            if generation.position != place:
                generation.position = place
                seconds = seconds_until_admitted(queue[: place - 1], self.active, self.room, self.pace)
                self.progress.tell(generation, Queued(place, seconds))

    def _enter(self, generation: GenerationState, now: float) -> None:
        generation.admitted = now
        total = len(generation.prefix)
        session = generation.request.session
        if generation.waited_for:
            self._close(session)
        if total:
            self.room.take_sequence()
            resident = self.residents.hold(session, generation.prefix, now)
            self.room.tidy(session)
            resident.live = session in self.live
            self.residents.pin(resident)
            generation.resident = resident.sequence
            generation.cached_tokens = min(total, self.cache.length(resident.sequence))
        if generation.cached_tokens == total:
            generation.prefilled = now
        self.active.append(generation)
        self.progress.tell(generation, Prefill(generation.cached_tokens, total))

    def _start_lanes(self, now: float) -> None:
        for generation in self.active:
            if self.room.missing_prefix(generation):
                continue
            if generation.prefilled is None:  # others computed the rest of it
                generation.prefilled = now
                self.progress.tell(generation, Prefill(len(generation.prefix), len(generation.prefix)))
            for lane in generation.lanes:
                if lane.sequence is None and not lane.done and self.room.admits_lane(generation, lane):
                    self._start(generation, lane)

    def _start(self, generation: GenerationState, lane: Lane) -> None:
        if not self.room.has_sequences(lane.width):
            return
        for _ in range(lane.width - 1):
            self.room.take_sequence()
            lane.spare.append(self.cache.open())
        self.room.take_sequence()
        if generation.resident is None:
            lane.sequence = self.cache.open()
        else:
            lane.sequence = self.cache.share(generation.resident, lane.prefix_share)
        state = lane.current
        if not state.started:
            state.started = True
            self.progress.tell(generation, BranchStarted(state.branch.id))

    def _next_suspect(self) -> GenerationState | LivePrefix | None:
        while self._suspects:
            suspect = self._suspects.popleft()
            if suspect in self.active or suspect in self.live.values():
                return suspect
        return None

    def _build(self, now: float, only: GenerationState | LivePrefix | None) -> Step | None:
        """Rows for everybody, or for ``only`` one owner when the last step failed."""
        builder = StepBuilder(self.limits.n_batch)
        chosen = [generation for generation in self.active if only is None or generation is only]
        for generation in chosen:
            for lane in generation.running:
                if lane.beams is not None:
                    for beam in lane.beams.alive:
                        self._add(builder, generation, lane, beam.sequence, last_token(beam), output=True)
                elif lane.decoding and lane.sequence is not None:
                    self._add(builder, generation, lane, lane.sequence, lane.pending, output=True)
        hurried = [generation for generation in chosen if self._soon(generation)]
        for generation in sorted(chosen, key=self._turn):
            self._feed(builder, generation, alone=all(other is generation for other in hurried))
        for live in self.live.values():
            if only is None or live is only:
                self._feed_live(builder, live, now)
        return builder.build()

    def _turn(self, generation: GenerationState) -> tuple[bool, bool, int]:
        """Whose prompt rows come first: of several that close together each gets its first words before any gets the
        beginnings of its other sections. So little may overtake a long prompt that it is hardly held up."""
        return not generation.waited_for, not self._soon(generation), generation.order

    def _soon(self, generation: GenerationState) -> bool:
        """Whether little stands between a generation and its first words."""
        missing = self.room.missing_prefix(generation)
        first = next((len(lane.pending) for lane in generation.lanes if not lane.done), 0)
        return not generation.output_tokens and missing + first <= _SOON

    def _feed(self, builder: StepBuilder, generation: GenerationState, *, alone: bool) -> None:
        """Prompt rows of a generation: the primes of its lanes, or the prefix when that is not complete. Its branches
        that run wait for its others, unless it is not ``alone`` and they would hold up another's first words."""
        own = sum(lane.rows for lane in generation.running if lane.decoding) if alone else 0
        for lane in generation.running:
            if lane.decoding or lane.sequence is None:
                continue
            count = min(len(lane.pending), self._allowed(builder, waiting=generation.waited_for, own=own))
            whole = count == len(lane.pending)
            self._add(builder, generation, lane, lane.sequence, lane.pending[:count], output=whole)
            if not generation.output_tokens:
                break  # the first words first; the other lanes follow in the next step
        if generation.resident is not None and self.room.missing_prefix(generation):
            self._feed_prefix(builder, generation, generation.resident)

    def _feed_prefix(self, builder: StepBuilder, generation: GenerationState, sequence: int) -> None:
        self.residents.catch_up(self.residents.at(sequence), generation.prefix)
        begin = self.cache.length(sequence)
        missing = self.room.missing_prefix(generation)
        count = min(missing, self._allowed(builder, waiting=generation.waited_for))
        if count and not builder.computes_for(generation.prefix, begin):
            tokens = generation.prefix[begin : begin + count]
            self._add(builder, generation, None, sequence, tokens, output=False)

    def _allowed(self, builder: StepBuilder, *, waiting: bool, own: int = 0) -> int:
        """Prompt rows that still go into the step. ``own`` branches that run are of whom the rows are for, and may
        wait for them."""
        others = builder.decoded - own
        allowance = self.pace.allowance(others, self.limits.n_batch - builder.decoded, waiting=waiting)
        return max(0, min(builder.left, allowance - builder.fed))

    def _feed_live(self, builder: StepBuilder, live: LivePrefix, now: float) -> None:
        """Prompt rows of a session that goes on, into cells that nobody was promised."""
        allowed = self._allowed(builder, waiting=False)
        resident = live.resident
        if resident is None or resident not in self.residents:
            if not allowed or any(held.pins for held in self.residents.of(live.session)):
                return
            if self.room.could_open() < 1 or not self.room.take_sequence(spare_live=True):
                return
            resident = live.resident = self.residents.hold(live.session, live.prefix, now)
            resident.live = True
        if self.cache.length(resident.sequence) < len(live.prefix) and not resident.pins:
            self.residents.catch_up(resident, live.prefix)
        begin = self.cache.length(resident.sequence)
        wanted = min(len(live.prefix) - begin, allowed)
        if wanted > 0 and not resident.pins and not builder.computes_for(live.prefix, begin):
            resident.used = now
            count = self.room.spare(wanted, resident.sequence)
            if count:
                tokens = live.prefix[begin : begin + count]
                self._add(builder, live, None, resident.sequence, tokens, output=False)

    def _add(
        self,
        builder: StepBuilder,
        owner: GenerationState | LivePrefix,
        lane: Lane | None,
        sequence: int,
        tokens: Ints,
        *,
        output: bool,
    ) -> None:
        if not len(tokens):
            return
        self.room.take(len(tokens))
        before = self.cache.length(sequence)
        self.cache.append(sequence, tokens)
        builder.add(Feed(owner, lane, sequence, before, len(tokens), output), tokens)

    def reading(self) -> dict[str, Prefill]:
        """How far the sessions that go on are computed, by their names."""
        held = {resident.session: len(self.cache.computed(resident.sequence)) for resident in self.residents}
        return {
            session: Prefill(min(held.get(session, 0), len(live.prefix)), len(live.prefix))
            for session, live in self.live.items()
        }

    # -- results ----------------------------------------------------------------------------------------------

    def advance(self, step: Step, logits: Logits, now: float, seconds: float) -> None:
        """Takes the results of a decoded step that lasted ``seconds``: the ``logits`` of each of its rows."""
        self.pace.observe(step.decoded, step.fed, seconds)
        self.progress.apply(step, logits, now)

    def failed(self, step: Step, code: int) -> None:
        """Undoes a step that was not decoded. After a failure (not an abort) each owner is tried alone, so that
        only the one at fault fails, and only when it fails again."""
        for feed in step.feeds:
            self.cache.cut(feed.sequence, feed.before)
        if code == Decoded.ABORTED:
            return
        if code == Decoded.NO_ROOM:
            self.room.clear()
        owners = step.owners
        if len(owners) > 1:
            self._suspects = deque(owners)
            return
        owner = owners[0]
        owner.strikes += 1
        if owner.strikes < _STRIKES:
            return
        if isinstance(owner, GenerationState):
            self._fail(owner, EngineFailure.DECODE, f"llama.cpp refused its batch twice (code {code})")
        elif self.live.get(owner.session) is owner:
            self.release(owner.session)
