"""A question about danger as the label of its answer: "Any suicidal ideation?" as "Suicidal ideation:".

The label is the question's own words, so the answer says what it said. A question that speaks of somebody, or that asks
in a sentence of its own, is none: "Any thoughts of hurting yourself?" would be somebody else's in a note.
"""

from __future__ import annotations

import re

from models.clinical.danger import risk_spans
from models.clinical.lexicon import RELATIONS
from models.clinical.sentences import word_count

_ASKS = re.compile(
    r"(?:(?:safety|risk|routine|quick)[\w ]*[—–:]\s*|(?:and|so|okay|ok)[, ]+)?(?:are there )?(any )?([^?]+)\?",
    re.IGNORECASE,
)
# Who, when it was, how much of it: a label of these words alone would be read otherwise.
_OF_SOMEBODY = re.compile(
    r"(?<!\w)(?:you\w*|he|him|his|she|hers?|they|them|their|we|us|our|i|me|my|it|its|that|these|those|who\w*|what|how|why"
    r"|which|than|this(?! (?:week|month|session|time|morning|year))|is|was|are|were|did|do|does|have|has|had|been|would"
    r"|could|can|will|say|if|no|not|never|without|more|less|fewer|apart|besides|except|other|else|family|history|then|back"
    r"|denie[sd]|deny|denying|client|patient|pt|h(?:er|im)self|themsel\w+|report\w*|describ\w*|endors\w*|affirm\w*"
    r"|stat(?:es|ed)|said|express\w*|mother|father)(?!\w)|[.!:;\"“”—–]|(?<!since)(?<!on)(?<!last) (?-i:[A-Z][a-z])",
    re.IGNORECASE,
)
_MOST_WORDS = 8


def label_of(question: str) -> str | None:
    """The label, without a colon; None where the question makes none."""
    asks = _ASKS.fullmatch(question.strip())
    if asks is None:
        return None
    with_any, what = asks.groups()
    spans = risk_spans(what)
    if not spans or word_count(what) > _MOST_WORDS or _OF_SOMEBODY.search(what) or RELATIONS.search(what):
        return None
    if not with_any and spans[0][1] > 0:
        return None
    return what[:1].upper() + what[1:]
