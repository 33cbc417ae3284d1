"""Random schedules against a simulated model that notices any wrong token: nothing is lost, stuck or crossed.

``CASENOTE_TEST_ROUNDS=slow`` runs 10,000 schedules instead of 200.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from simulated_runner import LETTERS, SimulatedRunner, doubtful, searched, sure, tokens_of

from models.engine.api import (
    Branch,
    BranchEnded,
    BranchStarted,
    EngineEvent,
    EngineFailure,
    Failed,
    Finished,
    GenerationRequest,
    Priority,
    StopReason,
    Token,
)
from models.engine.ports import Decoded, Floats
from models.engine.scheduler import Limits, Scheduler
from models.engine.sequence import make_generation
from models.segments import Segment

SCHEDULES = 10_000 if os.environ.get("CASENOTE_TEST_ROUNDS") == "slow" else 200
INSTRUCTIONS = "deadbeefacceededfacade"
SESSIONS = ("a", "b", "c", "d")
N_CTX, KV_TOKENS, N_BATCH = 150, 200, 72
FAULTS = (Decoded.NO_ROOM, Decoded.ABORTED, -1, -3)
ENOUGH_STEPS = 5000


@dataclass
class Asked:
    """A request of the test and what came back."""

    request: GenerationRequest
    events: list[EngineEvent] = field(default_factory=list)
    cancelled: bool = False
    stopped: set[str] = field(default_factory=set)
    faults: int = 0

    @property
    def ended(self) -> bool:
        return bool(self.events) and isinstance(self.events[-1], Finished | Failed)


def expected_texts(request: GenerationRequest, model: Callable[[Sequence[int]], Floats]) -> dict[str, str]:
    """What ``model`` says to a request when nothing else happens in the world."""
    prefix = tokens_of("".join(segment.text for segment in request.prefix))
    texts, context = {}, list(prefix)
    for branch in request.branches:
        if request.parallel:
            context = list(prefix)
        context += tokens_of("".join(segment.text for segment in branch.prime))
        begin, text = len(context), ""
        width = branch.beams if request.parallel else 1
        for token in searched(model, tuple(context), width, branch.max_tokens):
            text += LETTERS[token - 1]
            context.append(token)
            found = [place for place in map(text.find, branch.stop) if place >= 0]
            if found:
                text = text[: min(found)]
                del context[begin + len(text) :]
                break
        texts[branch.id] = text
    return texts


words = st.text(alphabet=LETTERS, min_size=1, max_size=30)
branches = st.lists(
    st.builds(
        lambda prime, budget, stop, beams: (prime, budget, stop, beams),
        words.map(lambda text: text[:8]),
        st.integers(1, 30),
        st.lists(st.text(alphabet=LETTERS, min_size=1, max_size=2), max_size=2).map(tuple),
        st.sampled_from((1, 1, 2, 4)),
    ),
    min_size=1,
    max_size=6,
)


class Schedules(RuleBasedStateMachine):
    """Sessions arrive, grow, close, are cancelled and released, while batches fail at random."""

    @initialize(model=st.sampled_from((sure, doubtful)), sequences=st.integers(7, 12))
    def begin(self, model: Callable[[Sequence[int]], Floats], sequences: int) -> None:
        self.codes: deque[int] = deque()
        runner = SimulatedRunner(KV_TOKENS, N_CTX, sequences, N_BATCH, self._faults(), model)
        limits = Limits(N_CTX, KV_TOKENS, sequences, N_BATCH, max_active=3, max_waiting=5)
        self.runner = runner
        self.scheduler = Scheduler(runner, runner, limits)
        self.asked: dict[str, Asked] = {}
        self.transcripts = dict.fromkeys(SESSIONS, "")
        self.now = 0.0

    def _faults(self) -> Iterator[int]:
        while True:
            yield self.codes.popleft() if self.codes else 0

    def _prefix(self, session: str) -> tuple[Segment, ...]:
        return (Segment(INSTRUCTIONS), Segment(session + self.transcripts[session]))

    @rule(session=st.sampled_from(SESSIONS), turn=words)
    def somebody_speaks(self, session: str, turn: str) -> None:
        if len(self.transcripts[session]) < 90:
            self.transcripts[session] += turn
        prefix = self._prefix(session)
        tokens = tokens_of("".join(segment.text for segment in prefix))
        self.scheduler.prefill(session, self.runner.tokenize(Segment("".join(LETTERS[t - 1] for t in tokens))))

    @rule(session=st.sampled_from(SESSIONS))
    def a_session_is_released(self, session: str) -> None:
        self.scheduler.release(session)
        self.transcripts[session] = ""

    @rule(
        session=st.sampled_from(SESSIONS),
        chosen=branches,
        parallel=st.booleans(),
        priority=st.sampled_from(Priority),
        deadline=st.none() | st.integers(5, 60),
    )
    def a_note_is_asked_for(
        self,
        session: str,
        chosen: list[tuple[str, int, tuple[str, ...], int]],
        parallel: bool,
        priority: Priority,
        deadline: int | None,
    ) -> None:
        name = f"g{len(self.asked)}"
        request = GenerationRequest(
            id=name,
            session=session,
            prefix=self._prefix(session),
            branches=tuple(
                Branch(f"b{place}", (Segment(prime),), budget, stop, beams=beams)
                for place, (prime, budget, stop, beams) in enumerate(chosen)
            ),
            parallel=parallel,
            priority=priority,
            deadline=None if deadline is None else float(deadline),
        )
        self.asked[name] = Asked(request, faults=len(self.codes))
        self.scheduler.submit(make_generation(request, self.runner, self.now, len(self.asked)))
        self._collect()

    @precondition(lambda self: any(not asked.ended for asked in self.asked.values()))
    @rule(data=st.data())
    def a_note_is_cancelled(self, data: st.DataObject) -> None:
        asked = data.draw(st.sampled_from([asked for asked in self.asked.values() if not asked.ended]))
        held = self.scheduler.cache.used
        asked.cancelled = True
        self.scheduler.cancel(asked.request.id)
        self._collect()
        assert asked.ended
        assert self.scheduler.cache.used <= held

    @precondition(lambda self: any(not asked.ended for asked in self.asked.values()))
    @rule(data=st.data())
    def a_branch_is_stopped(self, data: st.DataObject) -> None:
        asked = data.draw(st.sampled_from([asked for asked in self.asked.values() if not asked.ended]))
        branch = data.draw(st.sampled_from(asked.request.branches))
        asked.stopped.add(branch.id)
        self.scheduler.stop_branch(asked.request.id, branch.id, self.now)
        self._collect()

    @precondition(lambda self: any(not asked.ended for asked in self.asked.values()))
    @rule(data=st.data(), deadline=st.none() | st.integers(5, 60))
    def somebody_waits_for_a_note(self, data: st.DataObject, deadline: int | None) -> None:
        asked = data.draw(st.sampled_from([asked for asked in self.asked.values() if not asked.ended]))
        hurried = replace(asked.request, priority=Priority.WAITING, deadline=deadline)
        asked.request = hurried
        self.scheduler.hurry(hurried.id, None if deadline is None else float(deadline), self.now)

    @rule(codes=st.lists(st.sampled_from(FAULTS), min_size=1, max_size=3))
    def the_next_batches_fail(self, codes: list[int]) -> None:
        self.codes.extend(codes)
        for asked in self.asked.values():
            if not asked.ended:
                asked.faults += 1

    @rule(count=st.integers(1, 12))
    def time_passes(self, count: int) -> None:
        for _ in range(count):
            self._step()

    def _step(self) -> bool:
        suspects = bool(self.scheduler._suspects)
        step = self.scheduler.plan(self.now)
        self._collect()
        if step is None:
            self.now += 1.0
            return False
        feeds = step.feeds
        kinds = [feed.lane is not None and feed.lane.decoding for feed in feeds]
        assert kinds == sorted(kinds, reverse=True), "running branches come before prompts"
        decoding = [lane for generation in self.scheduler.active for lane in generation.running if lane.decoding]
        if not suspects:
            assert sum(kinds) == sum(lane.rows for lane in decoding), "every running branch is in every batch"
        code = self.runner.decode(step.batch)
        self.now += 1.0
        if code == Decoded.OK:
            self.scheduler.advance(step, self.runner.logits, self.now, 0.05)
        else:
            self.scheduler.failed(step, code)
        self._collect()
        return True

    def _collect(self) -> None:
        for name, events in self.scheduler.progress.take_events().items():
            assert not self.asked[name].ended, "nothing follows the last event"
            self.asked[name].events += events

    @invariant()
    def books_and_memory_agree(self) -> None:
        cache = self.scheduler.cache
        assert cache.used == self.runner.used
        for sequence, tokens in self.runner.sequences.items():
            held = cache.tokens(sequence).tolist() if sequence in cache.sequences else []
            assert held == tokens
        room = self.scheduler.room
        assert room.all_promised() <= room.could_free(), "what was promised can be given"
        assert room.could_open() >= 0

    def teardown(self) -> None:
        if not hasattr(self, "scheduler"):
            return
        self.codes.clear()
        for _ in range(ENOUGH_STEPS):
            if all(asked.ended for asked in self.asked.values()):
                break
            self._step()
        for asked in self.asked.values():
            self._check(asked)
        for session in SESSIONS:
            self.scheduler.release(session)
        assert self.scheduler.cache.used == self.runner.used == 0

    def _check(self, asked: Asked) -> None:
        assert asked.ended, "every request ends"
        last, request = asked.events[-1], asked.request
        spoken = {branch.id: "" for branch in request.branches}
        for event in asked.events:
            if isinstance(event, Token):
                spoken[event.branch] += event.text
        if request.parallel or not asked.stopped:
            for name, text in expected_texts(request, self.runner.model).items():
                assert text.startswith(spoken[name]), "a stream holds its own text only"
                if isinstance(last, Finished) and name not in asked.stopped:
                    assert spoken[name] == text
        started = [event.branch for event in asked.events if isinstance(event, BranchStarted)]
        ended = {event.branch: event.reason for event in asked.events if isinstance(event, BranchEnded)}
        if isinstance(last, Finished):
            assert sorted(started) == sorted(ended) == sorted(spoken)
            return
        assert isinstance(last, Failed)
        allowed = {
            EngineFailure.CANCELLED: asked.cancelled,
            EngineFailure.DEADLINE: request.deadline is not None,
            EngineFailure.TOO_LONG: self._need(request) > N_CTX,
            EngineFailure.OVERLOADED: True,
            EngineFailure.DECODE: asked.faults > 0,
        }
        assert allowed[last.reason]
        if last.reason is not EngineFailure.CANCELLED:
            assert StopReason.CANCELLED not in ended.values()

    def _need(self, request: GenerationRequest) -> int:
        prefix = sum(len(segment.text) for segment in request.prefix)
        needs = [sum(len(s.text) for s in branch.prime) + branch.max_tokens for branch in request.branches]
        return prefix + (max(needs) if request.parallel else sum(needs))


Schedules.TestCase.settings = settings(
    max_examples=SCHEDULES,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestSchedules = Schedules.TestCase
