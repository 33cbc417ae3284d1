"""How fast llama.cpp alone decodes a model: one sequence, one token a step, nothing of the product around it."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import llama_cpp


def raw_decode_rate(model_path: Path, *, threads: int, prefix_tokens: int = 512, steps: int = 64) -> float:
    """Tokens a second of ``llama_decode`` behind a prefix of ``prefix_tokens`` tokens, from the median step."""
    model = llama_cpp.Llama(
        str(model_path),
        n_ctx=prefix_tokens + steps + 8,
        n_batch=512,
        n_threads=threads,
        n_threads_batch=threads,
        verbose=False,
    )
    try:
        # Any tokens will do: the time of a step does not depend on which they are.
        model.eval([100 + place % 20_000 for place in range(prefix_tokens)])
        times = []
        for step in range(steps):
            began = time.perf_counter()
            model.eval([100 + step])
            times.append(time.perf_counter() - began)
        return 1.0 / statistics.median(times)
    finally:
        model.close()
