"""The note of a session and the changes it can go through. Pure: no clock, no database, no model.

Each change takes a state (or None where no note is stored yet) and gives the next one, its version one higher. The
rules of authorship are here and nowhere else:

- what the model wrote is ``ai``; what a person wrote is ``person``; a person's change to the model's text is ``both``;
- a section that a person touched is only written over when that is asked for (``keep_edited=False``);
- the model's text for a kept section is not thrown away: it becomes a suggestion.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from models.formats import NoteFormat
from server.errors import BadRequestError, LockedError


class Author(StrEnum):
    AI = "ai"
    PERSON = "person"
    BOTH = "both"


class Status(StrEnum):
    DRAFT = "draft"
    EDITED = "edited"
    SIGNED = "signed"


class Change(StrEnum):
    """What an update event tells of."""

    GENERATED = "generated"
    EDITED = "edited"
    REGENERATED = "regenerated"
    SIGNED = "signed"
    UNLOCKED = "unlocked"
    ADDENDUM = "addendum"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Section:
    """A section's text and who wrote it. ``id`` is one of the format, or ``note`` for text without headings."""

    id: str
    heading: str
    text: str
    author: Author


@dataclass(frozen=True, slots=True)
class Addendum:
    text: str
    author: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WrittenBy:
    """The model behind a text: enough to know what wrote it, and to write it again."""

    name: str
    sha256: str
    adapter: str | None
    prompt_version: str
    demonstration: bool = False


@dataclass(frozen=True, slots=True)
class Reduced:
    """Turns, from index ``first`` to ``last``, that a model read as so many ``facts`` because the session is longer
    than its context."""

    first: int
    last: int
    facts: int


