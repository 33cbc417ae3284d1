"""One read for all who ask for the same at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class SharedReads(Generic[T]):
    """Reads by key. Whoever asks while a read of that key is under way waits for the one after it, together with all
    others who do: a crowd costs two reads, and nobody gets what was read before they asked."""

    def __init__(self, read: Callable[[int], Awaitable[T]]) -> None:
        self._read = read
        self._running: dict[int, asyncio.Task[T]] = {}
        self._next: dict[int, asyncio.Task[T]] = {}

    async def of(self, key: int) -> T:
        """What ``read`` gives for ``key``; raises what it raises."""
        task = self._next.get(key)
        if task is None:
            task = self._next[key] = asyncio.create_task(self._turn(key, self._running.get(key)))
        # One who leaves does not take the answer from the others.
        return await asyncio.shield(task)

    async def _turn(self, key: int, before: asyncio.Task[T] | None) -> T:
        if before is not None:
            await asyncio.wait([before])
        own = self._running[key] = self._next.pop(key)
        try:
            return await self._read(key)
        finally:
            if self._running.get(key) is own:
                del self._running[key]
