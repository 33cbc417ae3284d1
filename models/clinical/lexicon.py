"""The words by which talk of danger, plans, mental status, diagnoses and medication is known: ``lexicon.toml``.

English first; Spanish, German and French have the words that gates need, so that a session in them is not taken
for one that is silent on risk.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

NotedAndSaid = dict[str, tuple[re.Pattern[str], re.Pattern[str]]]
"""Subject to how a note names it, and how a session would have spoken of it."""

_TABLE = tomllib.loads((Path(__file__).parent / "lexicon.toml").read_text(encoding="utf-8"))


def _source(alternatives: list[str]) -> str:
    return "|".join(alternatives).replace("'", "['’]")


def _compile(alternatives: list[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{_source(alternatives)})(?!\w)", re.IGNORECASE)


def _noted_and_said(table: str) -> NotedAndSaid:
    return {name: (_compile(entry["noted"]), _compile(entry["said"])) for name, entry in _TABLE[table].items()}


RISK: dict[str, re.Pattern[str]] = {category: _compile(found) for category, found in _TABLE["risk"].items()}
"""Category of danger to what speaks of it."""

IDIOMS = _compile(_TABLE["idioms"])
"""Ways of speaking that hold a word of danger and mean none."""

PLAN_OF_THERAPIST = _compile(_TABLE["plan_of_therapist"])
PLAN = _compile(_TABLE["plan"])
NO_PLAN = _compile(_TABLE["no_plan"])
"""What holds a word of a plan and is of the past."""
MENTAL_STATUS = _compile(_TABLE["mental_status"])
MENTAL_STATUS_OF_THERAPIST = _compile(_TABLE["mental_status_of_therapist"])
"""What an examiner observes: never in a note unless somebody spoke of it."""

DIAGNOSES = _compile(_TABLE["diagnoses"])
ABBREVIATIONS = {short: _compile(said) for short, said in _TABLE["abbreviations"].items()}
"""Short names of disorders, in lower case, to how they are spoken of."""
MEDICATION = _compile(_TABLE["medication"])

TOPICS = _noted_and_said("topics")
"""The subjects of denials: how a note names each, and how a session would have spoken of it."""

TECHNIQUES: dict[str, re.Pattern[str]] = {name: _compile(said) for name, said in _TABLE["techniques"].items()}
"""What therapists do by name, as a note names it, to how it is spoken of; what is part of another comes after it."""

DEATH_NOTED, DEATH_SAID = _compile(_TABLE["death"]["noted"]), _compile(_TABLE["death"]["said"])
"""Somebody's death: how a note speaks of it, and how a session would have."""

# Of what is said.
NEGATION = _compile(_TABLE["negation"])
OF_DANGER = _compile(_TABLE["of_danger"])
"""How an answer to a question about danger speaks of it without a yes."""
OTHERS = _compile(_TABLE["others"])
FIRST_PERSON = _compile(_TABLE["first_person"])
SECOND_PERSON = _compile(_TABLE["second_person"])
INSTRUCTION = _compile(_TABLE["instruction"])
"""Talk that is addressed to whoever writes the note, not to the other person in the room."""
CUES = {topic: _compile(found) for topic, found in _TABLE["cues"].items()}

_LEAD_IN = r"^\W*(?:(?:oh|um+|uh+|well|honestly|god|hm+|look|pues|also|nun|ben|euh),?\s+)*(?:"
NO_ANSWER = re.compile(_LEAD_IN + _source(_TABLE["no_answer"]) + r")(?!\w)", re.IGNORECASE)
YES_ANSWER = re.compile(_LEAD_IN + _source(_TABLE["yes_answer"]) + r")(?!\w)", re.IGNORECASE)

# Of what a note says.
DENIAL = _compile(_TABLE["denial"])
SAME_DATE: dict[str, frozenset[str]] = {
    name: frozenset(line.split()) for line in _TABLE["dates"]["same"] for name in line.split()
}
"""Name of a day, a month or a span of time to its names in the languages of sessions."""
DAYS = _compile(_TABLE["days"])
FOLLOW_UP = _compile(_TABLE["follow_up"])
ASSURANCE = _compile(_TABLE["assurance"])
"""That somebody is safe, or promised to stay so."""
PLANNED = re.compile(r"\s*(?:plans?|next steps?|planung|plan de tratamiento)\s*:", re.IGNORECASE)
"""The label of what comes next, in a summary."""
COMING = re.compile(
    r"\s*(?:homework|hausaufgaben?|tareas?|plans?|next steps?|planung|plan de tratamiento)(?!\w)", re.IGNORECASE
)
"""How a sentence of a summary begins that tells what somebody is to do, or what comes next."""
TASK = _compile(_TABLE["task"])
"""What somebody is to do."""
RELATIONS = _compile(_TABLE["relations"])
"""Somebody other than the patient, as a note names them."""

MEASURES = _noted_and_said("measures")
"""Measures for safety: how a note names each, and the words of which a session in English must hold one."""

SYMPTOMS = _noted_and_said("symptoms")
"""What a client suffers from: how a note names it, and the words of which a session in English must hold one."""

HOMEWORK: dict[str, re.Pattern[str]] = {name: _compile(said) for name, said in _TABLE["homework"].items()}
"""How homework is spoken of, by what it tells of a list: ``lexicon.toml``."""
