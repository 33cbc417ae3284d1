"""How often something is to be done: "daily" stands in a note only where the talk speaks of days so."""

from __future__ import annotations

import re

from models.clinical.lexicon import COMING, NEGATION
from models.clinical.session import Session

_NOTED = re.compile(
    r"(?<![\w-])(?<!than )(?<!twice )(?<!once )(?<!times )(?<!of )(?-i:daily|nightly)(?!\w)(?! living) ?", re.IGNORECASE
)
_SAID = re.compile(
    r"(?<!\w)(?:daily|nightly|weekdays|(?:every|each) (?:\w+ )?(?:day|morning|evening|night)|(?:a|per) (?:day|night)"
    r"|days a week|day and night|diario|diariamente|täglich\w*|jede[nr]? (?:tag|abend)|cada (?:día|noche))(?!\w)",
    re.IGNORECASE,
)


def unsaid_frequency(sentence: str, session: Session) -> bool:
    """Whether ``sentence`` lists as daily what somebody is to do, and nobody spoke of days."""
    if not COMING.match(sentence) or NEGATION.search(sentence) or not _NOTED.search(sentence):
        return False
    return _SAID.search(session.text) is None


def without_unsaid_frequency(sentence: str, session: Session) -> str:
    """ "Homework: daily walks." as "Homework: walks." where nobody spoke of days."""
    if not unsaid_frequency(sentence, session):
        return sentence
    return re.sub(r" (?=[.,;:!?])", "", _NOTED.sub("", sentence)).strip()
