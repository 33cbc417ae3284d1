"""What is fastest on this machine with this model: flash attention on or off, how many threads.

Published measurements contradict each other, so it is measured here, once for each machine and model. What counts is
the time of a note: the last turn of the prompt, then sections side by side.
"""

from __future__ import annotations

import json
import os
import platform
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from models.engine.loading import plan_load
from models.engine.ports import Batch, Decoded, RunnerPort
from models.engine.runner import LlamaRunner, RunnerSettings, version
from models.engine.settings import EngineSettings, physical_cores
from models.errors import ModelLoadError

__all__ = ["Tuning", "TuningPoint", "remembered", "tune", "with_tuning"]

_FILE = "tuning.json"
_PREFIX = 384  # tokens that the steps look back on
_CHUNK = 64  # tokens of a last turn
_LANES = 8
_STEPS = 6
_TOKENS_A_SECTION = 30


@dataclass(frozen=True, slots=True)
class TuningPoint:
    """One setting and what it gave: tokens a second of prefill, seconds of a step of one and of eight branches."""

    flash_attn: bool
    n_threads: int
    prefill_rate: float
    step_one: float
    step_eight: float

    @property
    def note_seconds(self) -> float:
        """What a note would take after its session closed."""
        return _CHUNK / self.prefill_rate + _TOKENS_A_SECTION * self.step_eight


@dataclass(frozen=True, slots=True)
class Tuning:
    """What was measured. ``best`` is what the engine then uses where the settings leave it open."""

    model: str
    points: tuple[TuningPoint, ...]

    @property
    def best(self) -> TuningPoint:
        return min(self.points, key=lambda point: point.note_seconds)

    def lines(self) -> list[str]:
        """A report for people."""
        lines = [f"{self.model}: flash attention, threads: prefill tokens/s, step of 1 and of 8 branches, a note"]
        for point in self.points:
            mark = "  <- used" if point is self.best else ""
            lines.append(
                f"  {'on ' if point.flash_attn else 'off'} {point.n_threads:2}: {point.prefill_rate:7.1f}  "
                f"{point.step_one * 1000:7.1f} ms  {point.step_eight * 1000:7.1f} ms  {point.note_seconds:6.1f} s{mark}"
            )
        return lines


def tune(settings: EngineSettings) -> Tuning:
    """Measures (seconds for a small model, a minute or two for one of 4 billion weights) and remembers the result in
    ``settings.cache_dir``. The model is loaded once for each way, so no engine should run beside it. Raises
    ``ModelError``."""
    plan = plan_load(replace(settings, lora_path=None))
    small = min(1024, plan.runner.n_ctx)
    cores = settings.n_threads or physical_cores()
    threads = sorted({cores, max(1, cores - 1)}, reverse=True)
    flashes = (settings.flash_attn,) if settings.flash_attn is not None else (False, True)
    base = replace(plan.runner, n_ctx=small, kv_tokens=max(1024, small))
    points = [_measure(replace(base, flash_attn=flash, n_threads=count)) for flash in flashes for count in threads]
    tuning = Tuning(settings.model_path.name, tuple(points))
    if settings.cache_dir is not None:
        _write(settings.cache_dir, _key(settings), tuning.best)
    return tuning


def _measure(runner_settings: RunnerSettings) -> TuningPoint:
    runner = LlamaRunner(runner_settings)
    try:
        prefix = min(_PREFIX, runner.n_ctx // 2)
        _decode(runner, np.zeros(prefix, np.int32), np.arange(prefix))
        chunk = min(
            _timed(runner, np.zeros(_CHUNK, np.int32), prefix + np.arange(_CHUNK), cut=prefix) for _ in range(3)
        )
        one = _steps(runner, 1, prefix)
        for lane in range(1, _LANES + 1):
            runner.copy(0, lane, prefix)
        eight = _steps(runner, _LANES, prefix)
    finally:
        runner.close()
    return TuningPoint(runner_settings.flash_attn, runner_settings.n_threads, _CHUNK / chunk, one, eight)


def _steps(runner: RunnerPort, lanes: int, at: int) -> float:
    """The best of a few steps of so many branches; other work on the machine only ever makes a step longer."""
    sequences = np.arange(1, lanes + 1) if lanes > 1 else np.zeros(1)
    times = [_timed(runner, sequences, np.full(lanes, at + step), output=True) for step in range(_STEPS)]
    if lanes == 1:
        runner.cut(0, at)
    return min(times)


def _timed(
    runner: RunnerPort, sequences: Any, positions: Any, *, output: bool = False, cut: int | None = None
) -> float:
    begun = time.perf_counter()
    _decode(runner, sequences, positions, output=output)
    seconds = time.perf_counter() - begun
    if cut is not None:
        runner.cut(0, cut)
    return seconds


def _decode(runner: RunnerPort, sequences: Any, positions: Any, *, output: bool = False) -> None:
    count = len(positions)
    batch = Batch(
        np.arange(100, 100 + count, dtype=np.int32),
        np.asarray(positions, np.int32),
        np.asarray(sequences, np.int32),
        np.full(count, output, np.int8),
    )
    code = runner.decode(batch)
    if code != Decoded.OK:
        raise ModelLoadError(f"llama.cpp refused a batch of {count} tokens while tuning (code {code})")


def remembered(settings: EngineSettings) -> TuningPoint | None:
    """What an earlier ``tune`` found for this machine and model, or None."""
    if settings.cache_dir is None:
        return None
    try:
        return TuningPoint(**_known(settings.cache_dir)[_key(settings)])
    except (OSError, KeyError, TypeError):
        return None


def with_tuning(settings: EngineSettings) -> EngineSettings:
    """The settings with what they leave open filled in from an earlier ``tune``."""
    point = remembered(settings) if settings.n_gpu_layers == 0 else None
    if point is None:
        return settings
    return replace(
        settings,
        flash_attn=point.flash_attn if settings.flash_attn is None else settings.flash_attn,
        n_threads=point.n_threads if settings.n_threads is None else settings.n_threads,
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


def _write(cache_dir: Path, key: str, point: TuningPoint) -> None:
    """A cache that cannot be written only costs time, so errors of the file system are passed over."""
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        known = _known(cache_dir)
        draft = cache_dir / f"{_FILE}.{os.getpid()}"
        draft.write_text(json.dumps({**known, key: asdict(point)}, indent=1), encoding="utf-8")
        draft.replace(cache_dir / _FILE)
    except OSError:
        return


def _known(cache_dir: Path) -> dict[str, Any]:
    try:
        loaded = json.loads((cache_dir / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return loaded if isinstance(loaded, dict) else {}
