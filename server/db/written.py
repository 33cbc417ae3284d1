"""Queries over what was written and what became of it: for training, and for comparing models."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.db import notes
from server.db.tables import GenerationRow, NoteRow, SessionRow, TrainingConsentRow
from server.notes import codec
from server.notes.outcomes import Version
from server.notes.state import Status


async def set_consent(db: AsyncSession, session_id: int, consent: bool, given_by: str | None, now: datetime) -> None:
    """Gives or withdraws the consent to train on a session."""
    await db.execute(delete(TrainingConsentRow).where(TrainingConsentRow.session_id == session_id))
    if consent:
        db.add(TrainingConsentRow(session_id=session_id, given_by=given_by, given_at=now))
        await db.flush()


async def has_consent(db: AsyncSession, session_id: int) -> bool:
    """Whether there is consent to train on a session."""
    found = await db.scalar(select(TrainingConsentRow.session_id).where(TrainingConsentRow.session_id == session_id))
    return found is not None


async def signed(db: AsyncSession) -> AsyncIterator[tuple[SessionRow, bool, list[Version]]]:
    """Sessions whose note is signed, whether there is consent to train on them, and the note's versions."""
    found = await db.execute(
        select(SessionRow, TrainingConsentRow.session_id)
        .join(NoteRow, NoteRow.session_id == SessionRow.id)
        .outerjoin(TrainingConsentRow, TrainingConsentRow.session_id == SessionRow.id)
        .where(NoteRow.status == Status.SIGNED.value)
        .order_by(SessionRow.id)
    )
    for row, consent in found.all():
        yield row, consent is not None, await _versions(db, row.id)


async def histories(db: AsyncSession, since: datetime | None) -> AsyncIterator[tuple[int, list[Version]]]:
    """The versions of each note that a model wrote since then, session by session."""
    wanted = select(GenerationRow.session_id).where(GenerationRow.state == "done").distinct()
    if since is not None:
        wanted = wanted.where(GenerationRow.created_at >= since)
    for session_id in (await db.execute(wanted.order_by(GenerationRow.session_id))).scalars().all():
        yield session_id, await _versions(db, session_id)


async def _versions(db: AsyncSession, session_id: int) -> list[Version]:
    """Oldest first."""
    return [
        Version(row.change, codec.from_json(row.state["note"]), row.state["evidence"], row.created_at)
        for row in await notes.revisions(db, session_id)
    ]
