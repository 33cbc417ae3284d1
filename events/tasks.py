"""Ending tasks for sure."""

from __future__ import annotations

import asyncio
from typing import Any


async def end(task: asyncio.Task[Any] | None) -> None:
    """Cancels a task and waits until it has ended. nats-py swallows a cancellation in places, so one is not enough."""
    while task is not None and not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=0.2)


def forget(task: asyncio.Future[Any]) -> None:
    """Cancels a task that nobody waits for any more; its error, if any, is of no interest."""
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    task.cancel()
