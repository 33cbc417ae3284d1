"""The log of one note's stream, as the API holds it: events already encoded, read by any number of watchers.

A watcher is a cursor; it never holds the log up, and costs what its cursor costs. Memory is that of one note.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from events.frames import Frame, Position, StreamEvent


def encode(event_id: str, event: str, data: object) -> bytes:
    """One server-sent event."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"id: {event_id}\nevent: {event}\ndata: {body}\n\n".encode()


class NoteLog:
    """The events of the latest generation of one note."""

    def __init__(self) -> None:
        self.generation: str | None = None
        self._begun: datetime | None = None
        self._positions: list[Position] = []
        self._encoded: list[bytes] = []
        self._ended = False
        self._closed = False
        self._grown = asyncio.Event()
        self._early: list[Frame] = []

    @property
    def ended(self) -> bool:
        return self._ended

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def last(self) -> Position:
        return self._positions[-1] if self._positions else Position(0, 0)

    def __len__(self) -> int:
        return len(self._encoded)

    def begin(self, generation: str, begun: datetime) -> None:
        """Drops an older generation's events and waits for those of this one, which was asked for at ``begun``. A
        reader who looked at the database a moment too early cannot set the log back to an older one."""
        if generation != self.generation and (self._begun is None or begun >= self._begun):
            self.generation, self._begun = generation, begun
            self._positions, self._encoded, self._ended = [], [], False
            early, self._early = self._early, []
            for frame in early:
                self.take(frame)
            self._wake()

    def take(self, frame: Frame) -> None:
        """Appends the events of a frame that are new: frames can come twice, and from an attempt that was given up.
        A frame of a generation that nobody asked for yet is kept until somebody does."""
        if frame.generation != self.generation:
            self._early = [*(f for f in self._early if f.generation == frame.generation), frame]
            return
        for event in frame:
            self.append(event)
        self._wake()

    def append(self, event: StreamEvent) -> None:
        if self._ended or (self._positions and event.position <= self.last):
            return
        self._positions.append(event.position)
        self._encoded.append(encode(event.id, event.event, event.data))
        self._ended = event.is_last
        self._wake()

    def told(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Name and data of every event, read back from what readers get."""
        for encoded in self._encoded:
            _, event, data = encoded.decode().split("\n", 3)[:3]
            yield event.removeprefix("event: "), json.loads(data.removeprefix("data: "))

    def after(self, position: Position) -> int:
        """The cursor of the first event after ``position``."""
        for cursor in range(len(self._positions), 0, -1):
            if self._positions[cursor - 1] <= position:
                return cursor
        return 0

    def read(self, cursor: int) -> bytes:
        """Everything from ``cursor`` on, in one piece."""
        return b"".join(self._encoded[cursor:])

    def read_before_end(self, cursor: int) -> bytes:
        """As ``read``, of a log that has ended, without what ended it."""
        return b"".join(self._encoded[cursor:-1])

    async def grown(self, cursor: int) -> None:
        """Waits until there is something after ``cursor``, or something else that a reader must look at: the end,
        another generation, the end of the service."""
        if cursor >= len(self._encoded) and not self._ended and not self._closed:
            await self._grown.wait()

    def close(self) -> None:
        """Wakes every reader for good: nothing more will come."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        # All who wait hold the old event; those who come later get a new one.
        self._grown.set()
        self._grown = asyncio.Event()
