"""A generation's draft over the note that stands: what is written over, what stays, what is only suggested. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from models.formats import NoteFormat
from server.notes import wording
from server.notes.state import (
    FREE_TEXT,
    Author,
    Draft,
    Note,
    RenderText,
    Section,
    Status,
    next_version,
    refuse_if_signed,
)


def generated(
    note: Note | None,
    draft: Draft,
    render: RenderText,
    now: datetime,
    *,
    keep_edited: bool = True,
    only: frozenset[str] | None = None,
) -> Note:
    """The note after a generation.

    With ``keep_edited`` sections that a person touched stay, in another format too, and the draft's text for them
    becomes a suggestion; ``only`` limits the change to those sections: of the others, what was suggested stays open
    too. Raises ``LockedError`` when the note is signed.
    """
    refuse_if_signed(note)
    words = wording.sentences_of([*draft.sections.values(), draft.summary])
    words |= note.model_words if note is not None else frozenset()
    if note is not None and _is_free_text(note) and (keep_edited or only is not None):
        return _beside(note, draft, render, now, words, only)
    sections, suggestions, written = _merge(note, draft, keep_edited=keep_edited, only=only)
    keeps_summary = (
        note is not None
        and bool(note.summary)
        and ((keep_edited and note.summary_author is not Author.AI) or (only is not None and "summary" not in only))
    )
    if note is not None and keeps_summary:
        is_left = only is not None and "summary" not in only
        offered = _open(note, "summary") if is_left else draft.summary
        if offered and offered != note.summary:
            suggestions["summary"] = offered
    else:
        written |= {"summary"}
    is_ai = any(section.author is not Author.PERSON for section in sections)
    is_edited = is_ai and any(section.author is not Author.AI for section in sections)
    summary_author = note.summary_author if note is not None and keeps_summary else Author.AI
    kept = {section.id: section.author for section in sections if section.id not in written}
    if note is not None and keeps_summary:
        kept["summary"] = summary_author
    extractive, models = _origin(note, draft, kept, written)
    authors = [summary_author, *(section.author for section in sections)]
    # What a person's words stand in is kept to the letter; only what it says of its own origin may have to change.
    is_as_it_was = note is not None and note.sections == sections
    is_as_it_was &= note is None or not written - {"summary"} or note.extractive == extractive
    return Note(
        version=next_version(note),
        status=Status.DRAFT if all(author is Author.AI for author in authors) else Status.EDITED,
        format=draft.format.id,
        summary=note.summary if note is not None and keeps_summary else draft.summary,
        text=note.text if note is not None and is_as_it_was else render(draft.format, sections, extractive),
        sections=sections,
        generated_at=now,
        last_edited_at=note.last_edited_at if note is not None else None,
        model=models.model,
        fallback=draft.fallback or bool(extractive),
        inference_time=draft.inference_time,
        is_ai_generated=is_ai,
        edited_from_ai=is_edited,
        summary_author=summary_author,
        suggestions=suggestions or None,
        addenda=note.addenda if note is not None else (),
        reduced=models.reduced,
        model_words=words,
        extractive=extractive,
    )


def _beside(
    note: Note, draft: Draft, render: RenderText, now: datetime, words: frozenset[str], only: frozenset[str] | None
) -> Note:
    """A note that a person wrote as one text, in the draft's format; all that the draft wrote is only suggested."""
    sections = note.sections
    if note.format != draft.format.id:
        before = _standing(note, draft.format)
        placed = [replace(before[s.id], id=s.id, heading=s.heading) for s in draft.format.sections if s.id in before]
        strangers = _strangers(note, draft.format, before.values())
        free = [section for section in strangers if section.id == FREE_TEXT]
        sections = (*free, *placed, *(section for section in strangers if section.id != FREE_TEXT))
    extractive, models = _origin(note, draft, {section.id: section.author for section in sections}, frozenset())
    stands = {section.id: section.text for section in sections} | {"summary": note.summary}
    offered = {**draft.sections, "summary": draft.summary}
    if only is not None:
        offered = {**(note.suggestions or {}), **{part: text for part, text in offered.items() if part in only}}
    return replace(
        note,
        version=next_version(note),
        format=draft.format.id,
        text=note.text if note.sections == sections else render(draft.format, sections, extractive),
        sections=sections,
        generated_at=now,
        model=models.model,
        fallback=draft.fallback or bool(extractive),
        inference_time=draft.inference_time,
        suggestions={part: text for part, text in offered.items() if text.strip() and text != stands.get(part)} or None,
        reduced=models.reduced,
        model_words=words,
        extractive=extractive,
    )


