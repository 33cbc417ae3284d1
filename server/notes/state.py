"""The note of a session and the changes it can go through. Pure: no clock, no database, no model.

Each change takes a state (or None where no note is stored yet) and gives the next one, its version one higher. The
rules of authorship are here and nowhere else:

- what the model wrote is ``ai``; what a person wrote is ``person``; a person's change to the model's text is ``both``;
- a section that a person touched is only written over when that is asked for (``merging``);
- the model's text for a kept section is not thrown away: it becomes a suggestion;
- a sentence that a model once wrote for the note stays the model's, whoever sends it back: its section is ``both``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from models.formats import NoteFormat
from server.errors import BadRequestError, LockedError
from server.notes import wording


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
    """One version of a note. ``text`` is what legacy clients read and write, kept to the letter. ``model``: the last
    that wrote for it. ``fallback``: some of it was taken from the transcript instead. ``extractive``: the sections that
    were, and ``summary``, as long as a person did not write them anew. ``model_words``: the sentences that a model ever
    wrote for it, as ``wording`` knows them."""

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
    model_words: frozenset[str] = frozenset()
    extractive: frozenset[str] = frozenset()

    def section(self, section_id: str) -> Section | None:
        return next((section for section in self.sections if section.id == section_id), None)

    def untouched(self) -> frozenset[str]:
        """The sections that stand as they were generated, and ``summary`` if it does."""
        sections = {section.id for section in self.sections if section.author is Author.AI}
        return frozenset(sections | ({"summary"} if self.summary and self.summary_author is Author.AI else set()))


# The id of the one section of a text that has no headings.
FREE_TEXT = "note"

# How sections become the legacy text, with the ids of those that were taken from the transcript, and how such a text is
# read, given the sections that the note had: (section id, heading, words) in order.
RenderText = Callable[[NoteFormat, Sequence[Section], Collection[str]], str]
ParseText = Callable[[NoteFormat, str, Sequence[Section]], Sequence[tuple[str, str, str]]]


def edited_text(note: Note | None, note_format: NoteFormat, text: str, parse: ParseText, now: datetime) -> Note:
    """The note after a legacy client replaced its text, which is kept to the letter."""
    refuse_if_signed(note)
    before = {section.id: section for section in note.sections} if note is not None else {}
    from_ai = note is not None and note.is_ai_generated
    base = note or _empty(note_format)
    sections = tuple(
        Section(
            section_id, heading, words, _author_after(before.get(section_id), words, base.model_words, from_ai=from_ai)
        )
        for section_id, heading, words in parse(note_format, text, base.sections)
    )
    is_ai = base.is_ai_generated or any(wording.holds(section.text, base.model_words) for section in sections)
    return replace(
        base,
        version=next_version(note),
        status=Status.EDITED,
        is_ai_generated=is_ai,
        edited_from_ai=is_ai,
        text=text,
        sections=sections,
        extractive=_extractive_after(base, sections, base.summary_author),
        suggestions=_still_suggested(base, text) or None,
        last_edited_at=now,
    )


def edited_sections(
    note: Note | None,
    note_format: NoteFormat,
    texts: Mapping[str, str],
    render: RenderText,
    now: datetime,
    still_open: Mapping[str, str] = MappingProxyType({}),
) -> Note:
    """The note after a person changed some sections; ``summary`` may be among them. ``still_open``: by section, what
    the person left of the model's suggestion; the suggestions for the other changed sections are settled.

    Raises ``BadRequestError`` for a section that neither the note nor its format has.
    """
    refuse_if_signed(note)
    base = note or _empty(note_format)
    known = {spec.id: spec.heading for spec in note_format.sections} | {s.id: s.heading for s in base.sections}
    unknown = sorted(set(texts) - set(known) - {"summary"})
    if unknown:
        raise BadRequestError(f"The note has no section '{unknown[0][:40]}'; it has {', '.join(known)} and summary.")
    old = {section.id: section for section in base.sections}
    is_ai = base.is_ai_generated or any(wording.holds(text, base.model_words) for text in texts.values())
    sections = []
    # A free text stands before all that has a heading, as in the text.
    for section_id, heading in sorted(known.items(), key=lambda one: one[0] != FREE_TEXT):
        before = old.get(section_id)
        text = texts.get(section_id, before.text if before else "")
        author = before.author if before else Author.PERSON
        if section_id in texts:
            author = _author_after(before, text, base.model_words)
        if before is not None or section_id in texts:
            sections.append(Section(section_id, heading, text, author))
    kept = tuple(sections)
    left = {key: still_open.get(key) if key in texts else words for key, words in (base.suggestions or {}).items()}
    summary_author = base.summary_author
    if "summary" in texts and texts["summary"] != base.summary:
        was_models = bool(base.summary) and base.summary_author is not Author.PERSON
        summary_author = (
            Author.BOTH if was_models or wording.holds(texts["summary"], base.model_words) else Author.PERSON
        )
    extractive = _extractive_after(base, kept, summary_author)
    return replace(
        base,
        version=next_version(note),
        status=Status.EDITED,
        summary=texts.get("summary", base.summary),
        summary_author=summary_author,
        text=render(note_format, kept, extractive),
        sections=kept,
        extractive=extractive,
        is_ai_generated=is_ai,
        edited_from_ai=is_ai,
        suggestions={key: words for key, words in left.items() if words and words.strip()} or None,
        last_edited_at=now,
    )


def same_words(one: Note, other: Note) -> bool:
    """Whether both have the same sections, by the same authors, and the same summary."""
    return (one.sections, one.summary) == (other.sections, other.summary)


def signed(note: Note, by: str | None, now: datetime) -> Note:
    """The note signed and locked. Raises ``LockedError`` when it is already."""
    refuse_if_signed(note)
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


def next_version(note: Note | None) -> int:
    """The number of the version after ``note``; the first is 1."""
    return note.version + 1 if note is not None else 1


def refuse_if_signed(note: Note | None) -> None:
    """Raises ``LockedError`` for a signed note."""
    if note is not None and note.status is Status.SIGNED:
        raise LockedError("The note is signed: it changes only by an addendum, or after it is unlocked with a reason.")


def _author_after(before: Section | None, text: str, model_words: frozenset[str], *, from_ai: bool = False) -> Author:
    if before is not None and before.text == text:
        return before.author
    if wording.holds(text, model_words):
        return Author.BOTH
    if before is None:
        # A new section in a text that the model began may hold the model's words: it is not the person's alone.
        return Author.BOTH if from_ai else Author.PERSON
    return Author.PERSON if before.author is Author.PERSON else Author.BOTH


def _extractive_after(note: Note, sections: Iterable[Section], summary_author: Author) -> frozenset[str]:
    """Of the parts that were taken from the transcript those that a person did not write anew."""
    standing = {section.id for section in sections if section.author is not Author.PERSON}
    if summary_author is not Author.PERSON:
        standing.add("summary")
    return note.extractive & standing


def _still_suggested(note: Note, text: str) -> dict[str, str]:
    """The suggestions that do not stand in ``text``."""
    return {key: words for key, words in (note.suggestions or {}).items() if words.strip() not in text}


def _empty(note_format: NoteFormat) -> Note:
    return Note(version=0, status=Status.DRAFT, format=note_format.id, summary="", text="", sections=())
