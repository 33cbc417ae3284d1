"""Work that no event will bring again: found in the database, which is the truth."""

from __future__ import annotations

from sqlalchemy import select

from server.clock import utc_now
from server.db import sessions
from server.db.database import Database
from server.db.tables import GenerationRow, NoteRow, SessionRow
from server.sessions import intake


async def reconcile(database: Database) -> int:
    """Queues the note of every closed session that has none, and none on its way. How many there were."""
    async with database.read() as db:
        forgotten = (
            (
                await db.execute(
                    select(SessionRow.id).where(
                        SessionRow.status == "closed",
                        ~select(NoteRow.session_id).where(NoteRow.session_id == SessionRow.id).exists(),
                        ~select(GenerationRow.id).where(GenerationRow.session_id == SessionRow.id).exists(),
                    )
                )
            )
            .scalars()
            .all()
        )
    queued = 0
    for session_id in forgotten:
        async with database.write() as db:
            session = await sessions.lock(db, session_id)
            if session is not None and await intake.queue_first_note(db, session, utc_now()) is not None:
                queued += 1
    return queued
