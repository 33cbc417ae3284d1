"""What is fastest on this machine with this model: flash attention, the type of the cache, threads, rows of a batch.

Published measurements contradict each other, so it is measured here, once for each machine and model. What counts is
the time of a note: the last turn of the prompt, then sections side by side. A worker measures after its first start,
while nothing waits; what was found is used from the next start on.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from models.engine.loading import plan_load
from models.engine.ports import Batch, Decoded, RunnerPort
from models.engine.runner import LlamaRunner, RunnerSettings, version
from models.engine.settings import EngineSettings, physical_cores
from models.errors import ModelLoadError

__all__ = ["Tuned", "Tuning", "TuningPoint", "remembered", "tune", "tuning_steps", "with_tuning"]

_FILE = "tuning.json"
_PREFIX = 256  # tokens that the steps look back on
_CHUNK = 64  # tokens of a last turn
_LANES = 8
_STEPS = 6
_TOKENS_A_SECTION = 30
_ROWS = (64, 128, 256, 512)
_CELLS = 512
_UNDISTURBED = 0.5  # of the processor time that the threads could have had, at least, or other work took too much
_NEARLY = 0.97  # of the best rate: fewer rows of a batch take less memory and are sooner cut short

Steps = Generator[None, None, float]
Open = Callable[[RunnerSettings], LlamaRunner]


@dataclass(slots=True)
class _Gauge:
    """Seconds of processor that ``threads`` could have had while they decoded, and those they got."""

    threads: int = 1
    possible: float = 0.0
    got: float = 0.0

    @property
    def undisturbed(self) -> bool:
        return self.got >= _UNDISTURBED * self.possible


@dataclass(frozen=True, slots=True)
class TuningPoint:
    """One setting and what it gave: tokens a second of prefill, seconds of a step of one and of eight branches."""

    flash_attn: bool
    kv_type: str
    n_threads: int
    prefill_rate: float
    step_one: float
    step_eight: float

    @property
    def note_seconds(self) -> float:
        """What a note would take after its session closed."""
        return _CHUNK / self.prefill_rate + _TOKENS_A_SECTION * self.step_eight


@dataclass(frozen=True, slots=True)
class Tuned:
    """What the engine uses where the settings leave it open; ``measured_at`` is a time in UTC (ISO 8601)."""

    flash_attn: bool
    kv_type: str
    n_threads: int
    n_batch: int
    note_seconds: float
    measured_at: str

    def __str__(self) -> str:
        flash = "on" if self.flash_attn else "off"
        return (
            f"flash attention {flash}, {self.kv_type} cache, {self.n_threads} thread(s), batches of {self.n_batch}; "
            f"measured {self.measured_at}"
        )


@dataclass(frozen=True, slots=True)
class Tuning:
    """What was measured. ``rates`` are tokens a second of prefill by rows of a batch, with the best point. It counts
    only where it was ``undisturbed``: on a busy machine fewer threads look better than they are."""

    model: str
    points: tuple[TuningPoint, ...]
    rates: tuple[tuple[int, float], ...]
    measured_at: str
    undisturbed: bool = True

    @property
    def best(self) -> TuningPoint:
        return min(self.points, key=lambda point: point.note_seconds)

    @property
    def tuned(self) -> Tuned:
        best = self.best
        enough = _NEARLY * max(rate for _, rate in self.rates)
        rows = next(rows for rows, rate in self.rates if rate >= enough)
        return Tuned(best.flash_attn, best.kv_type, best.n_threads, rows, round(best.note_seconds, 3), self.measured_at)

    def lines(self) -> list[str]:
        """A report for people."""
        lines = [
            f"{self.model}: flash attention, cache, threads: prefill tokens/s, step of 1 and of 8 branches, a note"
        ]
        for point in self.points:
            mark = "  <- used" if point is self.best else ""
            lines.append(
                f"  {'on ' if point.flash_attn else 'off'} {point.kv_type:4} {point.n_threads:2}: "
                f"{point.prefill_rate:7.1f}  {point.step_one * 1000:7.1f} ms  {point.step_eight * 1000:7.1f} ms  "
                f"{point.note_seconds:6.1f} s{mark}"
            )
        rates = ", ".join(f"{rows}: {rate:.1f}" for rows, rate in self.rates)
        lines.append(f"  rows of a batch, prefill tokens/s: {rates}; {self.tuned.n_batch} are used")
        if not self.undisturbed:
            lines.append(
                "  the machine was busy with other work: this is not remembered, measure again when it is idle"
            )
        return lines


def tune(settings: EngineSettings) -> Tuning:
    """Measures (seconds for a small model, a minute or two for one of 4 billion weights) and remembers the result in
    ``settings.cache_dir``, unless other work disturbed it. The model is loaded once for each way, so no engine should
    run beside it. Raises ``ModelError``."""
    steps = tuning_steps(settings, LlamaRunner)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            tuning: Tuning = end.value
            return tuning


def tuning_steps(settings: EngineSettings, open_runner: Open) -> Generator[None, None, Tuning]:
    """``tune`` in steps of one decode each, over runners that ``open_runner`` makes. A decode that was aborted is made
    again in the next step. Raises ``ModelError``."""
    plan = plan_load(replace(settings, lora_path=None))
    # As few cells as the measurements take: an engine's own cache may lie beside them.
    base = replace(plan.runner, n_ctx=min(_CELLS, plan.runner.n_ctx), kv_tokens=_CELLS, n_batch=max(_ROWS))
    points: list[TuningPoint] = []
    gauge = _Gauge()
    for way in _ways(settings, base):
        try:
            runner = open_runner(way)
        except ModelLoadError:
            # The heads of some models do not go into the blocks of a quantised cache.
            if way.kv_type == "f16":
                raise
            continue
        try:
            points.extend((yield from _measure(runner, way, _threads(settings, way), gauge)))
        finally:
            runner.close()
    best = min(points, key=lambda point: point.note_seconds)
    way = replace(base, flash_attn=best.flash_attn, kv_type=best.kv_type, n_threads=best.n_threads)
    runner = open_runner(way)
    try:
        gauge.threads = best.n_threads
        rates = yield from _rates(runner, gauge)
    finally:
        runner.close()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    tuning = Tuning(settings.model_path.name, tuple(points), tuple(rates), now, gauge.undisturbed)
    if settings.cache_dir is not None and tuning.undisturbed:
        _write(settings.cache_dir, _key(settings), tuning.tuned)
    return tuning


def _ways(settings: EngineSettings, base: RunnerSettings) -> list[RunnerSettings]:
    """Ways to make a context. llama.cpp quantises the cache only with flash attention."""
    flashes = (False, True) if settings.flash_attn is None else (settings.flash_attn,)
    kinds = ("f16", "q8_0") if settings.kv_type is None else (settings.kv_type,)
    return [
        replace(base, flash_attn=flash, kv_type=kind) for flash in flashes for kind in kinds if flash or kind == "f16"
    ]


def _threads(settings: EngineSettings, way: RunnerSettings) -> list[int]:
    """All cores, and one less: the service beside the model wants one too. The type of the cache changes nothing."""
    if settings.n_threads is not None:
        return [settings.n_threads]
    cores = physical_cores()
    return sorted({cores} if way.kv_type != "f16" else {cores, max(1, cores - 1)}, reverse=True)


def _measure(
    runner: LlamaRunner, way: RunnerSettings, threads: list[int], gauge: _Gauge
) -> Generator[None, None, list[TuningPoint]]:
    points = []
    prefix = min(_PREFIX, runner.n_ctx // 2)
    gauge.threads = way.n_threads
    for at in range(0, prefix, _CHUNK):
        yield from _timed(runner, gauge, np.zeros(_CHUNK), at + np.arange(_CHUNK))
    for count in threads:
        runner.use_threads(count)
        gauge.threads = count
        chunk = yield from _best(runner, gauge, np.zeros(_CHUNK), prefix + np.arange(_CHUNK), rounds=3)
        one = yield from _best(runner, gauge, np.zeros(1), np.full(1, prefix), rounds=_STEPS, output=True)
        for lane in range(1, _LANES + 1):
            runner.copy(0, lane, prefix)
        lanes = np.arange(1, _LANES + 1)
        eight = yield from _best(runner, gauge, lanes, np.full(_LANES, prefix), rounds=_STEPS, output=True)
        for lane in range(1, _LANES + 1):
            runner.cut(lane, 0)
        points.append(TuningPoint(way.flash_attn, way.kv_type, count, _CHUNK / chunk, one, eight))
    return points


def _rates(runner: LlamaRunner, gauge: _Gauge) -> Generator[None, None, list[tuple[int, float]]]:
    rates = []
    for rows in (rows for rows in _ROWS if rows <= runner.n_ctx):
        seconds = yield from _best(runner, gauge, np.zeros(rows), np.arange(rows), rounds=2)
        rates.append((rows, rows / seconds))
    return rates


def _best(
    runner: RunnerPort, gauge: _Gauge, sequences: Any, positions: Any, *, rounds: int, output: bool = False
) -> Steps:
    """The shortest of some rounds of the same batch; other work on the machine only ever makes one longer."""
    seconds = []
    for _ in range(rounds):
        seconds.append((yield from _timed(runner, gauge, sequences, positions, output=output)))
        _undo(runner, sequences, positions)
    return min(seconds)


def _timed(runner: RunnerPort, gauge: _Gauge, sequences: Any, positions: Any, *, output: bool = False) -> Steps:
    count = len(positions)
    batch = Batch(
        np.arange(100, 100 + count, dtype=np.int32),
        np.asarray(positions, np.int32),
        np.asarray(sequences, np.int32),
        np.full(count, output, np.int8),
    )
    while True:
        begun, spent = time.perf_counter(), time.process_time()
        code = runner.decode(batch)
        seconds, spent = time.perf_counter() - begun, time.process_time() - spent
        yield
        if code == Decoded.OK:
            gauge.possible += seconds * gauge.threads
            gauge.got += spent
            return seconds
        if code != Decoded.ABORTED:
            raise ModelLoadError(f"llama.cpp refused a batch of {count} tokens while tuning (code {code})")
        _undo(runner, sequences, positions)


def _undo(runner: RunnerPort, sequences: Any, positions: Any) -> None:
    for sequence in np.unique(sequences):
        runner.cut(int(sequence), int(positions[sequences == sequence].min()))


def remembered(settings: EngineSettings) -> Tuned | None:
    """What was found earlier for this machine and model, or None."""
    if settings.cache_dir is None:
        return None
    try:
        return Tuned(**_known(settings.cache_dir)[_key(settings)])
    except (OSError, KeyError, TypeError):
        return None


def with_tuning(settings: EngineSettings) -> EngineSettings:
    """The settings with what they leave open filled in from an earlier ``tune``."""
    tuned = remembered(settings) if settings.n_gpu_layers == 0 else None
    if tuned is None:
        return settings
    flash = tuned.flash_attn if settings.flash_attn is None else settings.flash_attn
    return replace(
        settings,
        flash_attn=flash,
        kv_type=(tuned.kv_type if flash else "f16") if settings.kv_type is None else settings.kv_type,
        n_threads=tuned.n_threads if settings.n_threads is None else settings.n_threads,
        n_batch=tuned.n_batch if settings.n_batch is None else settings.n_batch,
    )


def _key(settings: EngineSettings) -> str:
    """This machine, this model, this llama.cpp."""
    size = settings.model_path.stat().st_size
    return f"{platform.machine()}|{_processor()}|{os.cpu_count()}|{settings.model_path.name}|{size}|{version()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    named = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor())


def _write(cache_dir: Path, key: str, tuned: Tuned) -> None:
    """A cache that cannot be written only costs time, so errors of the file system are passed over."""
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        known = _known(cache_dir)
        draft = cache_dir / f"{_FILE}.{os.getpid()}"
        draft.write_text(json.dumps({**known, key: asdict(tuned)}, indent=1), encoding="utf-8")
        draft.replace(cache_dir / _FILE)
    except OSError:
        return


def _known(cache_dir: Path) -> dict[str, Any]:
    try:
        loaded = json.loads((cache_dir / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return loaded if isinstance(loaded, dict) else {}
