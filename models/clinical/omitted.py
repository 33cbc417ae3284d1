"""Danger that the client affirmed and a text leaves out."""

from __future__ import annotations

import re

from models.clinical.danger import risk_spans
from models.clinical.evidence import index_of
from models.clinical.risk import RiskMention, is_affirmed
from models.clinical.sentences import split_sentences
from models.clinical.session import Session

# How a note speaks of a danger without its name: "fleeting thoughts of escape, not acted on"; not by a thought record.
_SPEAKS_OF = re.compile(
    r"(?<!\w)(?:(?<!automatic )(?<!negative )(?:urges?|thoughts?)"
    r"(?! (?:records?|logs?|diar|journal|ratings?|tracking|challeng))"
    r"|wish\w*|fleeting|passive|disappear\w*|escape|impuls\w*|gedanken|pensamientos?)(?!\w)",
    re.IGNORECASE,
)


def omitted_danger(text: str, session: Session) -> tuple[frozenset[str], frozenset[str]]:
    """The grave kinds of danger that the client affirmed in ``session``, and those of them that ``text``, without
    markers, is silent on. One is noted by its name, or by a sentence that rests on where it was said."""
    affirmed = [mention for mention in session.mentions if is_affirmed(mention)]
    kinds = frozenset(mention.category for mention in affirmed)
    if not kinds:
        return kinds, kinds
    noted: set[str] = set()
    for sentence in split_sentences(text):
        noted.update(category for category, _, _ in risk_spans(sentence))
        if kinds - noted and _SPEAKS_OF.search(sentence):
            turns = set(index_of(session.turns).support(sentence).turns)
            noted.update(mention.category for mention in affirmed if turns & _said_in(mention, session))
    return kinds, kinds - noted


def speaks_of_danger(text: str) -> bool:
    """Whether a text, without markers, speaks of danger at all, by its name or without."""
    return any(risk_spans(sentence) or _SPEAKS_OF.search(sentence) for sentence in split_sentences(text))


def _said_in(mention: RiskMention, session: Session) -> set[int]:
    """The turn of a mention, and that of its answer."""
    order = [turn.index for turn in session.turns]
    place = order.index(mention.turn)
    return set(order[place : place + (2 if mention.answered else 1)])
