"""Queries for digests of sessions: what an overview needs of each, kept as long as the session stays as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.tables import DigestRow, NoteRow, SessionRow, TurnRow


@dataclass(frozen=True, slots=True)
class SessionState:
    """A session as far as its digest depends on it: the version of its note (0: none) and how many turns it has."""

    id: int
    number: int
    version: int
    turns: int


async def states_of(db: AsyncSession, patient_id: int, therapist: str | None) -> list[SessionState]:
    """A patient's sessions, newest first; only that therapist's where one is given. No text is read."""
    turns = select(func.count()).where(TurnRow.session_id == SessionRow.id).scalar_subquery()
    query = (
        select(SessionRow.id, SessionRow.session_number, func.coalesce(NoteRow.version, 0), turns)
        .outerjoin(NoteRow, NoteRow.session_id == SessionRow.id)
        .where(SessionRow.patient_id == patient_id)
        .order_by(SessionRow.session_date.desc(), SessionRow.session_number.desc())
    )
    if therapist is not None:
        query = query.where(SessionRow.therapist_id == therapist)
    return [SessionState(*row) for row in await db.execute(query)]


async def find(db: AsyncSession, session_ids: Sequence[int]) -> dict[int, DigestRow]:
    """The digests that are kept of some sessions."""
    rows = (await db.execute(select(DigestRow).where(DigestRow.session_id.in_(session_ids)))).scalars()
    return {row.session_id: row for row in rows}


async def keep(db: AsyncSession, session_id: int, basis: str, content: Mapping[str, Any]) -> None:
    """Keeps a digest in place of an earlier one."""
    await db.merge(DigestRow(session_id=session_id, basis=basis, content=dict(content)))
