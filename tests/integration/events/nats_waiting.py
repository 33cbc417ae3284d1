"""Waiting for what comes about by itself."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from events.embedded import EmbeddedNats
from events.jetstream import JetStreamBroker
from events.streams import ConsumerSettings


async def eventually(condition: Callable[[], bool | Awaitable[bool]], seconds: float = 10.0) -> None:
    """Waits until ``condition`` holds; fails after ``seconds``."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        result = condition()
        if await result if isinstance(result, Awaitable) else result:
            return
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not true within {seconds} s")
        await asyncio.sleep(0.01)


@asynccontextmanager
async def connected(nats: EmbeddedNats, consumer: ConsumerSettings | None = None) -> AsyncIterator[JetStreamBroker]:
    """A broker that is connected to the embedded server."""
    broker = JetStreamBroker([nats.url], consumer=consumer, drain=2.0)
    await broker.start()
    try:
        await eventually(lambda: broker.connected)
        yield broker
    finally:
        await broker.stop()


async def kill(nats: EmbeddedNats) -> None:
    """``kill -9`` of the server."""
    assert nats.pid is not None
    os.kill(nats.pid, signal.SIGKILL)
    await nats.wait()
