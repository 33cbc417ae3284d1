"""How a note stands in the database, as far as its stream needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from server.db import generations, notes, sessions
from server.db.database import Database
from server.db.tables import GenerationRow, SessionRow


@dataclass(frozen=True, slots=True)
class Standing:
    """``version``: that of the stored note, 0 where none is; ``stored_at``: since when. ``position``: the place of a
    waiting generation in the queue, from 1."""

    session: SessionRow | None
    latest: GenerationRow | None
    position: int | None
    version: int
    stored_at: datetime | None


async def read_standing(database: Database, session_id: int) -> Standing:
    async with database.read() as db:
        session = await sessions.find(db, session_id)
        latest = await generations.latest(db, session_id)
        waits = latest is not None and latest.state == "queued"
        position = await generations.position(db, latest) if latest is not None and waits else None
        version, stored_at = await notes.latest(db, session_id)
        return Standing(session, latest, position, version, stored_at)
