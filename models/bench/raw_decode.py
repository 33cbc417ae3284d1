"""llama.cpp alone, nothing of the product around it: one sequence, the whole prompt at once, one token a step."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models.engine.loading import load, plan_load
from models.engine.ports import Batch, Ints, RunnerPort
from models.engine.settings import EngineSettings

__all__ = ["RawTimes", "raw_decode_rate", "raw_times"]


@dataclass(frozen=True, slots=True)
class RawTimes:
    """Seconds of one prompt and of each decoded token; processor seconds, of all threads, of the prompt and of all."""

    prefill: float
    steps: list[float]
    work_prefill: float
    work_total: float


def raw_times(runner: RunnerPort, prompt: Ints, count: int) -> RawTimes:
    """Decodes ``count`` tokens greedily behind ``prompt`` in sequence 0, which is empty before and after."""
    begun, work = time.perf_counter(), time.process_time()
    for at in range(0, len(prompt), runner.n_batch):
        part = prompt[at : at + runner.n_batch]
        last = at + len(part) == len(prompt)
        _decode(runner, part, at, output=last)
    token = int(runner.logits((len(prompt) - 1) % runner.n_batch).argmax())
    prefill, work_prefill = time.perf_counter() - begun, time.process_time() - work
    steps = []
    for step in range(1, count):
        begun = time.perf_counter()
        _decode(runner, np.array([token], np.int32), len(prompt) + step - 1, output=True)
        token = int(runner.logits(0).argmax())
        steps.append(time.perf_counter() - begun)
    runner.cut(0, 0)
    return RawTimes(prefill, steps, work_prefill, time.process_time() - work)


def _decode(runner: RunnerPort, tokens: Ints, at: int, *, output: bool) -> None:
    outputs = np.zeros(len(tokens), np.int8)
    outputs[-1] = output
    positions = np.arange(at, at + len(tokens), dtype=np.int32)
    code = runner.decode(Batch(tokens, positions, np.zeros(len(tokens), np.int32), outputs))
    if code:
        raise RuntimeError(f"llama.cpp refused a batch of {len(tokens)} tokens (code {code})")


def raw_decode_rate(model_path: Path, *, threads: int, prefix_tokens: int = 512, steps: int = 64) -> float:
    """Tokens a second of single steps behind a prefix of ``prefix_tokens`` tokens, from the median step."""
    settings = EngineSettings(model_path, n_threads=threads)
    plan = plan_load(settings)
    runner = load(replace(plan, runner=replace(plan.runner, kv_tokens=plan.runner.n_ctx)))
    try:
        # Any tokens will do: the time of a step does not depend on which they are.
        prompt = np.arange(100, 100 + prefix_tokens, dtype=np.int32)
        return 1.0 / statistics.median(raw_times(runner, prompt, steps + 1).steps)
    finally:
        runner.close()
