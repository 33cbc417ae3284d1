"""A signed note as a training example: the session, what the model drafted, what the clinician signed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from models.clinical.markers import strip_markers
from models.formats.format import DEFAULT_FORMAT
from models.transcript import Turn, render_turn
from server.notes.outcomes import Version
from server.notes.state import FREE_TEXT, Change, Note, Status


def pair(
    session_id: int, patient_id: int, turns: Sequence[Turn], versions: Sequence[Version], *, consent: bool
) -> dict[str, Any] | None:
    """A row that ``casenote train prepare`` reads; ``draft`` is the last text of a model before the signature, without
    what a person had written into the note before; None where a person wrote from nothing. None where the note is not
    signed now. Markers of risk words are taken off: they are put on by rule. Without consent no text is in the row, so
    that reading it reports it and skips it."""
    if not versions or versions[-1].note.status is not Status.SIGNED:
        return None
    identity = {"id": str(session_id), "patient_id": patient_id, "consent": consent}
    if not consent:
        return identity
    generated = [one.note for one in versions if one.change in (Change.GENERATED, Change.REGENERATED)]
    drafts = [note for note in generated if note.model and not note.fallback and note.untouched()]
    return {
        **identity,
        "transcript": "\n".join(render_turn(turn) for turn in turns),
        **_texts(versions[-1].note),
        "draft": _texts(_of_model(drafts[-1])) if drafts else None,
    }


def _of_model(note: Note) -> Note:
    parts = note.untouched()
    sections = tuple(section for section in note.sections if section.id in parts)
    return replace(note, summary=note.summary if "summary" in parts else "", sections=sections)


def _texts(note: Note) -> dict[str, Any]:
    """The paragraph, and the sections where they are those of the format that is trained on."""
    sections = {section.id: strip_markers(section.text) for section in note.sections}
    is_trained = note.format == DEFAULT_FORMAT and FREE_TEXT not in sections
    return {"summary": strip_markers(note.summary), "sections": sections if is_trained else {}}
