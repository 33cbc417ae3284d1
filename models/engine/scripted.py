"""An engine that says what it is told to: the same contract as the real one, no model, the same every time.

For tests of what stands on an engine, and for showing the product without a model. A word with the white space before
it is a token.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from models.engine.api import (
    Branch,
    BranchEnded,
    BranchStarted,
    EngineEvent,
    EngineFailure,
    EngineStats,
    Failed,
    Finished,
    Generation,
    GenerationRequest,
    ModelInfo,
    Prefill,
    Priority,
    Queued,
    StopReason,
    Token,
)
from models.engine.mailbox import Mailbox
from models.engine.text import TextStream
from models.errors import ModelError
from models.segments import Segment

__all__ = ["Script", "ScriptedEngine", "scripted_info"]

Script = Callable[[GenerationRequest, Branch], str]

_TOKEN = re.compile(r"\s*\S+|\s+$")
_PREFILL_STEP = 256


def scripted_info(name: str = "scripted", chat: str = "chatml", n_ctx: int = 4096) -> ModelInfo:
    """The description of a model that is a script."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    return ModelInfo(name, f"{name}.gguf", digest, 0, n_ctx, n_ctx, chat, "scripted")


@dataclass(slots=True, eq=False)
class _Spoken:
    """A branch that is being said."""

    branch: Branch
    left: list[str]
    text: TextStream
    said: int = 0


@dataclass(slots=True, eq=False)
class _Running:
    """A request, waiting or admitted."""

    request: GenerationRequest
    mailbox: Mailbox
    prefix: list[str]
    order: int
    submitted: float
    waiting: list[_Spoken]
    speaking: list[_Spoken] = field(default_factory=list)
    events: list[EngineEvent] = field(default_factory=list)
    admitted: float | None = None
    prefilled: float | None = None
    done: int = 0
    cached: int = 0
    produced: int = 0
    position: int = 0
    steps: int = 0


