"""The shape of a note format and how it is read from TOML."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent

DEFAULT_FORMAT = "progress"


class FormatError(ValueError):
    """A format file that cannot be used; the message names the file, the key and what would be right."""


class Gate(StrEnum):
    """What a section may only speak of when the transcript does: the rules behind each stand in ``models.clinical``."""

    NONE = "none"
    RISK = "risk"
    PLAN = "plan"
    MENTAL_STATUS = "mental_status"
    DIAGNOSIS = "diagnosis"


class Topic(StrEnum):
    """What a section is about: by it the extractive note finds what was said."""

    PRESENTATION = "presentation"
    EMOTION = "emotion"
    RISK = "risk"
    INTERVENTION = "intervention"
    PROGRESS = "progress"
    PLAN = "plan"
    MENTAL_STATUS = "mental_status"


class Kind(StrEnum):
    """What a format is for: the note of one session, or the overview of a patient over several."""

    NOTE = "note"
    PATIENT = "patient"


@dataclass(frozen=True, slots=True)
class SectionSpec:
    """One section. ``words`` is its budget; ``absent`` is what it says when the session holds nothing for it."""

    id: str
    heading: str
    instruction: str
    words: int
    absent: str
    gate: Gate = Gate.NONE
    topic: Topic = Topic.PRESENTATION


@dataclass(frozen=True, slots=True)
class NoteFormat:
    """A format: its sections in order, and the paragraph that stands beside them."""

    id: str
    name: str
    sections: tuple[SectionSpec, ...]
    summary_instruction: str
    summary_min_words: int = 30
    summary_max_words: int = 70
    kind: Kind = Kind.NOTE

    def section(self, section_id: str) -> SectionSpec:
        """The section of that id. Raises KeyError."""
        for section in self.sections:
            if section.id == section_id:
                return section
        raise KeyError(section_id)


# What sections of these ids are about when their file does not say.
_TOPICS = {
    "emotional_state": Topic.EMOTION,
    "risk": Topic.RISK,
    "intervention": Topic.INTERVENTION,
    "progress": Topic.PROGRESS,
    "plan": Topic.PLAN,
}


def _value(table: dict[str, Any], key: str, kind: type, where: str, default: Any = None) -> Any:
    value = table.get(key, default)
    if value is None:
        raise FormatError(f"{where}: '{key}' is missing")
    if not isinstance(value, kind):
        raise FormatError(f"{where}: '{key}' is {value!r}, it must be of type {kind.__name__}")
    return value


def _section(table: dict[str, Any], where: str) -> SectionSpec:
    section_id = _value(table, "id", str, where)
    where = f"{where}, section '{section_id}'"
    gate = _value(table, "gate", str, where, Gate.NONE.value)
    if gate not in set(Gate):
        raise FormatError(f"{where}: 'gate' is {gate!r}, it may be {', '.join(Gate)}")
    topic = _value(table, "topic", str, where, _TOPICS.get(section_id, Topic.PRESENTATION).value)
    if topic not in set(Topic):
        raise FormatError(f"{where}: 'topic' is {topic!r}, it may be {', '.join(Topic)}")
    words = _value(table, "words", int, where)
    if words < 5:
        raise FormatError(f"{where}: 'words' is {words}, it must be 5 or more")
    return SectionSpec(
        id=section_id,
        heading=_value(table, "heading", str, where),
        instruction=_value(table, "instruction", str, where),
        words=words,
        absent=_value(table, "absent", str, where),
        gate=Gate(gate),
        topic=Topic(topic),
    )


def parse_format(text: str, where: str = "format") -> NoteFormat:
    """A format from TOML text. Raises ``FormatError``."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FormatError(f"{where}: not TOML: {error}") from error
    sections = tuple(_section(entry, where) for entry in _value(table, "sections", list, where))
    ids = [section.id for section in sections]
    if not sections or len(set(ids)) != len(ids) or "summary" in ids:
        raise FormatError(
            f"{where}: 'sections' must hold one or more sections of different ids, none of them 'summary'"
        )
    kind = _value(table, "kind", str, where, Kind.NOTE.value)
    if kind not in set(Kind):
        raise FormatError(f"{where}: 'kind' is {kind!r}, it may be {', '.join(Kind)}")
    return NoteFormat(
        id=_value(table, "id", str, where),
        name=_value(table, "name", str, where),
        sections=sections,
        summary_instruction=_value(table, "summary_instruction", str, where),
        summary_min_words=_value(table, "summary_min_words", int, where, 30),
        summary_max_words=_value(table, "summary_max_words", int, where, 70),
        kind=Kind(kind),
    )


def load_formats(folder: Path | None = None) -> dict[str, NoteFormat]:
    """The built-in formats of a note, and those of a clinic's ``folder`` (``*.toml``), which win over built-in ones."""
    return {key: loaded for key, loaded in _load(folder).items() if loaded.kind is Kind.NOTE}


def _load(folder: Path | None) -> dict[str, NoteFormat]:
    formats = {}
    for path in [*sorted(_FOLDER.glob("*.toml")), *(sorted(folder.glob("*.toml")) if folder else [])]:
        loaded = parse_format(path.read_text(encoding="utf-8"), str(path.name))
        formats[loaded.id] = loaded
    return formats


@cache
def load_format(format_id: str = DEFAULT_FORMAT) -> NoteFormat:
    """A built-in format. Raises KeyError."""
    return load_formats()[format_id]


@cache
def load_patient_format() -> NoteFormat:
    """The headings of a patient's overview over several sessions."""
    return next(loaded for loaded in _load(None).values() if loaded.kind is Kind.PATIENT)
