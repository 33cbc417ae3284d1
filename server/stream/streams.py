"""The streams of notes that the API serves: one log for each note that is watched, any number of watchers over it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from events.broker import MessageBroker
from server.db.database import Database


class NoteStreams:
    """Watchers of notes."""

    def __init__(self, database: Database, broker: MessageBroker) -> None:
        self._database = database
        self._broker = broker

    async def open(self, session_id: int, last_event_id: str | None) -> AsyncIterator[bytes] | None:
        """The encoded server-sent events from after ``last_event_id``; None when nothing came after it and nothing
        will. Raises ``NotFoundError`` where nothing runs and nothing is stored."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Ends every watcher."""
