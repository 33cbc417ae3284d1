"""What the HTTP layer is given: built once in ``server.app``, handed to every handler through ``request.state``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from events.broker import MessageBroker
from server.db.database import Database
from server.notes.editing import Editing
from server.sessions.intake import Limits
from server.settings import Settings
from server.stream.streams import NoteStreams
from server.stream.waiting import GenerationWaiter
from server.stream.workers import WorkerView


@dataclass(frozen=True, slots=True)
class ApiParts:
    """``web`` is the folder of the built page, None where it was not built."""

    settings: Settings
    database: Database
    broker: MessageBroker
    editing: Editing
    limits: Limits
    streams: NoteStreams
    waiter: GenerationWaiter
    workers: WorkerView
    web: Path | None
