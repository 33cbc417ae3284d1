"""The thread that owns the context: commands between steps, one decode a step, events out."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass

from models.engine.api import EngineEvent, EngineStats
from models.engine.ports import Decoded, RunnerPort
from models.engine.scheduler import Scheduler
from models.engine.step import Step
from models.errors import ModelError

__all__ = ["Command", "Worker"]

Command = Callable[[Scheduler, float], None]
Deliver = Callable[[dict[str, list[EngineEvent]]], None]

_FATAL = -1
_QUIET = 5.0  # seconds without a command before idle work begins


@dataclass(frozen=True, slots=True)
class _Running:
    """Whose rows are in the batch that is being decoded."""

    generations: frozenset[str] = frozenset()
    sessions: frozenset[str] = frozenset()


class Worker:
    """Runs a scheduler over a runner until ``stop``. ``send`` and the two interrupts may be called from any thread."""

    def __init__(
        self, runner: RunnerPort, scheduler: Scheduler, deliver: Deliver, idle: Generator[None, None, object] | None
    ) -> None:
        """``idle`` is work in steps for when nobody has asked for anything for a while."""
        self._idle = idle
        self._idling = False
        self._runner = runner
        self._scheduler = scheduler
        self._deliver = deliver
        self._commands: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self._running = _Running()
        self._stopping = threading.Event()
        self._overhead_seconds = 0.0
        self._decode_seconds = 0.0
        self._steps = 0
        self.stats = self._statistics()

    def send(self, command: Command) -> None:
        self._commands.put(command)
        if self._idling:
            self._runner.abort()

    def stop(self) -> None:
        """Ends the loop after the step that runs, which is cut short."""
        self._stopping.set()
        self._commands.put(None)
        self._runner.abort()

    def interrupt_for_cancel(self, generation_id: str) -> None:
        """Cuts the running step short when it serves nobody but that generation."""
        running = self._running
        if running.generations == {generation_id}:
            self._runner.abort()

    def interrupt_for_arrival(self, session: str) -> None:
        """Cuts the running step short when nobody waits for it and it is not for that session."""
        running = self._running
        if running.sessions and not running.generations and session not in running.sessions:
            self._runner.abort()

    def run(self) -> None:
        """The thread's loop. Whatever ends it, everybody who waits is told."""
        try:
            while not self._stopping.is_set():
                self._take_commands()
                begun = time.perf_counter()
                step = self._scheduler.plan(time.monotonic())
                self._publish()  # what planning began and what the step before decoded, in one call
                if step is not None:
                    self._decode(step, begun)
                else:
                    self._wait()
        finally:
            if self._idle is not None:
                self._idle.close()
            self._scheduler.stop_all("the engine was stopped")
            self._publish()

    def _take_commands(self) -> None:
        while True:
            try:
                command = self._commands.get_nowait()
            except queue.Empty:
                return
            self._obey(command)

    def _wait(self) -> None:
        deadline = self._scheduler.next_deadline()
        timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
        spare = self._idle is not None and timeout is None
        try:
            self._obey(self._commands.get(timeout=_QUIET if spare else timeout))
        except queue.Empty:
            if spare:
                self._use_idle_time()

    def _use_idle_time(self) -> None:
        """Idle work, a step at a time, until a command comes."""
        self._idling = True
        while self._idle is not None and self._commands.empty():
            try:
                next(self._idle)
            except (StopIteration, ModelError, ValueError):
                self._idle = None
        self._idling = False

    def _obey(self, command: Command | None) -> None:
        if command is not None:
            command(self._scheduler, time.monotonic())

    def _decode(self, step: Step, begun: float) -> None:
        self._running = _Running(step.generation_ids, step.sessions)
        before = time.perf_counter()
        try:
            code = self._runner.decode(step.batch)
        except ValueError:
            code = _FATAL
        after = time.perf_counter()
        self._running = _Running()
        if code == Decoded.OK:
            self._scheduler.advance(step, self._runner.logits, time.monotonic(), after - before)
        else:
            self._scheduler.failed(step, code)
        self._steps += 1
        self._decode_seconds += after - before
        self._overhead_seconds += before - begun + time.perf_counter() - after

    def _publish(self) -> None:
        self.stats = self._statistics()
        events = self._scheduler.progress.take_events()
        if events:
            self._deliver(events)

    def _statistics(self) -> EngineStats:
        scheduler = self._scheduler
        counters = scheduler.progress.counters
        reading = scheduler.reading()
        running = [lane for generation in scheduler.active for lane in generation.running]
        step_seconds = scheduler.pace.step_seconds(max(1, sum(lane.rows for lane in running)))
        return EngineStats(
            active=len(scheduler.active),
            waiting=len(scheduler.waiting),
            live_prefixes=len(scheduler.live),
            kv_used=scheduler.cache.used,
            kv_total=scheduler.cache.size,
            generations=counters.generations,
            failures=counters.failures,
            prefill_tokens=counters.prefill_tokens,
            decoded_tokens=counters.decoded_tokens,
            prefill_tokens_per_second=scheduler.pace.prefill_rate,
            decode_tokens_per_second=max(1, len(running)) / step_seconds if step_seconds else 0.0,
            reading=reading,
            extra={
                "steps": float(self._steps),
                "live_missing": float(sum(read.total - read.done for read in reading.values())),
                "residents": float(len(scheduler.residents)),
                "decode_seconds": self._decode_seconds,
                "overhead_seconds": self._overhead_seconds,
            },
        )
