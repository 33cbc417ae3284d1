"""What is asked of the model for a note, and what is written without asking because the session is silent on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.clinical.gates import holds
from models.formats.format import Gate, NoteFormat, SectionSpec, Topic
from models.transcript import Turn

SUMMARY_ID = "summary"
SUMMARY_HEADING = "Summary"
ABSENT_SENTENCES = ("Not assessed in this session.", "None discussed.", "Not stated in this session.")

# Tokens a word takes in the tokenizers in use, with room for languages that they split finer, and for a heading echoed.
_TOKENS_PER_WORD = 2
_TOKENS_SPARE = 16


@dataclass(frozen=True, slots=True)
class SectionPlan:
    """One part of a note. ``words`` is its budget; ``fixed``, where given, is its whole text and no model is asked;
    ``max_tokens`` is what the model may decode."""

    id: str
    heading: str
    words: int
    fixed: str | None
    max_tokens: int
    gate: Gate = Gate.NONE
    absent: str = "None discussed."
    instruction: str = ""
    headings: tuple[str, ...] = ()
    topic: Topic = Topic.PRESENTATION

    @property
    def is_summary(self) -> bool:
        return self.id == SUMMARY_ID


def plan_note(note_format: NoteFormat, turns: Sequence[Turn]) -> tuple[SectionPlan, ...]:
    """The sections of a note of ``turns``, in the order of the format."""
    gates = {gate: holds(gate, turns) for gate in {section.gate for section in note_format.sections}}
    headings = headings_of(note_format)
    return tuple(_plan(section, gates[section.gate], headings) for section in note_format.sections)


def headings_of(note_format: NoteFormat) -> tuple[str, ...]:
    """Every heading by which a model may begin another part of the note."""
    return (SUMMARY_HEADING, *(section.heading for section in note_format.sections))


def plan_summary(note_format: NoteFormat, turns: Sequence[Turn]) -> SectionPlan:
    """The paragraph beside the sections."""
    words = note_format.summary_max_words
    return SectionPlan(
        id=SUMMARY_ID,
        heading=SUMMARY_HEADING,
        words=words,
        fixed=None if turns else "Nothing was said in this session.",
        max_tokens=max_tokens(words),
        absent="",
        instruction=note_format.summary_instruction,
        headings=headings_of(note_format),
    )


def max_tokens(words: int) -> int:
    """Tokens that hold ``words`` words."""
    return words * _TOKENS_PER_WORD + _TOKENS_SPARE


def _plan(section: SectionSpec, open_gate: bool, headings: tuple[str, ...]) -> SectionPlan:
    return SectionPlan(
        id=section.id,
        heading=section.heading,
        words=section.words,
        fixed=None if open_gate else section.absent,
        max_tokens=max_tokens(section.words),
        gate=section.gate,
        absent=section.absent,
        instruction=section.instruction,
        headings=headings,
        topic=section.topic,
    )
