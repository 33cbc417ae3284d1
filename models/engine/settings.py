"""What an engine is told at start: one frozen record, checked before anything is loaded."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DEFAULT_N_BATCH", "DEFAULT_N_CTX", "MOST_BEAMS", "EngineSettings", "physical_cores"]

DEFAULT_N_BATCH = 512
DEFAULT_N_CTX = 4096
MOST_BEAMS = 8


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How a model is loaded and how much it may take.

    None means: ``n_ctx`` the model's own, at most 4096; ``kv_tokens`` what ``kv_bytes`` hold, and that about 1 GiB;
    ``cache_dir`` nothing is remembered from one start to the next; the others what tuning found, and before that
    ``n_threads`` physical cores, ``flash_attn`` off on a CPU, ``n_batch`` 512, ``kv_type`` "f16".

    ``n_ctx`` is tokens of one sequence; ``kv_tokens`` tokens of all of them together, of which one sequence fits in any
    case and more than four are of no use. ``lora_path`` is an adapter as GGUF. ``beams``: how many continuations of a
    note's paragraph suit the model (``ModelInfo``). ``tune``: an engine that finds nothing remembered measures while it
    is idle. ``verbose`` lets llama.cpp
    write to standard error.
    """

    model_path: Path
    n_ctx: int | None = None
    n_threads: int | None = None
    n_gpu_layers: int = 0
    lora_path: Path | None = None
    lora_scale: float = 1.0
    flash_attn: bool | None = None
    kv_tokens: int | None = None
    kv_bytes: int | None = None
    kv_type: str | None = None
    n_batch: int | None = None
    max_active: int = 8
    max_waiting: int = 64
    cache_dir: Path | None = None
    tune: bool = False
    beams: int = 1
    verbose: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError naming the field, what it was and what it may be."""
        _at_least("n_ctx", self.n_ctx, 64)
        _at_least("n_threads", self.n_threads, 1)
        _at_least("n_gpu_layers", self.n_gpu_layers, -1)
        _at_least("kv_tokens", self.kv_tokens, 64)
        _at_least("kv_bytes", self.kv_bytes, 1)
        _at_least("n_batch", self.n_batch, 64)
        _at_least("max_active", self.max_active, 1)
        _at_least("max_waiting", self.max_waiting, 1)
        if not 1 <= self.beams <= MOST_BEAMS:
            raise ValueError(f"beams is {self.beams}, it may be 1 to {MOST_BEAMS}")
        if self.kv_type not in (None, "f16", "q8_0"):
            raise ValueError(f"kv_type is {self.kv_type!r}, it may be 'f16' or 'q8_0'")
        if self.max_active > 16:
            raise ValueError(f"max_active is {self.max_active}, it may be 1 to 16")


def _at_least(name: str, value: int | None, least: int) -> None:
    if value is not None and value < least:
        raise ValueError(f"{name} is {value}, it must be {least} or more")


def physical_cores(cpuinfo: Path = Path("/proc/cpuinfo")) -> int:
    """Cores that compute, not hyper-threads; at least 1, never more than this process may use."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return max(1, usable)
    cores = set()
    for block in text.split("\n\n"):
        fields = dict(line.split(":", 1) for line in block.splitlines() if ":" in line)
        named = {key.strip(): value.strip() for key, value in fields.items()}
        if "core id" in named:
            cores.add((named.get("physical id", "0"), named["core id"]))
    return max(1, min(usable, len(cores) or usable))
