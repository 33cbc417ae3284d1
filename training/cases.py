"""What is measured: a reference text, the text that was written for it, and the session both are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from models.formats.format import NoteFormat, load_format
from models.prompts import SUMMARY_ID
from training.data import SessionRecord
from training.examples import references

Texts = Mapping[tuple[str, str], str]  # by session id and part

WHOLE = "whole note"


@dataclass(frozen=True, slots=True)
class Case:
    """One part of one note. ``part`` is ``summary``, a section's id, or ``WHOLE``."""

    session: str
    part: str
    reference: str
    text: str


def pair(records: Sequence[SessionRecord], texts: Texts) -> tuple[Case, ...]:
    """A case for each part that has a reference and a text; a text that was never written counts as empty."""
    wanted = {part for _, part in texts}
    return tuple(
        Case(record.id, part, reference, texts.get((record.id, part), ""))
        for record in records
        for part, reference in references(record).items()
        if part in wanted and reference
    )


def with_whole_notes(records: Sequence[SessionRecord]) -> tuple[SessionRecord, ...]:
    """Records whose reference is a whole note, not a paragraph."""
    return tuple(replace(record, summary="", sections={WHOLE: record.summary}) for record in records)


def whole_notes(texts: Texts) -> dict[tuple[str, str], str]:
    """Each session's parts as one text, in the order in which they were given."""
    found: dict[tuple[str, str], str] = {}
    for (session, _), text in texts.items():
        found[session, WHOLE] = "\n".join(filter(None, (found.get((session, WHOLE), ""), text)))
    return found


def words_of(note_format: NoteFormat) -> dict[str, int]:
    """How many words each part may have."""
    words = {SUMMARY_ID: note_format.summary_max_words, **{s.id: s.words for s in note_format.sections}}
    return {**words, WHOLE: sum(words.values())}


def other_sessions_note(records: Sequence[SessionRecord]) -> dict[tuple[str, str], str]:
    """A floor: for each session the reference of the next. What a text scores for its manner alone."""
    texts = {}
    for place, record in enumerate(records):
        other = references(records[(place + 1) % len(records)])
        texts.update({(record.id, part): other[part] for part in references(record) if part in other})
    return texts


def signed_drafts(records: Sequence[SessionRecord]) -> dict[tuple[str, str], str]:
    """What clinicians were given before they signed, where that is known: what a new model has to be better than."""
    return {(record.id, part): text for record in records for part, text in record.draft.items() if text}


def transcript_lead(
    records: Sequence[SessionRecord], note_format: NoteFormat | None = None
) -> dict[tuple[str, str], str]:
    """A floor: the first words of the transcript, as many as the part may have."""
    words = words_of(note_format or load_format())
    return {
        (record.id, part): " ".join(record.transcript.split()[: words[part]])
        for record in records
        for part in references(record)
        if part in words
    }
