"""The overview of a patient over several sessions: what their notes say, latest first, each claim with its session.

No model is asked: the text is sentences of the notes (of an extractive note where a session has none), so nothing
stands in it that no session holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from models.clinical.fallback import extractive_note
from models.clinical.markers import mark_risk, risk_words, strip_markers
from models.clinical.plan import ABSENT_SENTENCES
from models.clinical.sentences import split_sentences, word_count
from models.clinical.text import legacy_text
from models.formats import NoteFormat
from models.formats.format import Gate, SectionSpec, Topic, load_format, load_patient_format
from models.transcript import Turn, normalise_whitespace
from server.notes.state import FREE_TEXT, Note
from server.notes.text import FALLBACK_LINE

KEY_POINTS = 5
_LATEST_SECTION = "latest_session"
_WORDS_IN_KEY_POINT = 30
# A section says at least this much of the sessions that speak of it, whatever its budget: danger is not cut away.
_RISK_WORDS = 150
_KEY_TOPICS = (Topic.RISK, Topic.PRESENTATION, Topic.EMOTION, Topic.PROGRESS, Topic.PLAN)


@dataclass(frozen=True, slots=True)
class SessionText:
    """One session: its number with this patient, its note, or its turns where it has none."""

    number: int
    note: Note | None
    turns: Sequence[Turn]


@dataclass(frozen=True, slots=True)
class OverviewSection:
    id: str
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class PatientSummary:
    """``text`` has the headings of contract 5, and is made of ``sections``; ``key_points`` are at most five."""

    text: str
    sections: tuple[OverviewSection, ...]
    key_points: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Claim:
    """A sentence and the session that it is from."""

    session: int
    text: str

    def cited(self) -> str:
        return f"{_without_stop(self.text)} (session {self.session})."


def summarise(sessions: Sequence[SessionText], formats: Mapping[str, NoteFormat]) -> PatientSummary:
    """The overview of one or more sessions, given newest first."""
    read = [_read(session, formats) for session in sessions]
    overview = load_patient_format()
    sections = tuple(OverviewSection(spec.id, spec.heading, _text(spec, read)) for spec in overview.sections)
    text = legacy_text(overview, {section.id: section.text for section in sections})
    return PatientSummary(text, sections, tuple(_key_points(read)))


def _text(spec: SectionSpec, read: Sequence[_Read]) -> str:
    said = _latest(spec, read[0]) if spec.id == _LATEST_SECTION else _section(spec, read)
    return mark_risk(said) or spec.absent


@dataclass(frozen=True, slots=True)
class _Read:
    """What one session says, by topic; ``summary`` is the paragraph beside its note."""

    number: int
    summary: str
    by_topic: Mapping[Topic, tuple[str, ...]]


def _read(session: SessionText, formats: Mapping[str, NoteFormat]) -> _Read:
    if session.note is None:
        note_format = load_format()
        texts = _extracted(tuple(session.turns)) if session.turns else {}
        return _Read(session.number, texts.get("summary", ""), _by_topic(note_format, texts))
    note = session.note
    note_format = formats.get(note.format) or load_format()
    by_topic = dict(_by_topic(note_format, {section.id: section.text for section in note.sections}))
    free = note.section(FREE_TEXT)
    if free is not None:
        by_topic[Topic.PRESENTATION] = (*by_topic.get(Topic.PRESENTATION, ()), *_sentences(free.text))
        danger = tuple(sentence for sentence in _sentences(free.text) if risk_words(sentence))
        by_topic[Topic.RISK] = (*by_topic.get(Topic.RISK, ()), *danger)
    added = [sentence for addendum in note.addenda for sentence in _sentences(addendum.text)]
    by_topic[Topic.PROGRESS] = (*by_topic.get(Topic.PROGRESS, ()), *added)
    return _Read(session.number, note.summary, by_topic)


@lru_cache(maxsize=64)
def _extracted(turns: tuple[Turn, ...]) -> Mapping[str, str]:
    """The extractive note of a session: one that has not changed is not read twice."""
    return extractive_note(load_format(), turns)


def _by_topic(note_format: NoteFormat, texts: Mapping[str, str]) -> dict[Topic, tuple[str, ...]]:
    found: dict[Topic, tuple[str, ...]] = {}
    for spec in note_format.sections:
        topic = Topic.RISK if spec.gate is Gate.RISK else spec.topic
        found[topic] = (*found.get(topic, ()), *_sentences(texts.get(spec.id, "")))
    return found


def _sentences(text: str) -> tuple[str, ...]:
    """The sentences of a section that say something, without marks that would read as headings of the overview."""
    plain = normalise_whitespace(strip_markers(text.replace(FALLBACK_LINE, "")).replace("**", ""))
    absent = {sentence.casefold() for sentence in ABSENT_SENTENCES}
    return tuple(sentence for sentence in split_sentences(plain) if sentence.casefold() not in absent)


def _latest(spec: SectionSpec, latest: _Read) -> str:
    sentences = _sentences(latest.summary) or latest.by_topic.get(Topic.PRESENTATION, ())
    return _fitted([_Claim(latest.number, sentence) for sentence in sentences], spec.words)


def _section(spec: SectionSpec, read: Sequence[_Read]) -> str:
    claims = list(_claims(spec.topic, read))
    return _fitted(claims, _RISK_WORDS if spec.topic is Topic.RISK else spec.words)


def _claims(topic: Topic, read: Sequence[_Read]) -> Iterator[_Claim]:
    """Every sentence on a topic once, newest session first."""
    seen: set[str] = set()
    for session in read:
        for sentence in session.by_topic.get(topic, ()):
            key = _without_stop(sentence).casefold()
            if key not in seen:
                seen.add(key)
                yield _Claim(session.number, sentence)


def _fitted(claims: Sequence[_Claim], words: int) -> str:
    """Claims from the first on while they fit; the first one always stands."""
    said: list[str] = []
    room = words
    for claim in claims:
        room -= word_count(claim.text)
        if said and room < 0:
            break
        said.append(claim.cited())
    return " ".join(said)


def _key_points(read: Sequence[_Read]) -> Iterator[str]:
    """The first claim of each topic that matters, the latest session's where it has one."""
    told: set[str] = set()
    for topic in _KEY_TOPICS[:KEY_POINTS]:
        for claim in _claims(topic, read):
            if claim.text not in told and word_count(claim.text) <= _WORDS_IN_KEY_POINT:
                told.add(claim.text)
                yield mark_risk(claim.cited())
                break


def _without_stop(sentence: str) -> str:
    return sentence.rstrip().rstrip(".").rstrip()
