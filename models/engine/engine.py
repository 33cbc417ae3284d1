"""The engine that serves: one thread that owns the model, an event loop that asks it.

The loop's side puts commands into a queue and reads events; the thread takes the commands between steps, decodes one
batch a step, and hands the events of all generations to the loop in one call.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Generator
from functools import lru_cache, partial

from models.engine.api import EngineEvent, EngineFailure, EngineStats, Failed, Generation, GenerationRequest, ModelInfo
from models.engine.loading import Plan, describe, load, plan_load
from models.engine.mailbox import Mailbox
from models.engine.ports import Ints, RunnerPort
from models.engine.runner import LlamaRunner
from models.engine.scheduler import Limits, Scheduler
from models.engine.sequence import join_tokens, make_generation
from models.engine.settings import EngineSettings
from models.engine.tuning import Tuning, remembered, tuning_steps, with_tuning
from models.engine.worker import Worker
from models.errors import ModelError, ModelLoadError
from models.segments import Segment

__all__ = ["LlamaEngine"]

_REMEMBERED_SEGMENTS = 4096  # turns of a few live sessions; each is tokenised once


class _Tokens:
    """A runner's vocabulary that remembers the tokens of recent segments."""

    def __init__(self, runner: RunnerPort) -> None:
        self.tokenize = lru_cache(_REMEMBERED_SEGMENTS)(runner.tokenize)
        self.piece = runner.piece
        self.is_end = runner.is_end
        self.ends = runner.ends


class LlamaEngine:
    """An ``Engine`` over llama.cpp."""

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._info: ModelInfo | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._worker: Worker | None = None
        self._tokens: _Tokens | None = None
        self._ended: asyncio.Future[None] | None = None
        self._mailboxes: dict[str, Mailbox] = {}
        self._count = 0

    @property
    def info(self) -> ModelInfo:
        """Raises ``ModelLoadError`` before ``start`` has returned."""
        if self._info is None:
            raise ModelLoadError("the engine has not been started")
        return self._info

    async def start(self) -> None:
        if self._thread is not None:
            return
        loop = self._loop = asyncio.get_running_loop()
        loaded: asyncio.Future[None] = loop.create_future()
        self._ended = loop.create_future()
        self._thread = threading.Thread(target=self._run, args=(loop, loaded, self._ended), name="engine", daemon=True)
        self._thread.start()
        try:
            await loaded
        except ModelError:
            await self.stop()
            raise

    def _run(self, loop: asyncio.AbstractEventLoop, loaded: asyncio.Future[None], ended: asyncio.Future[None]) -> None:
        runner: LlamaRunner | None = None
        try:
            plan = plan_load(with_tuning(self._settings))
            runner = load(plan)
            worker = self._prepare(plan, runner)
            loop.call_soon_threadsafe(_resolve, loaded, None)
            worker.run()
        except ModelError as error:
            loop.call_soon_threadsafe(_resolve, loaded, error)
        finally:
            if runner is not None:
                runner.close()
            if not loop.is_closed():
                loop.call_soon_threadsafe(_resolve, ended, None)

    def _prepare(self, plan: Plan, runner: LlamaRunner) -> Worker:
        info = describe(plan, self._settings.cache_dir, self._settings.beams)
        tokens = _Tokens(runner)
        limits = Limits(
            n_ctx=runner.n_ctx,
            kv_tokens=runner.kv_tokens,
            n_seq=runner.n_seq,
            n_batch=runner.n_batch,
            max_active=self._settings.max_active,
            max_waiting=self._settings.max_waiting,
        )
        worker = Worker(runner, Scheduler(runner, tokens, limits), self._hand_over, self._tuning(runner))
        self._info, self._tokens, self._worker = info, tokens, worker
        return worker

    def _tuning(self, runner: LlamaRunner) -> Generator[None, None, Tuning] | None:
        settings = self._settings
        wanted = settings.tune and settings.n_gpu_layers == 0 and settings.cache_dir is not None
        if not wanted or remembered(settings) is not None:
            return None
        return tuning_steps(settings, partial(LlamaRunner, beside=runner))

    async def stop(self) -> None:
        if self._worker is not None:
            self._worker.stop()
        if self._ended is not None:
            await self._ended
        if self._thread is not None:
            self._thread.join()
        self._thread = self._worker = self._tokens = self._ended = None
        self._fail_all()

    def count_tokens(self, segments: tuple[Segment, ...]) -> int:
        return len(self._tokenised(segments))

    def _tokenised(self, segments: tuple[Segment, ...]) -> Ints:
        if self._tokens is None:
            raise ModelLoadError("the engine is not running")
        return join_tokens(segments, self._tokens)

    def prefill(self, session: str, prefix: tuple[Segment, ...]) -> None:
        worker = self._worker
        if worker is not None:
            tokens = self._tokenised(prefix)
            worker.send(lambda scheduler, _now: scheduler.prefill(session, tokens))

    def release(self, session: str) -> None:
        worker = self._worker
        if worker is not None:
            worker.send(lambda scheduler, _now: scheduler.release(session))

    def submit(self, request: GenerationRequest) -> Generation:
        """Raises ValueError for a request that no engine could run: no branch, or the id of one that runs."""
        if request.id in self._mailboxes:
            raise ValueError(f"request {request.id} runs already")
        worker, tokens = self._worker, self._tokens
        mailbox = Mailbox(
            request.id,
            partial(self._cancel, request.id),
            partial(self._stop_branch, request.id),
            partial(self._hurry, request.id),
        )
        if worker is None or tokens is None:
            mailbox.deliver([Failed(EngineFailure.STOPPED, "the engine is not running")])
            return mailbox
        self._count += 1
        generation = make_generation(request, tokens, time.monotonic(), self._count)
        self._mailboxes[request.id] = mailbox
        worker.send(lambda scheduler, _now: scheduler.submit(generation))
        worker.interrupt_for_arrival(request.session)
        return mailbox

    def stats(self) -> EngineStats:
        return self._worker.stats if self._worker is not None else EngineStats()

    def _cancel(self, generation_id: str) -> None:
        worker = self._worker
        if worker is not None:
            worker.send(lambda scheduler, _now: scheduler.cancel(generation_id))
            worker.interrupt_for_cancel(generation_id)

    def _stop_branch(self, generation_id: str, branch: str) -> None:
        worker = self._worker
        if worker is not None:
            worker.send(lambda scheduler, now: scheduler.stop_branch(generation_id, branch, now))

    def _hurry(self, generation_id: str, deadline: float | None) -> None:
        worker = self._worker
        if worker is not None:
            worker.send(lambda scheduler, now: scheduler.hurry(generation_id, deadline, now))

    def _hand_over(self, events: dict[str, list[EngineEvent]]) -> None:
        """From the thread: everything of one step in one call."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._deliver, events)

    def _deliver(self, events: dict[str, list[EngineEvent]]) -> None:
        for generation_id, told in events.items():
            mailbox = self._mailboxes.get(generation_id)
            if mailbox is None:
                continue
            mailbox.deliver(told)
            if mailbox.ended:
                del self._mailboxes[generation_id]

    def _fail_all(self) -> None:
        """For those whose command the thread did not take any more."""
        for mailbox in self._mailboxes.values():
            mailbox.deliver([Failed(EngineFailure.STOPPED, "the engine was stopped")])
        self._mailboxes.clear()


def _resolve(future: asyncio.Future[None], error: ModelError | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
