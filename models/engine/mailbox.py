"""The loop's side of a running request: events by step, and the three things one may ask of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from models.engine.api import EngineEvent, Failed, Finished, Token

__all__ = ["Mailbox"]


class Mailbox:
    """A ``Generation``. One reader; events wait in memory until they are read, and a note is small."""

    def __init__(
        self,
        generation_id: str,
        cancel: Callable[[], None],
        stop_branch: Callable[[str], None],
        hurry: Callable[[float | None], None],
    ) -> None:
        self._id = generation_id
        self._cancel = cancel
        self._stop_branch = stop_branch
        self._hurry = hurry
        self._steps: asyncio.Queue[list[EngineEvent]] = asyncio.Queue()
        self._read_to_end = False
        self.ended = False
        self.failed = False
        self.written = 0

    @property
    def id(self) -> str:
        return self._id

    def deliver(self, events: list[EngineEvent]) -> None:
        """Adds the events of one step. Nothing follows the last event."""
        if self.ended or not events:
            return
        self.ended = isinstance(events[-1], Finished | Failed)
        self.failed = isinstance(events[-1], Failed)
        self.written += sum(len(event.text) for event in events if isinstance(event, Token))
        self._steps.put_nowait(events)

    async def __aiter__(self) -> AsyncIterator[list[EngineEvent]]:
        while not self._read_to_end:
            events = await self._steps.get()
            self._read_to_end = isinstance(events[-1], Finished | Failed)
            yield events

    def stop_branch(self, branch: str) -> None:
        if not self.ended:
            self._stop_branch(branch)

    def cancel(self) -> None:
        if not self.ended:
            self._cancel()

    def hurry(self, deadline: float | None) -> None:
        if not self.ended:
            self._hurry(deadline)
