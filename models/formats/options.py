"""How a clinic wants its notes: modality, density, quoting. They change a format's words and instructions only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from models.formats.shape import NoteFormat, SectionSpec, Topic

# A section never shrinks below what one sentence takes.
_FEWEST_WORDS = 15


class Density(StrEnum):
    """How much a note says."""

    BRIEF = "brief"
    STANDARD = "standard"
    FULL = "full"


class Quoting(StrEnum):
    """Whether the patient's own words stand in the note. Quotes are verbatim in any case."""

    NONE = "none"
    KEY = "key"
    MANY = "many"


class Modality(StrEnum):
    """The school whose terms interventions are named in."""

    GENERAL = "general"
    CBT = "cbt"
    DBT = "dbt"
    ACT = "act"
    EMDR = "emdr"
    PSYCHODYNAMIC = "psychodynamic"
    SYSTEMIC = "systemic"
    MOTIVATIONAL = "motivational"


_SHARE = {Density.BRIEF: 0.6, Density.STANDARD: 1.0, Density.FULL: 1.5}
_QUOTES = {
    Quoting.NONE: "without quotations",
    Quoting.KEY: "",
    Quoting.MANY: "with the patient's own words in quotation marks where they tell most",
}
_TERMS = {
    Modality.GENERAL: "",
    Modality.CBT: "in the terms of cognitive behavioral therapy",
    Modality.DBT: "in the terms of dialectical behavior therapy",
    Modality.ACT: "in the terms of acceptance and commitment therapy",
    Modality.EMDR: "in the terms of EMDR",
    Modality.PSYCHODYNAMIC: "in psychodynamic terms",
    Modality.SYSTEMIC: "in systemic terms",
    Modality.MOTIVATIONAL: "in the terms of motivational interviewing",
}


@dataclass(frozen=True, slots=True)
class NoteOptions:
    """A clinic's wishes. The defaults change nothing."""

    density: Density = Density.STANDARD
    quoting: Quoting = Quoting.KEY
    modality: Modality = Modality.GENERAL

    def but(self, wishes: Mapping[str, str]) -> NoteOptions:
        """These options where ``wishes`` (option to value) say nothing else. Raises ``ValueError``."""
        return NoteOptions(
            Density(wishes.get("density", self.density)),
            Quoting(wishes.get("quoting", self.quoting)),
            Modality(wishes.get("modality", self.modality)),
        )


NO_WISHES = NoteOptions()


def with_options(note_format: NoteFormat, options: NoteOptions) -> NoteFormat:
    """``note_format`` as ``options`` want it: same sections, headings and gates."""
    if options == NO_WISHES:
        return note_format
    return replace(note_format, sections=tuple(_section(section, options) for section in note_format.sections))


def _section(section: SectionSpec, options: NoteOptions) -> SectionSpec:
    wishes = [section.instruction, _QUOTES[options.quoting]]
    if section.topic is Topic.INTERVENTION or section.id in ("assessment", "response"):
        wishes.append(_TERMS[options.modality])
    words = max(min(section.words, _FEWEST_WORDS), round(section.words * _SHARE[options.density]))
    return replace(section, instruction=", ".join(wish for wish in wishes if wish), words=words)
