"""What happens to sessions, for lists that show it live: notices from the other parts, and a slow look besides."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta

from events.broker import MessageBroker
from events.wake import SESSION_CHANGED
from server.clock import utc_now
from server.db import sessions
from server.db.database import Database
from server.db.sessions import Listed
from server.http.views import listed_json
from server.stream.waiting import changed_session
from server.stream.workers import Reading, WorkerView

_LOOK_EVERY = 10.0
# A commit becomes visible a little after the time that it wrote.
_OVERLAP = timedelta(seconds=5)
# One event for each change would be too many while a session is spoken: changes within this time come as one.
_GATHER = 0.2
_AT_ONCE = 200


class SessionChanges:
    """Any number of watchers over one listener. A watcher that does not read holds nothing but a set of ids."""

    def __init__(self, database: Database, broker: MessageBroker, workers: WorkerView) -> None:
        self._database = database
        self._workers = workers
        self._watchers: set[_Watcher] = set()
        broker.listen(SESSION_CHANGED, self._on_change)
        workers.on_reading(self._add)

    async def follow(self, therapist: str | None) -> AsyncGenerator[bytes, None]:
        """Encoded ``session`` events: each the list entry of a session that changed, only that therapist's."""
        watcher = _Watcher()
        self._watchers.add(watcher)
        told: dict[int, bytes] = {}
        since, looked = utc_now(), time.monotonic()
        try:
            yield b": follows\n"
            while True:
                changed = await watcher.next(_LOOK_EVERY)
                entries = await self._read(therapist, only=changed) if changed else []
                if not changed or time.monotonic() - looked >= _LOOK_EVERY:
                    entries += await self._read(therapist, since=since)
                    since, looked = utc_now() - _OVERLAP, time.monotonic()
                for entry in entries:
                    event = _encode(entry, self._workers.reading(entry.row.id))
                    if told.get(entry.row.id) != event:
                        told[entry.row.id] = event
                        yield event
                if len(told) > 10 * _AT_ONCE:
                    told.clear()
        finally:
            self._watchers.discard(watcher)

    async def _read(
        self, therapist: str | None, *, only: set[int] | None = None, since: datetime | None = None
    ) -> list[Listed]:
        async with self._database.read() as db:
            wanted = sorted(only) if only is not None else None
            return await sessions.listed(db, therapist=therapist, only=wanted, since=since, limit=_AT_ONCE)

    def _on_change(self, _subject: str, payload: bytes) -> None:
        session_id = changed_session(payload)
        if session_id is not None:
            self._add(session_id)

    def _add(self, session_id: int) -> None:
        for watcher in self._watchers:
            watcher.add(session_id)


class _Watcher:
    """The sessions that changed since it last looked."""

    def __init__(self) -> None:
        self._changed: set[int] = set()
        self._event = asyncio.Event()

    def add(self, session_id: int) -> None:
        if len(self._changed) < _AT_ONCE:  # the slow look finds the rest
            self._changed.add(session_id)
        self._event.set()

    async def next(self, patience: float) -> set[int]:
        """What changed, after at most ``patience`` seconds; empty when it is time to look by oneself."""
        try:
            await asyncio.wait_for(self._event.wait(), patience)
        except TimeoutError:
            return set()
        await asyncio.sleep(_GATHER)
        self._event.clear()
        changed, self._changed = self._changed, set()
        return changed


def _encode(entry: Listed, reading: Reading | None) -> bytes:
    body = json.dumps(listed_json(entry, reading), separators=(",", ":"))
    return f"event: session\ndata: {body}\n\n".encode()
