"""The words by which talk of danger, plans, mental status, diagnoses and medication is known: ``lexicon.toml``.

English first; Spanish, German and French have the words that gates need, so that a session in them is not taken
for one that is silent on risk.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

_TABLE = tomllib.loads((Path(__file__).parent / "lexicon.toml").read_text(encoding="utf-8"))


def _compile(alternatives: list[str]) -> re.Pattern[str]:
    pattern = "|".join(alternatives).replace("'", "['’]")
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE)


RISK: dict[str, re.Pattern[str]] = {category: _compile(found) for category, found in _TABLE["risk"].items()}
"""Category of danger to what speaks of it."""

IDIOMS = _compile(_TABLE["idioms"])
"""Ways of speaking that hold a word of danger and mean none."""

PLAN = _compile(_TABLE["plan"])
MENTAL_STATUS = _compile(_TABLE["mental_status"])
"""What an examiner observes: never in a note unless somebody spoke of it."""

DIAGNOSES = _compile(_TABLE["diagnoses"])
MEDICATION = _compile(_TABLE["medication"])

TOPICS: dict[str, tuple[re.Pattern[str], re.Pattern[str]]] = {
    name: (_compile(topic["noted"]), _compile(topic["said"])) for name, topic in _TABLE["topics"].items()
}
"""The subjects of denials: how a note names each, and how a session would have spoken of it."""
