"""Waiting for a generation to end, for callers that want the note in one answer."""

from __future__ import annotations

import asyncio
import json
import time

from events.broker import MessageBroker
from events.wake import SESSION_CHANGED
from server.db import generations
from server.db.database import Database
from server.db.tables import GenerationRow

_LOOK_EVERY = 0.5


class GenerationWaiter:
    """Looks at the database when a worker says that a session changed, and now and then besides: a notice can be
    lost."""

    def __init__(self, database: Database, broker: MessageBroker) -> None:
        self._database = database
        self._changed: dict[int, asyncio.Event] = {}
        broker.listen(SESSION_CHANGED, self._on_change)

    async def wait(self, generation_id: str, session_id: int, seconds: float) -> GenerationRow | None:
        """The generation once it is done, failed or cancelled; None when that takes longer than ``seconds``."""
        deadline = time.monotonic() + seconds
        while True:
            changed = self._changed.setdefault(session_id, asyncio.Event())
            async with self._database.read() as db:
                row = await generations.find(db, generation_id)
            if row is None or row.state not in generations.ACTIVE:
                return row
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            try:
                await asyncio.wait_for(changed.wait(), min(left, _LOOK_EVERY))
            except TimeoutError:
                continue

    def _on_change(self, _subject: str, payload: bytes) -> None:
        session_id = changed_session(payload)
        if session_id is not None and (event := self._changed.pop(session_id, None)) is not None:
            event.set()


def changed_session(payload: bytes) -> int | None:
    """The session that a ``SESSION_CHANGED`` notice names, or None for anything else."""
    try:
        value = json.loads(payload)
    except ValueError:
        return None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
