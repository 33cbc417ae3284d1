"""Queries for notes and their revisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.tables import NoteRow, RevisionRow
from server.errors import StaleVersionError
from server.notes import chain, codec
from server.notes.state import Note


@dataclass(frozen=True, slots=True)
class Stored:
    """A note and what was found by holding it against its session."""

    note: Note
    evidence: dict[str, Any]


async def find(db: AsyncSession, session_id: int) -> Stored | None:
    row = await db.get(NoteRow, session_id)
    return _stored(row.state) if row is not None else None


async def version(db: AsyncSession, session_id: int) -> int:
    """The version of a session's note; 0 where none is stored."""
    return (await db.execute(select(NoteRow.version).where(NoteRow.session_id == session_id))).scalar_one_or_none() or 0


async def latest(db: AsyncSession, session_id: int) -> tuple[int, datetime | None]:
    """The version of a session's note, and since when it stands; 0 where none is stored."""
    query = select(NoteRow.version, NoteRow.updated_at).where(NoteRow.session_id == session_id)
    row = (await db.execute(query)).one_or_none()
    return (row.version, row.updated_at) if row is not None else (0, None)


async def of_sessions(db: AsyncSession, session_ids: Sequence[int]) -> dict[int, Note]:
    rows = (await db.execute(select(NoteRow).where(NoteRow.session_id.in_(session_ids)))).scalars()
    return {row.session_id: codec.from_json(row.state["note"]) for row in rows}


async def save(
    db: AsyncSession,
    session_id: int,
    stored: Stored,
    *,
    change: str,
    author: dict[str, Any],
    now: datetime,
) -> None:
    """Stores the next version of a note, and keeps it among the revisions.

    Raises ``StaleVersionError`` unless the version before it is the one that is stored.
    """
    note = stored.note
    state = {"note": codec.to_json(note), "evidence": stored.evidence}
    if note.version == 1:
        db.add(
            NoteRow(session_id=session_id, version=1, status=note.status.value, state=state, updated_at=now),
        )
    else:
        result = await db.execute(
            update(NoteRow)
            .where(NoteRow.session_id == session_id, NoteRow.version == note.version - 1)
            .values(version=note.version, status=note.status.value, state=state, updated_at=now)
        )
        if cast("CursorResult[Any]", result).rowcount != 1:
            raise StaleVersionError("The note has a newer version than the one that this change was made on.")
    content: dict[str, Any] = {
        "session_id": session_id,
        "version": note.version,
        "change": change,
        "author": author,
        "text": note.text,
        "state": state,
        "created_at": now,
    }
    before = select(RevisionRow.chain).where(
        RevisionRow.session_id == session_id, RevisionRow.version == note.version - 1
    )
    db.add(RevisionRow(**content, chain=chain.link(await db.scalar(before), **content)))
    await db.flush()


async def revisions(db: AsyncSession, session_id: int) -> Sequence[RevisionRow]:
    """Every version, oldest first."""
    return (
        (
            await db.execute(
                select(RevisionRow).where(RevisionRow.session_id == session_id).order_by(RevisionRow.version)
            )
        )
        .scalars()
        .all()
    )


async def revision(db: AsyncSession, session_id: int, version: int) -> RevisionRow | None:
    return await db.get(RevisionRow, (session_id, version))


def _stored(state: dict[str, Any]) -> Stored:
    return Stored(codec.from_json(state["note"]), state["evidence"])
