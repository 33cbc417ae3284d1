"""Queries for sessions and their turns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, bindparam, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.transcript import Turn
from server.db.tables import GenerationRow, NoteRow, SessionRow, TurnRow


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session to store. ``id`` None: the database numbers it."""

    patient_id: int
    id: int | None = None
    therapist_id: str | None = None
    session_date: datetime | None = None
    duration: int | None = None
    language: str | None = None
    original_transcription: str | None = None
    translated_transcription: str | None = None
    translation_language: str | None = None
    audio_file_path: str | None = None
    audio_file_size: int | None = None
    diagnosis: str | None = None
    treatment_plan: str | None = None
    is_completed: bool = False


# The sequence does not notice ids that come from outside; without this it would give one of them again. It only goes
# forward: others may have ids from it that nobody sees yet.
_PASS_OVER = text(
    "SELECT setval(s.name, :id) FROM (SELECT pg_get_serial_sequence('sessions', 'id')::regclass AS name) AS s "
    "WHERE :id > COALESCE(pg_sequence_last_value(s.name), 0)"
).bindparams(bindparam("id", type_=BigInteger))


async def find(db: AsyncSession, session_id: int) -> SessionRow | None:
    return await db.get(SessionRow, session_id)


async def lock(db: AsyncSession, session_id: int) -> SessionRow | None:
    """The session, held until the transaction ends: changes to one session happen one after the other."""
    return (
        await db.execute(select(SessionRow).where(SessionRow.id == session_id).with_for_update())
    ).scalar_one_or_none()


async def add(db: AsyncSession, new: NewSession, now: datetime) -> SessionRow:
    """Stores a session, numbered after the patient's others."""
    is_postgresql = db.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        # Two sessions of one patient at the same moment would get the same number. SQLite has one writer at a time.
        await db.execute(text("SELECT pg_advisory_xact_lock(:patient)"), {"patient": new.patient_id})
    number = (
        await db.execute(select(func.max(SessionRow.session_number)).where(SessionRow.patient_id == new.patient_id))
    ).scalar()
    row = SessionRow(
        id=new.id,
        patient_id=new.patient_id,
        therapist_id=new.therapist_id,
        session_number=(number or 0) + 1,
        session_date=new.session_date or now,
        duration=new.duration,
        language=new.language,
        original_transcription=new.original_transcription,
        translated_transcription=new.translated_transcription,
        translation_language=new.translation_language,
        audio_file_path=new.audio_file_path,
        audio_file_size=new.audio_file_size,
        diagnosis=new.diagnosis,
        treatment_plan=new.treatment_plan,
        is_completed=new.is_completed,
        status="live",
        created_at=now,
        updated_at=now,
    )
    db.add(row)
    await db.flush()
    if new.id is not None and is_postgresql:
        await db.execute(_PASS_OVER, {"id": new.id})
    return row


async def turns(db: AsyncSession, session_id: int) -> tuple[Turn, ...]:
    """The transcript, in order."""
    rows = (
        await db.execute(select(TurnRow).where(TurnRow.session_id == session_id).order_by(TurnRow.position))
    ).scalars()
    return tuple(Turn(row.position, row.speaker, row.text, row.start) for row in rows)


async def turns_at(db: AsyncSession, session_id: int, positions: Iterable[int]) -> dict[int, Turn]:
    """The stored turns at some positions."""
    wanted = list(positions)
    rows = (
        await db.execute(select(TurnRow).where(TurnRow.session_id == session_id, TurnRow.position.in_(wanted)))
    ).scalars()
    return {row.position: Turn(row.position, row.speaker, row.text, row.start) for row in rows}


async def add_turns(db: AsyncSession, session_id: int, new: Sequence[Turn]) -> None:
    if new:
        await db.execute(
            insert(TurnRow),
            [
                {"session_id": session_id, "position": t.index, "speaker": t.speaker, "text": t.text, "start": t.start}
                for t in new
            ],
        )


async def of_patient(db: AsyncSession, patient_id: int, therapist: str | None) -> Sequence[SessionRow]:
    """A patient's sessions, newest first; only that therapist's where one is given."""
    query = select(SessionRow).where(SessionRow.patient_id == patient_id)
    if therapist is not None:
        query = query.where(SessionRow.therapist_id == therapist)
    query = query.order_by(SessionRow.session_date.desc(), SessionRow.session_number.desc())
    return (await db.execute(query)).scalars().all()


@dataclass(frozen=True, slots=True)
class Listed:
    """A session as the list shows it."""

    row: SessionRow
    turns: int
    note_status: str | None
    note_version: int | None
    generation_state: str | None

    @property
    def status(self) -> str:
        """``live``, ``writing``, ``closed``, ``draft``, ``edited``, ``signed`` or ``failed``."""
        if self.generation_state in ("queued", "running"):
            return "writing"
        if self.note_status is not None:
            return self.note_status
        if self.generation_state == "failed":
            return "failed"
        return "closed" if self.row.status == "closed" else "live"


async def listed(
    db: AsyncSession,
    *,
    therapist: str | None = None,
    patient_id: int | None = None,
    status: str | None = None,
    only: Sequence[int] | None = None,
    before: tuple[datetime, int] | None = None,
    since: datetime | None = None,
    by_change: bool = True,
    limit: int = 50,
) -> list[Listed]:
    """Sessions by last change or by creation, newest first; ``before`` is that moment and the id of the last one
    already seen. By last change a session that changes meanwhile moves to the front, past who reads on.

    ``status`` is one of ``Listed.status``, except that ``live`` and ``closed`` mean all sessions that go on or have
    ended, whatever became of their notes.
    """
    latest = (
        select(GenerationRow.state)
        .where(GenerationRow.session_id == SessionRow.id)
        .order_by(GenerationRow.created_at.desc(), GenerationRow.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    count = select(func.count()).where(TurnRow.session_id == SessionRow.id).scalar_subquery()
    query = select(SessionRow, count, NoteRow.status, NoteRow.version, latest).outerjoin(
        NoteRow, NoteRow.session_id == SessionRow.id
    )
    if therapist is not None:
        query = query.where(SessionRow.therapist_id == therapist)
    if patient_id is not None:
        query = query.where(SessionRow.patient_id == patient_id)
    if status in ("live", "closed"):
        query = query.where(SessionRow.status == status)
    elif status == "writing":
        query = query.where(latest.in_(("queued", "running")))
    elif status is not None:
        idle = func.coalesce(latest, "done").not_in(("queued", "running"))
        of_note = NoteRow.status.is_(None) & (latest == "failed") if status == "failed" else NoteRow.status == status
        query = query.where(idle, of_note)
    if only is not None:
        query = query.where(SessionRow.id.in_(only))
    if since is not None:
        query = query.where(SessionRow.updated_at > since)
    column = SessionRow.updated_at if by_change else SessionRow.created_at
    if before is not None:
        moment, session_id = before
        query = query.where((column < moment) | ((column == moment) & (SessionRow.id < session_id)))
    query = query.order_by(column.desc(), SessionRow.id.desc()).limit(limit)
    return [Listed(*row) for row in await db.execute(query)]
