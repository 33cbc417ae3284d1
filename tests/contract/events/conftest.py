"""Each test here runs over both brokers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from broker_bench import Bench, MemoryBench, NatsBench


@pytest.fixture(params=["memory", "nats"])
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    if request.param == "memory":
        memory = MemoryBench()
        yield memory
        await memory.close()
        return
    nats = NatsBench(tmp_path)
    await nats.open()
    yield nats
    await nats.close()