class ScriptedEngine:
    """An ``Engine``. ``script`` is the text of each branch by its id, or a function of request and branch; a branch
    that is not in it ends at once. ``delay`` is seconds a step. ``failures`` maps a request's number, counted from 1
    in order of submission, to how it fails after its first step of text. ``start_error`` is raised by ``start``."""

    def __init__(
        self,
        script: Mapping[str, str] | Script,
        *,
        info: ModelInfo | None = None,
        delay: float = 0.0,
        failures: Mapping[int, EngineFailure] | None = None,
        start_error: ModelError | None = None,
        max_active: int = 8,
        max_waiting: int = 64,
    ) -> None:
        self._script: Script = script if callable(script) else lambda _request, branch: script.get(branch.id, "")
        self._info = info or scripted_info()
        self._delay = delay
        self._failures = dict(failures or {})
        self._start_error = start_error
        self._max_active = max_active
        self._max_waiting = max_waiting
        self._active: list[_Running] = []
        self._queue: list[_Running] = []
        self._prefixes: dict[str, list[str]] = {}
        self._live: set[str] = set()
        self._work = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._submitted = 0
        self._totals = {"generations": 0, "failures": 0, "prefill": 0, "decoded": 0}

    # -- the engine's interface -------------------------------------------------------------------------------

    @property
    def info(self) -> ModelInfo:
        return self._info

    async def start(self) -> None:
        if self._start_error is not None:
            raise self._start_error
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="scripted engine")

    async def stop(self) -> None:
        for running in (*self._active, *self._queue):
            self._fail(running, EngineFailure.STOPPED, "the engine was stopped")
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self._prefixes.clear()
        self._live.clear()

    def count_tokens(self, segments: tuple[Segment, ...]) -> int:
        return len(_tokens(segments))

    def prefill(self, session: str, prefix: tuple[Segment, ...]) -> None:
        if self._task is not None:
            self._totals["prefill"] += self._keep(session, _tokens(prefix))
            self._live.add(session)

    def release(self, session: str) -> None:
        self._prefixes.pop(session, None)
        self._live.discard(session)

    def submit(self, request: GenerationRequest) -> Generation:
        ids = [branch.id for branch in request.branches]
        if not ids or len(set(ids)) != len(ids):
            raise ValueError(f"request {request.id}: branches must be one or more, of different ids")
        if any(running.request.id == request.id for running in (*self._active, *self._queue)):
            raise ValueError(f"request {request.id} runs already")
        mailbox = Mailbox(
            request.id,
            partial(self._cancel, request.id),
            partial(self._stop_branch, request.id),
            partial(self._hurry, request.id),
        )
        self._submitted += 1
        running = _Running(
            request=request,
            mailbox=mailbox,
            prefix=_tokens(request.prefix),
            order=self._submitted,
            submitted=asyncio.get_running_loop().time(),
            waiting=[
                _Spoken(branch, _split(self._script(request, branch)), TextStream(branch.stop))
                for branch in request.branches
            ],
        )
        refused = self._refusal(running)
        if refused is not None:
            self._totals["failures"] += 1
            mailbox.deliver([refused])
        else:
            self._queue.append(running)
            self._work.set()
        return mailbox

    def stats(self) -> EngineStats:
        return EngineStats(
            active=len(self._active),
            waiting=len(self._queue),
            live_prefixes=len(self._live),
            kv_used=sum(map(len, self._prefixes.values())),
            kv_total=self._info.n_ctx,
            generations=self._totals["generations"],
            failures=self._totals["failures"],
            prefill_tokens=self._totals["prefill"],
            decoded_tokens=self._totals["decoded"],
            reading={name: Prefill(len(self._prefixes[name]), len(self._prefixes[name])) for name in self._live},
        )

    # -- how it runs ------------------------------------------------------------------------------------------

    def _refusal(self, running: _Running) -> Failed | None:
        if self._task is None:
            return Failed(EngineFailure.STOPPED, "the engine is not running")
        needs = [len(_tokens(spoken.branch.prime)) + spoken.branch.max_tokens for spoken in running.waiting]
        need = len(running.prefix) + (max(needs) if running.request.parallel else sum(needs))
        if need > self._info.n_ctx:
            detail = f"the prompt and its budgets are {need} tokens, the context has {self._info.n_ctx}"
            return Failed(EngineFailure.TOO_LONG, detail)
        if len(self._queue) >= self._max_waiting:
            return Failed(EngineFailure.OVERLOADED, f"{len(self._queue)} requests wait already")
        return None

    async def _run(self) -> None:
        while True:
            self._work.clear()
            self._admit()
            for running in tuple(self._active):
                self._step(running)
            for running in (*self._active, *self._queue):
                self._send(running)
            if self._active or self._queue:
                await asyncio.sleep(self._delay)
            else:
                await self._work.wait()

    def _admit(self) -> None:
        now = asyncio.get_running_loop().time()
        for running in (*self._active, *self._queue):
            deadline = running.request.deadline
            if deadline is not None and now - running.submitted >= deadline:
                self._fail(running, EngineFailure.DEADLINE, f"not done after {deadline:g} s")
        self._queue.sort(key=lambda running: (running.request.priority is not Priority.WAITING, running.order))
        while self._queue and len(self._active) < self._max_active:
            self._enter(self._queue.pop(0), now)
        for place, running in enumerate(self._queue, start=1):
            if running.position != place:
                running.position = place
                running.events.append(Queued(place, None))

    def _enter(self, running: _Running, now: float) -> None:
        running.admitted = now
        kept = self._prefixes.get(running.request.session, [])
        running.done = running.cached = _common(kept, running.prefix)
        if running.request.priority is Priority.WAITING:
            self._live.discard(running.request.session)
        self._active.append(running)
        running.events.append(Prefill(running.done, len(running.prefix)))

    def _step(self, running: _Running) -> None:
        now = asyncio.get_running_loop().time()
        total = len(running.prefix)
        if running.done < total:
            done = min(total, running.done + _PREFILL_STEP)
            self._totals["prefill"] += done - running.done
            running.done = done
            running.events.append(Prefill(done, total))
            return
        if running.prefilled is None:
            running.prefilled = now
            self._prefixes[running.request.session] = running.prefix
        self._open(running)
        for spoken in tuple(running.speaking):
            self._say(running, spoken)
        running.steps += 1
        failure = self._failures.get(running.order)
        if failure is not None:
            self._fail(running, failure, "as the script says")
        elif not running.speaking and not running.waiting:
            self._finish(running, now)

    def _open(self, running: _Running) -> None:
        """Begins the branches whose turn it is."""
        while running.waiting and (running.request.parallel or not running.speaking):
            spoken = running.waiting.pop(0)
            running.speaking.append(spoken)
            running.events.append(BranchStarted(spoken.branch.id))

    def _say(self, running: _Running, spoken: _Spoken) -> None:
        """One token of one branch."""
        running.produced += 1
        self._totals["decoded"] += 1
        if not spoken.left:
            self._end(running, spoken, StopReason.END)
            return
        spoken.said += 1
        shown = spoken.text.push(spoken.left.pop(0).encode("utf-8"))
        if shown:
            running.events.append(Token(spoken.branch.id, shown))
        if spoken.text.stopped:
            self._end(running, spoken, StopReason.STOP)
        elif spoken.said >= spoken.branch.max_tokens:
            self._end(running, spoken, StopReason.LENGTH)

    def _end(self, running: _Running, spoken: _Spoken, reason: StopReason) -> None:
        held = spoken.text.finish()
        if held:
            running.events.append(Token(spoken.branch.id, held))
        running.speaking.remove(spoken)
        running.events.append(BranchEnded(spoken.branch.id, reason))

    def _finish(self, running: _Running, now: float) -> None:
        prefilled = running.prefilled if running.prefilled is not None else now
        begun = running.admitted if running.admitted is not None else now
        tokens = len(running.prefix) + sum(self.count_tokens(branch.prime) for branch in running.request.branches)
        self._totals["generations"] += 1
        running.events.append(
            Finished(tokens, running.cached, running.produced, prefilled - begun, max(now - prefilled, 1e-9))
        )
        self._leave(running)

    def _fail(self, running: _Running, reason: EngineFailure, detail: str) -> None:
        if reason is EngineFailure.CANCELLED:
            running.events.extend(BranchEnded(s.branch.id, StopReason.CANCELLED) for s in running.speaking)
        self._totals["failures"] += 1
        running.events.append(Failed(reason, detail))
        self._leave(running)

    def _leave(self, running: _Running) -> None:
        if running in self._active:
            self._active.remove(running)
        if running in self._queue:
            self._queue.remove(running)
        self._send(running)

    def _send(self, running: _Running) -> None:
        events, running.events = running.events, []
        running.mailbox.deliver(events)

    def _cancel(self, request_id: str) -> None:
        for running in (*self._active, *self._queue):
            if running.request.id == request_id:
                self._fail(running, EngineFailure.CANCELLED, "cancelled")

    def _hurry(self, request_id: str, deadline: float | None) -> None:
        for running in (*self._active, *self._queue):
            if running.request.id == request_id:
                running.submitted = asyncio.get_running_loop().time()
                running.request = replace(running.request, priority=Priority.WAITING, deadline=deadline)
                self._live.discard(running.request.session)

    def _stop_branch(self, request_id: str, branch_id: str) -> None:
        for running in (*self._active, *self._queue):
            if running.request.id != request_id:
                continue
            for spoken in tuple(running.waiting):
                if spoken.branch.id == branch_id:
                    running.waiting.remove(spoken)
                    running.speaking.append(spoken)
                    running.events.append(BranchStarted(branch_id))
            for spoken in tuple(running.speaking):
                if spoken.branch.id == branch_id:
                    self._end(running, spoken, StopReason.STOP)

    def _keep(self, session: str, prefix: list[str]) -> int:
        """Holds a prefix; returns how many of its tokens are new."""
        new = len(prefix) - _common(self._prefixes.get(session, []), prefix)
        self._prefixes[session] = prefix
        return new


def _split(text: str) -> list[str]:
    return _TOKEN.findall(text)


def _tokens(segments: tuple[Segment, ...]) -> list[str]:
    return [token for segment in segments for token in _split(segment.text)]


def _common(one: list[str], other: list[str]) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
