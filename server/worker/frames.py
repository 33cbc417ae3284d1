"""The writing end of a note's token stream."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

from events.broker import BrokerUnavailableError, MessageBroker
from events.frames import Frame

_RETRY_DELAY = 0.5


class FrameWriter:
    """Numbers the events of one attempt and appends them to the log of the note, in order.

    Writing a note never waits for the broker: what it cannot take now is kept (at most one note's worth) and sent
    when it is back, several steps in one frame.
    """

    def __init__(self, broker: MessageBroker, key: str, generation: str, attempt: int) -> None:
        self._broker = broker
        self._key = key
        self._generation = generation
        self._attempt = attempt
        self._next = 0
        self._pending: list[tuple[str, dict[str, Any]]] = []
        self._since = 0.0
        self._ready = asyncio.Event()
        self._closed = False
        self._sender = asyncio.create_task(self._send_all(), name=f"frames-{generation}")

    @property
    def attempt(self) -> int:
        return self._attempt

    def add(self, event: str, data: dict[str, Any]) -> None:
        """Appends an event; it leaves at the next ``flush``."""
        if not self._pending:
            self._since = time.time()
        self._pending.append((event, data))

    def flush(self) -> None:
        if self._pending:
            self._ready.set()

    async def close(self, patience: float) -> None:
        """Waits until everything has left, at most ``patience`` seconds; then what is left is dropped, and readers
        find the end of the note in the database."""
        self._closed = True
        self._ready.set()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._sender), patience)
        self._sender.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._sender

    async def _send_all(self) -> None:
        while not (self._closed and not self._pending):
            await self._ready.wait()
            self._ready.clear()
            batch, self._pending = self._pending, []
            if batch:
                frame = Frame(self._generation, self._attempt, self._next, tuple(batch), self._since)
                self._next += len(batch)
                await self._send(frame.encode())

    async def _send(self, payload: bytes) -> None:
        while True:
            try:
                return await self._broker.publish_frame(self._key, payload)
            except BrokerUnavailableError:
                await asyncio.sleep(_RETRY_DELAY)
