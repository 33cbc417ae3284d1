"""A signed note as a training example: the session, what the model drafted, what the clinician signed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.clinical.markers import strip_markers
from models.formats.format import DEFAULT_FORMAT
from models.transcript import Turn, render_turn
from server.notes.outcomes import SUMMARY, Version, drafts, text_of
from server.notes.state import FREE_TEXT, Note, Status


def pair(
    session_id: int, patient_id: int, turns: Sequence[Turn], versions: Sequence[Version], *, consent: bool
) -> dict[str, Any] | None:
    """A row that ``casenote train prepare`` reads; ``draft`` is of each part the last text of a model before the
    signature, None where a person wrote all. None where the note is not signed now. Markers of risk words are taken
    off: they are put on by rule. Without consent no text is in the row, so that reading it reports it and skips it."""
    if not versions or versions[-1].note.status is not Status.SIGNED:
        return None
    identity = {"id": str(session_id), "patient_id": patient_id, "consent": consent}
    if not consent:
        return identity
    return {
        **identity,
        "transcript": "\n".join(render_turn(turn) for turn in turns),
        **_texts(versions[-1].note),
        "draft": _draft(versions),
    }


def _texts(note: Note) -> dict[str, Any]:
    """The paragraph, and the sections where they are those of the format that is trained on."""
    sections = {section.id: strip_markers(section.text) for section in note.sections}
    return {"summary": strip_markers(note.summary), "sections": sections if _is_trained(note) else {}}


def _draft(versions: Sequence[Version]) -> dict[str, Any] | None:
    found = drafts(versions)
    texts = {part: strip_markers(text_of(one.note, part)) for part, one in found.items()}
    if not texts:
        return None
    summary = texts.pop(SUMMARY, "")
    return {"summary": summary, "sections": texts if all(_is_trained(one.note) for one in found.values()) else {}}


def _is_trained(note: Note) -> bool:
    return note.format == DEFAULT_FORMAT and note.section(FREE_TEXT) is None