def _merge(
    note: Note | None, draft: Draft, *, keep_edited: bool, only: frozenset[str] | None
) -> tuple[tuple[Section, ...], dict[str, str], frozenset[str]]:
    """The draft's sections over the note's: what stands after, what is only suggested, and the ids of what the draft
    wrote."""
    before = _standing(note, draft.format) if note is not None else {}
    sections: list[Section] = []
    suggestions: dict[str, str] = {}
    anew: set[str] = set()
    for spec in draft.format.sections:
        old = before.get(spec.id)
        written = draft.sections.get(spec.id, "")
        written = written if written.strip() else spec.absent
        is_left = note is not None and only is not None and spec.id not in only
        if old is not None and (is_left or (keep_edited and old.author is not Author.AI)):
            sections.append(replace(old, id=spec.id, heading=spec.heading))
            offered = _open(note, old.id) if is_left else written
            if offered and offered != old.text:
                suggestions[spec.id] = offered
        elif not is_left:
            sections.append(Section(spec.id, spec.heading, written, Author.AI))
            anew.add(spec.id)
    if note is not None and (keep_edited or only is not None):
        sections.extend(_strangers(note, draft.format, before.values()))
    return tuple(sections), suggestions, frozenset(anew)


def _origin(
    note: Note | None, draft: Draft, kept: Mapping[str, Author], written: frozenset[str]
) -> tuple[frozenset[str], Note | Draft]:
    """The parts that were taken from the transcript, and what tells of the model and of what it read. ``kept``: the
    parts of the note that stay; ``written``: those that the draft wrote. What a person went over is theirs to answer
    for, wherever it came from."""
    if note is None:
        return (written if draft.fallback else frozenset()), draft
    extractive = note.extractive & {part for part, author in kept.items() if author is Author.AI}
    if not draft.fallback:
        return extractive, draft
    is_models = any(author is not Author.PERSON and part not in note.extractive for part, author in kept.items())
    return extractive | written, note if is_models else draft


def _open(note: Note | None, section_id: str) -> str | None:
    """What a person has not settled of an earlier suggestion for the section."""
    return (note.suggestions or {}).get(section_id) if note is not None else None


def _is_free_text(note: Note) -> bool:
    """Whether a person wrote the note as one text without the format's headings: then it stays as it is."""
    written = (one for one in note.sections if one.id == FREE_TEXT and one.text.strip())
    return any(section.author is not Author.AI for section in written)


def _standing(note: Note, note_format: NoteFormat) -> dict[str, Section]:
    """The sections of ``note`` that have a place in ``note_format``, by their id there.

    Of a note in another format these are what a person touched: under the same id and heading, or set aside when the
    note left this format.
    """
    headings = {spec.id: spec.heading for spec in note_format.sections}
    if note.format == note_format.id:
        return {section.id: section for section in note.sections if section.id in headings}
    aside = {_aside(note_format.id, section_id): section_id for section_id in headings}
    standing: dict[str, Section] = {}
    for section in note.sections:
        if section.author is Author.AI or not section.text:
            continue
        if headings.get(section.id) == section.heading:
            standing[section.id] = section
        elif section.id in aside:
            standing.setdefault(aside[section.id], section)
    return standing


def _strangers(note: Note, note_format: NoteFormat, standing: Collection[Section]) -> list[Section]:
    """Sections that a person touched and that have no place in ``note_format``: they follow behind it. One whose id or
    heading the format uses for something else is set aside under others."""
    ids = {spec.id for spec in note_format.sections}
    headings = {spec.heading for spec in note_format.sections}
    strangers = []
    for section in note.sections:
        if section.author is Author.AI or not section.text or section in standing:
            continue
        section_id = _aside(note.format, section.id) if section.id in ids else section.id
        heading = f"{section.heading} ({note.format})" if section.heading in headings else section.heading
        strangers.append(replace(section, id=section_id, heading=heading))
    return strangers


def _aside(format_id: str, section_id: str) -> str:
    """The id of a section outside its format."""
    return f"{format_id}_{section_id}"
