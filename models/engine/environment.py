"""What a process that runs a model is told through its environment, because it must know before it starts."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["engine_environment"]

_WANTED = {
    # Threads of llama.cpp that wait for each other give the core away instead of spinning: where anything else runs on
    # the machine, spinning costs many times what waking up does.
    "OMP_WAIT_POLICY": "passive",
    # Weights and cache in pages of 2 MiB where the system gives them to who asks: a step walks through gigabytes, and
    # the processor then looks up far fewer addresses. glibc reads this once, at the start of a process.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}


def engine_environment(given: Mapping[str, str]) -> dict[str, str]:
    """``given``, with what is missing in it for an engine; what is said there stays."""
    return {**_WANTED, **given}
