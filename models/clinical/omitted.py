"""Danger that the client affirmed and a text leaves out."""

from __future__ import annotations

import re

from models.clinical.danger import risk_spans
from models.clinical.denials import denies
from models.clinical.evidence import index_of
from models.clinical.lexicon import COMING
from models.clinical.risk import RiskMention, find_risk, is_affirmed
from models.clinical.risk_answer import of_something_else
from models.clinical.risk_rule import about_whom
from models.clinical.sentences import split_sentences
from models.clinical.session import Session
from models.transcript import Turn

# How a note speaks of a danger without its name: "fleeting thoughts of escape, not acted on"; not by a thought record.
_SPEAKS_OF = re.compile(
    r"(?<!\w)(?:(?<!automatic )(?<!negative )(?<!racing )(?<!intrusive )(?<!-related )(?:urges?|thoughts?)"
    r"(?! (?:records?|logs?|diar|journal|ratings?|tracking|challeng"
    r"|to (?:leave|text|check|call|drink|use|avoid|wash|eat|binge|shop|buy|work|quit)))"
    r"|wish\w* (?:to|not|that|for|he|she|they) (?:\w+ )?(?:die|dead|death|disappear|not|end|gone|over)"
    r"|fleeting|passive (?:SI|suicid\w*|thoughts?|ideation|death)|disappear\w*|escape|impuls\w*|gedanken|pensamientos?"
    r")(?!\w)",
    re.IGNORECASE,
)
# "Restructuring of self-punitive thoughts" tells what was done.
_DONE = re.compile(r"\s*interventions?(?:\s*:| includ)", re.IGNORECASE)


def omitted_danger(text: str, session: Session) -> tuple[frozenset[str], frozenset[str]]:
    """The grave kinds of danger that the client affirmed in ``session``, and those of them that ``text``, without
    markers, is silent on. One is noted by its name, or by a sentence that rests on where it was said."""
    affirmed = [mention for mention in session.mentions if is_affirmed(mention)]
    kinds = frozenset(mention.category for mention in affirmed)
    if not kinds:
        return kinds, kinds
    noted: set[str] = set()
    for sentence in split_sentences(text):
        if COMING.match(sentence):
            continue  # a safety plan tells nothing of what it is for
        noted.update(_told(sentence))
        if not kinds - noted or _DONE.match(sentence):
            continue
        if _SPEAKS_OF.search(sentence) and not of_something_else(sentence):
            turns = set(index_of(session.turns).support(sentence).turns)
            noted.update(mention.category for mention in affirmed if turns & _said_in(mention, session))
    return kinds, kinds - noted


def _told(sentence: str) -> set[str]:
    """The categories of danger that a sentence of a note tells of the client. A quotation tells what is in it; words of
    the note's own that deny, or speak of somebody else, tell nothing of what was affirmed."""
    if any(mark in sentence for mark in '"“„'):
        return {category for category, _, _ in risk_spans(sentence)}
    noted = find_risk([Turn(0, "note", sentence)])
    return {one.category for one in noted if about_whom(sentence, one) != "other" and not denies(sentence, one)}


def speaks_of_danger(text: str) -> bool:
    """Whether a text, without markers, speaks of danger at all, by its name or without."""
    return any(risk_spans(sentence) or _SPEAKS_OF.search(sentence) for sentence in split_sentences(text))


def _said_in(mention: RiskMention, session: Session) -> set[int]:
    """The turn of a mention, and that of its answer."""
    order = [turn.index for turn in session.turns]
    place = order.index(mention.turn)
    return set(order[place : place + (2 if mention.answered else 1)])