@dataclass(frozen=True, slots=True)
class Draft:
    """What one generation wrote: texts by section id, and the paragraph beside them. ``model`` is None for the
    extractive fallback. ``reduced``: what the model did not read word for word."""

    format: NoteFormat
    sections: Mapping[str, str]
    summary: str
    model: WrittenBy | None
    fallback: bool
    inference_time: float
    reduced: tuple[Reduced, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """One version of a note. ``text`` is what legacy clients read and write, kept to the letter."""

    version: int
    status: Status
    format: str
    summary: str
    text: str
    sections: tuple[Section, ...]
    generated_at: datetime | None = None
    last_edited_at: datetime | None = None
    model: WrittenBy | None = None
    fallback: bool = False
    inference_time: float | None = None
    is_ai_generated: bool = False
    edited_from_ai: bool = False
    summary_author: Author = Author.AI
    suggestions: Mapping[str, str] | None = None
    signed_by: str | None = None
    signed_at: datetime | None = None
    addenda: tuple[Addendum, ...] = ()
    reduced: tuple[Reduced, ...] = ()

    def section(self, section_id: str) -> Section | None:
        return next((section for section in self.sections if section.id == section_id), None)


# The id of the one section of a text that has no headings.
FREE_TEXT = "note"

# How sections become the legacy text (the draft is given where one was just written), and how such a text is read:
# (section id, heading, words) in order.
RenderText = Callable[[NoteFormat, Sequence[Section], Draft | None], str]
ParseText = Callable[[NoteFormat, str], Sequence[tuple[str, str, str]]]


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
    becomes a suggestion; ``only`` limits the change to those sections. Raises ``LockedError`` when the note is signed.
    """
    _refuse_if_signed(note)
    if note is not None and _is_free_text(note) and (keep_edited or only is not None):
        return replace(note, version=_next(note), suggestions={**draft.sections, "summary": draft.summary})
    sections, suggestions = _merge(note, draft, keep_edited=keep_edited, only=only)
    keeps_summary = (
        note is not None
        and bool(note.summary)
        and ((keep_edited and note.summary_author is not Author.AI) or (only is not None and "summary" not in only))
    )
    is_ai = any(section.author is not Author.PERSON for section in sections)
    is_edited = is_ai and any(section.author is not Author.AI for section in sections)
    return Note(
        version=_next(note),
        status=Status.EDITED if any(section.author is not Author.AI for section in sections) else Status.DRAFT,
        format=draft.format.id,
        summary=note.summary if note is not None and keeps_summary else draft.summary,
        text=note.text if note is not None and note.sections == sections else render(draft.format, sections, draft),
        sections=sections,
        generated_at=now,
        last_edited_at=note.last_edited_at if note is not None else None,
        model=draft.model,
        fallback=draft.fallback,
        inference_time=draft.inference_time,
        is_ai_generated=is_ai,
        edited_from_ai=is_edited,
        summary_author=note.summary_author if note is not None and keeps_summary else Author.AI,
        suggestions=suggestions or None,
        addenda=note.addenda if note is not None else (),
        reduced=draft.reduced,
    )


def _merge(
    note: Note | None, draft: Draft, *, keep_edited: bool, only: frozenset[str] | None
) -> tuple[tuple[Section, ...], dict[str, str]]:
    """The draft's sections over the note's: what stands after, and what is only suggested."""
    before = _standing(note, draft.format) if note is not None else {}
    sections: list[Section] = []
    suggestions: dict[str, str] = {}
    for spec in draft.format.sections:
        old = before.get(spec.id)
        written = draft.sections.get(spec.id, "")
        written = written if written.strip() else spec.absent
        is_left = note is not None and only is not None and spec.id not in only
        if old is not None and (is_left or (keep_edited and old.author is not Author.AI)):
            sections.append(replace(old, id=spec.id, heading=spec.heading))
            if not is_left and written != old.text:
                suggestions[spec.id] = written
        elif not is_left:
            sections.append(Section(spec.id, spec.heading, written, Author.AI))
    if note is not None and (keep_edited or only is not None):
        sections.extend(_strangers(note, draft.format, before.values()))
    return tuple(sections), suggestions


def edited_text(note: Note | None, note_format: NoteFormat, text: str, parse: ParseText, now: datetime) -> Note:
    """The note after a legacy client replaced its text, which is kept to the letter."""
    _refuse_if_signed(note)
    before = {section.id: section for section in note.sections} if note is not None else {}
    from_ai = note is not None and note.is_ai_generated
    sections = tuple(
        Section(section_id, heading, words, _author_after(before.get(section_id), words, from_ai=from_ai))
        for section_id, heading, words in parse(note_format, text)
    )
    base = note or _empty(note_format)
    return replace(
        base,
        version=_next(note),
        status=Status.EDITED,
        edited_from_ai=base.is_ai_generated,
        text=text,
        sections=sections,
        last_edited_at=now,
    )


def edited_sections(
    note: Note | None, note_format: NoteFormat, texts: Mapping[str, str], render: RenderText, now: datetime
) -> Note:
    """The note after a person changed some sections; ``summary`` may be among them.

    Raises ``BadRequestError`` for a section that neither the note nor its format has.
    """
    _refuse_if_signed(note)
    base = note or _empty(note_format)
    known = {spec.id: spec.heading for spec in note_format.sections} | {s.id: s.heading for s in base.sections}
    unknown = sorted(set(texts) - set(known) - {"summary"})
    if unknown:
        raise BadRequestError(f"The note has no section '{unknown[0][:40]}'; it has {', '.join(known)} and summary.")
    old = {section.id: section for section in base.sections}
    sections = []
    for section_id, heading in known.items():
        before = old.get(section_id)
        text = texts.get(section_id, before.text if before else "")
        author = _author_after(before, text) if section_id in texts else (before.author if before else Author.PERSON)
        if before is not None or section_id in texts:
            sections.append(Section(section_id, heading, text, author))
    kept = tuple(sections)
    left = {key: value for key, value in (base.suggestions or {}).items() if key not in texts}
    summary_author = base.summary_author
    if "summary" in texts and texts["summary"] != base.summary:
        summary_author = Author.BOTH if base.generated_at and base.summary else Author.PERSON
    return replace(
        base,
        version=_next(note),
        status=Status.EDITED,
        summary=texts.get("summary", base.summary),
        summary_author=summary_author,
        text=render(note_format, kept, None),
        sections=kept,
        edited_from_ai=base.is_ai_generated,
        suggestions=left or None,
        last_edited_at=now,
    )


def signed(note: Note, by: str | None, now: datetime) -> Note:
    """The note signed and locked. Raises ``LockedError`` when it is already."""
    _refuse_if_signed(note)
    return replace(note, version=note.version + 1, status=Status.SIGNED, signed_by=by, signed_at=now, suggestions=None)


def unlocked(note: Note, now: datetime) -> Note:
    """The note open for changes again. Raises ``BadRequestError`` when it is not signed."""
    if note.status is not Status.SIGNED:
        raise BadRequestError("The note is not signed: there is nothing to unlock.")
    return replace(
        note, version=note.version + 1, status=Status.EDITED, signed_by=None, signed_at=None, last_edited_at=now
    )


def with_addendum(note: Note, text: str, by: str | None, now: datetime) -> Note:
    """The note with an addendum. Raises ``BadRequestError`` unless it is signed: before that, it can be edited."""
    if note.status is not Status.SIGNED:
        raise BadRequestError("The note is not signed: change it by editing; addenda belong to signed notes.")
    return replace(note, version=note.version + 1, addenda=(*note.addenda, Addendum(text, by, now)))


def _next(note: Note | None) -> int:
    return note.version + 1 if note is not None else 1


def _refuse_if_signed(note: Note | None) -> None:
    if note is not None and note.status is Status.SIGNED:
        raise LockedError("The note is signed: it changes only by an addendum, or after it is unlocked with a reason.")


def _author_after(before: Section | None, text: str, *, from_ai: bool = False) -> Author:
    if before is None:
        # A new section in a text that the model began may hold the model's words: it is not the person's alone.
        return Author.BOTH if from_ai else Author.PERSON
    if before.text == text:
        return before.author
    return Author.PERSON if before.author is Author.PERSON else Author.BOTH


def _is_free_text(note: Note) -> bool:
    """Whether a person wrote the note as one text without the format's headings: then it stays as it is."""
    return any(section.id == FREE_TEXT and section.author is not Author.AI for section in note.sections)


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


def _empty(note_format: NoteFormat) -> Note:
    return Note(version=0, status=Status.DRAFT, format=note_format.id, summary="", text="", sections=())
