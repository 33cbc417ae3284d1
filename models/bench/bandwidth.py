"""How fast this machine reads memory: the limit of decoding, which reads all weights for every step."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

__all__ = ["read_bandwidth"]

_BYTES = 256 << 20  # each thread's own, far larger than any cache


def read_bandwidth(threads: int, rounds: int = 5) -> float:
    """Bytes a second that ``threads`` threads together read; the best of several rounds, so that other work on the
    machine lowers it least."""
    blocks = [np.ones(_BYTES // 8, np.int64) for _ in range(threads)]
    best = 0.0
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(rounds):
            begun = time.perf_counter()
            list(pool.map(np.bitwise_or.reduce, blocks))
            best = max(best, threads * _BYTES / (time.perf_counter() - begun))
    return best
