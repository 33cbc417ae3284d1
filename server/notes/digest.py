"""What one session says, by topic: read out of its note, or out of its transcript where it has no note. Pure.

A digest is kept with the basis that it was made on, so that a session that has not changed is not read twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.clinical.exchanges import with_answers
from models.clinical.fallback import extractive_note
from models.clinical.markers import mark_risk, normalise_markers, strip_markers
from models.clinical.plan import ABSENT_SENTENCES
from models.clinical.sentences import split_sentences
from models.formats import NoteFormat
from models.formats.format import Gate, Topic, load_format
from models.transcript import Turn, normalise_whitespace
from server.notes.state import Author, Note
from server.notes.text import FALLBACK_LINE
from server.version import VERSION


@dataclass(frozen=True, slots=True)
class Digest:
    """Sentences by topic, with the markers that they had. ``summary``: those of the paragraph beside the note, where it
    still tells what the note says. ``from_note`` False: nobody wrote this down, it was taken from the transcript."""

    from_note: bool
    summary: tuple[str, ...]
    topics: Mapping[Topic, tuple[str, ...]]

    def on(self, topic: Topic) -> tuple[str, ...]:
        return self.topics.get(topic, ())

    @property
    def is_empty(self) -> bool:
        return not self.summary and not any(self.topics.values())


def basis(formats: Mapping[str, NoteFormat], version: int, turns: int) -> str:
    """What a digest depends on: the release and the formats that read it, the note's version (0: none), and how many
    turns there are; a turn that is stored never changes."""
    reader = hashlib.sha256(repr((VERSION, sorted(formats.items()))).encode()).hexdigest()[:16]
    return f"{reader}.{version}.{turns}"


def digest_of(note: Note | None, turns: Sequence[Turn], formats: Mapping[str, NoteFormat]) -> Digest:
    """The digest of a session: of its note, or of its turns where the note says nothing."""
    if note is not None and note.text.strip():
        return _of_note(note, formats)
    texts = extractive_note(load_format(), tuple(turns)) if turns else {}
    return Digest(False, _sentences(texts.get("summary", ""), load_format()), _by_topic(load_format(), texts))


def _of_note(note: Note, formats: Mapping[str, NoteFormat]) -> Digest:
    note_format = formats.get(note.format) or load_format()
    topics = _by_topic(note_format, {section.id: section.text for section in note.sections})
    known = {spec.id for spec in note_format.sections}
    for section in note.sections:
        if section.id not in known:
            # A person's own words, whatever they are about.
            said = _sentences(section.text.replace(FALLBACK_LINE, ""), note_format)
            topics[Topic.PRESENTATION] = (*topics.get(Topic.PRESENTATION, ()), *said)
            topics[Topic.RISK] = (*topics.get(Topic.RISK, ()), *_on_danger(said))
    told = [sentence for topic, sentences in topics.items() if topic is not Topic.RISK for sentence in sentences]
    added = [sentence for addendum in note.addenda for sentence in _sentences(addendum.text, note_format)]
    topics[Topic.PROGRESS] = (*topics.get(Topic.PROGRESS, ()), *added)
    if not topics.get(Topic.RISK):
        topics[Topic.RISK] = _on_danger(told)
    topics[Topic.RISK] = (*topics[Topic.RISK], *_on_danger(added))
    summary = _sentences(note.summary, note_format) if _is_current(note) else ()
    return Digest(True, summary, topics)


def _on_danger(sentences: Sequence[str]) -> tuple[str, ...]:
    """Those that hold a risk word: danger is found under its heading, wherever in the note somebody wrote it."""
    return tuple(sentence for sentence in sentences if mark_risk(sentence) != strip_markers(sentence))


def _is_current(note: Note) -> bool:
    """Whether the paragraph tells what the sections say: a person who corrected only the sections left it behind."""
    return note.summary_author is not Author.AI or all(section.author is Author.AI for section in note.sections)


def _by_topic(note_format: NoteFormat, texts: Mapping[str, str]) -> dict[Topic, tuple[str, ...]]:
    found: dict[Topic, tuple[str, ...]] = {}
    for spec in note_format.sections:
        topic = Topic.RISK if spec.gate is Gate.RISK else spec.topic
        found[topic] = (*found.get(topic, ()), *_sentences(texts.get(spec.id, ""), note_format))
    return found


def _sentences(text: str, note_format: NoteFormat) -> tuple[str, ...]:
    """The sentences of a section that say something, without marks that would read as headings of the overview. A
    quoted question and its answer are one."""
    plain = normalise_whitespace(normalise_markers(text.replace(FALLBACK_LINE, "")).replace("**", ""))
    silent = {one.casefold() for one in (*ABSENT_SENTENCES, *(spec.absent for spec in note_format.sections))}
    return with_answers([sentence for sentence in split_sentences(plain) if sentence.casefold() not in silent])


def to_json(digest: Digest) -> dict[str, Any]:
    return {
        "from_note": digest.from_note,
        "summary": list(digest.summary),
        "topics": {topic.value: list(sentences) for topic, sentences in digest.topics.items()},
    }


def from_json(data: Mapping[str, Any]) -> Digest:
    topics = {Topic(topic): tuple(sentences) for topic, sentences in data["topics"].items()}
    return Digest(data["from_note"], tuple(data["summary"]), topics)
