"""Events that the product sends: made here, left in the outbox of the transaction that they tell of."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from events.contracts import (
    CLOSED_TYPE,
    SEGMENT_TYPE,
    UPDATED_TYPE,
    ClosedData,
    ModelStamp,
    NoteChange,
    NoteStatus,
    NoteUpdatedData,
    SegmentData,
    SegmentIn,
    closed_subject,
    encode_event,
    new_event,
    segment_subject,
    updated_subject,
)
from events.wake import WAKE_RELAY
from models.transcript import Turn
from server.db import outbox
from server.db.tables import SessionRow
from server.notes.state import Change, Note

SOURCE = "/casenote"

__all__ = ["SOURCE", "WAKE_RELAY", "closed", "note_updated", "segments_added"]


def segments_added(db: AsyncSession, session: SessionRow, turns: list[Turn], now: datetime) -> None:
    """Tells the workers that a live session grew."""
    data = SegmentData(
        session_id=session.id,
        patient_id=session.patient_id,
        segments=[SegmentIn(index=t.index, speaker=t.speaker, text=t.text, start=t.start) for t in turns],
    )
    event = new_event(SEGMENT_TYPE, data, source=SOURCE, subject=str(session.id), time=now)
    outbox.enqueue(db, event.id, segment_subject(session.id), encode_event(event)[0], now)


def closed(db: AsyncSession, session: SessionRow, now: datetime) -> None:
    """Tells the workers that a session has ended."""
    data = ClosedData(
        session_id=session.id,
        patient_id=session.patient_id,
        therapist_id=session.therapist_id,
        closed_at=session.closed_at or now,
    )
    event = new_event(CLOSED_TYPE, data, source=SOURCE, subject=str(session.id), time=now)
    outbox.enqueue(db, event.id, closed_subject(session.id), encode_event(event)[0], now)


def note_updated(
    db: AsyncSession, session: SessionRow, note: Note | None, change: Change, now: datetime, *, with_text: bool
) -> None:
    """Tells the clinic's systems what became of a note. The text goes along only where the site chose so."""
    data = NoteUpdatedData(
        session_id=session.id,
        patient_id=session.patient_id,
        version=note.version if note else 0,
        status=NoteStatus(note.status.value) if note else None,
        change=NoteChange.EDITED if change is Change.UNLOCKED else NoteChange(change.value),
        is_ai_generated=bool(note and note.is_ai_generated),
        edited_from_ai=bool(note and note.edited_from_ai),
        model=_stamp(note) if note else None,
        href=f"/sessions/{session.id}/notes",
        text=note.text if note and with_text else None,
        summary=note.summary if note and with_text else None,
    )
    event = new_event(
        UPDATED_TYPE, data, source=SOURCE, subject=str(session.id), time=now, sequence=f"{data.version:010d}"
    )
    outbox.enqueue(db, event.id, updated_subject(session.id), encode_event(event)[0], now)


def _stamp(note: Note) -> ModelStamp | None:
    if note.model is None:
        return None
    return ModelStamp(
        name=note.model.name,
        sha256=note.model.sha256,
        adapter=note.model.adapter,
        prompt_version=note.model.prompt_version,
    )
