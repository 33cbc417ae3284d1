"""The shape of a note format: data, read from files by ``reading``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
