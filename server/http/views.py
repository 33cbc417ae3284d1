"""Stored things as JSON for callers: the legacy session of contract 3.1, list entries, revisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from models.formats import NoteFormat
from models.transcript import Turn
from server.db.notes import Stored
from server.db.sessions import Listed
from server.db.tables import GenerationRow, RevisionRow, SessionRow
from server.notes import codec
from server.notes.document import addenda_json, authorship, document
from server.notes.state import Note
from server.stream.terminal import failure_problem
from server.stream.workers import Reading


def session_json(row: SessionRow, note: Note | None) -> dict[str, Any]:
    """A session as legacy clients know it."""
    return {
        **_head(row),
        "original_transcription": row.original_transcription,
        "translated_transcription": row.translated_transcription,
        "translation_language": row.translation_language,
        "audio_file_path": row.audio_file_path,
        "audio_file_size": row.audio_file_size,
        "notes": note.text if note is not None else None,
        "diagnosis": row.diagnosis,
        "treatment_plan": row.treatment_plan,
        "is_completed": row.is_completed,
        "created_at": row.created_at.isoformat(),
        "updated_at": row.updated_at.isoformat(),
        "notes_metadata": metadata(note),
    }


def _head(row: SessionRow) -> dict[str, Any]:
    """What every view of a session begins with."""
    return {
        "id": row.id,
        "patient_id": row.patient_id,
        "session_number": row.session_number,
        "session_date": row.session_date.isoformat(),
        "duration": row.duration,
        "language": row.language,
    }


def metadata(note: Note | None) -> dict[str, Any]:
    if note is None:
        return {"is_ai_generated": False, "edited_from_ai": False, "generated_at": None, "last_edited_at": None}
    return authorship(note)


def listed_json(entry: Listed, reading: Reading | None) -> dict[str, Any]:
    """A session as the editor's list shows it; no text of it. ``reading`` is how far the model is in a live one."""
    row = entry.row
    return {
        **_head(row),
        "status": entry.status,
        "session_status": row.status,
        "turns": entry.turns,
        "note_status": entry.note_status,
        "note_version": entry.note_version,
        "closed_at": _time(row.closed_at),
        "updated_at": row.updated_at.isoformat(),
        "reading": reading._asdict() if reading is not None and row.status == "live" else None,
    }


def turn_json(turn: Turn) -> dict[str, Any]:
    return {"index": turn.index, "speaker": turn.speaker, "text": turn.text, "start": turn.start}


def generation_json(generation: GenerationRow | None) -> dict[str, Any] | None:
    return {"id": generation.id, "state": generation.state} if generation is not None else None


def failure_json(generation: GenerationRow | None) -> dict[str, Any] | None:
    """Why the last attempt left no note, as its stream told it; None where it did not fail."""
    if generation is None or generation.state != "failed":
        return None
    problem = failure_problem(generation.error or "")
    return {"reason": generation.error, "detail": problem["detail"]}


def note_json(
    session: SessionRow, stored: Stored, generation: GenerationRow | None, style: Mapping[str, str]
) -> dict[str, Any]:
    """The note document of contract 3.2; ``generation`` is the one that waits or runs."""
    found = document(session.id, session.patient_id, stored.note, stored.evidence, style)
    return {**found, "generation": generation_json(generation)}


def revision_json(row: RevisionRow) -> dict[str, Any]:
    """One stored version: what it said, who or what wrote it, and when."""
    note = codec.from_json(row.state["note"])
    return {
        "version": row.version,
        "change": row.change,
        "author": row.author,
        "created_at": row.created_at.isoformat(),
        "status": note.status.value,
        "format": note.format,
        "text": row.text,
        "summary": note.summary,
        "sections": [
            {"id": section.id, "heading": section.heading, "text": section.text, "author": section.author.value}
            for section in note.sections
        ],
        "model": codec.model_to_json(note.model),
        "fallback": note.fallback,
        "authorship": authorship(note),
        "addenda": len(note.addenda),
        "addenda_texts": addenda_json(note),
        "chain": row.chain,
    }


def format_json(note_format: NoteFormat) -> dict[str, Any]:
    return {
        "id": note_format.id,
        "name": note_format.name,
        "sections": [{"id": s.id, "heading": s.heading, "words": s.words} for s in note_format.sections],
        "summary": {"min_words": note_format.summary_min_words, "max_words": note_format.summary_max_words},
    }


def revisions_json(rows: Sequence[RevisionRow]) -> list[dict[str, Any]]:
    return [revision_json(row) for row in rows]


def _time(value: datetime | None) -> str | None:
    return value.isoformat() if value is not None else None
