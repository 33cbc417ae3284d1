"""Whether a sentence that is still being written has begun to say what needs a ground in the session.

Readers see words as they are decoded, but nothing of a denial, a danger, a diagnosis, a symptom, a plan, a change, a
quotation, a name or a number before the whole sentence was held against the session: from where one begins, the rest of
it waits.
"""

from __future__ import annotations

import re

from models.clinical import changes
from models.clinical.frequency import unsaid_frequency
from models.clinical.lexicon import DEATH_NOTED, DENIAL, FOLLOW_UP, MENTAL_STATUS, NEGATION, PLANNED, RISK, TASK
from models.clinical.rules import (
    invented_date,
    invented_diagnosis,
    invented_medication,
    invented_name,
    invented_number,
    invented_symptom,
)
from models.clinical.sentences import QUOTE_MARKS
from models.clinical.session import Session
from models.clinical.words import WORD_LISTS

# Characters before what was just written: longer than any claim, and than any name of one, that is looked for.
_TAIL = 80
_LAST = 40
_RATING = re.compile(
    r"(?<!\w)(?:risks?|riesgo|risiko|risque|safe\w*|contract\w*|segur[ao]|absprach\w*)(?!\w)", re.IGNORECASE
)
_DOSE = re.compile(r"(?<!\w)(?:\d\S* ?)?(?:mg|mcg|milli\w*)(?!\w)", re.IGNORECASE)
# True or not by more than the occurrence of their words.
_ASSERTED = (NEGATION, DENIAL, FOLLOW_UP, TASK, DEATH_NOTED, *RISK.values(), _RATING, _DOSE, changes.BEGINS)
# Need only to occur, mostly.
_NAMING = (invented_number, invented_date, invented_medication, invented_diagnosis, invented_symptom)


def begins_claim(so_far: str, session: Session, looked_at: int = 0) -> bool:
    """Whether ``so_far``, the beginning of a sentence without markers, holds a claim that ``session`` must bear out.
    ``looked_at``: characters of it that were found to hold none; only what may have become one since is looked for."""
    new = len(so_far) - looked_at
    tail, last = _ending(so_far, _TAIL + new), _ending(so_far, _LAST + new)
    return (
        not QUOTE_MARKS.isdisjoint(so_far)
        or PLANNED.match(so_far) is not None
        or any(pattern.search(tail) for pattern in _ASSERTED)
        or any(match.group(0).casefold() not in session.spoken for match in MENTAL_STATUS.finditer(last))
        or unsaid_frequency(so_far, session)
        or any(rule(last, session) for rule in _NAMING)
        or invented_name(so_far, session) is not None
    )


def _ending(text: str, most: int) -> str:
    """The last whole words of ``text``."""
    return text if len(text) <= most else text[-most:].partition(" ")[2]


def may_claim(word: str, *, first: bool) -> bool:
    """Whether a word that is being written, the ``first`` of its sentence or not, may become a name, a number or a
    negation: it waits until it is whole."""
    if not word[0].isalpha() or (word[0].isupper() and not first):
        return True
    return word.casefold() in _NEGATION_BEGINS


_NEGATION_BEGINS = frozenset(
    word[:length] for word in WORD_LISTS["negations"].split() for length in range(1, len(word) + 1)
)
