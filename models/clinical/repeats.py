"""What a small model says twice in one sentence: the second time goes, where nothing can hang on it."""

from __future__ import annotations

import re

from models.clinical.danger import risk_spans
from models.clinical.lexicon import DENIAL, NEGATION
from models.clinical.lists import BETWEEN, LISTED
from models.clinical.sentences import QUOTE_MARKS
from models.clinical.watch import plain_words

# "Avoidance, avoidance": of what is no name and no comparison, with nothing behind it that may be another's.
_NOUN = r"(?-i:[A-Z]?[a-z][\w'’-]*(?:ance|ence|ion|ment|ness|ity|ing|ism|work))"
_TWICE = re.compile(
    rf"(?<![\w'’-])((?:[\w'’-]+ )?{_NOUN})(?:,? and |, )\1(?=[.,;!]|$| of (?!(?:her|his|their|my|a|an|the|one)(?!\w)))",
    re.IGNORECASE,
)
_BOTH = re.compile(r"(?<![\w/])([A-Za-z][\w-]+)/\1(?![\w/])")
_STUTTER = re.compile(r"(?<![\w'’-])((?-i:[a-z]+)-[a-z]+) \1(?![\w'’-])", re.IGNORECASE)


def without_repeats(sentence: str) -> str:
    """ "Interventions: scripting, grounding, and scripting." as "Interventions: scripting, grounding."; "avoidance and
    avoidance" as "avoidance". What quotes, denies or speaks of danger comes back as it was: there each word counts."""
    if not QUOTE_MARKS.isdisjoint(sentence):
        return sentence
    sentence = _BOTH.sub(r"\1", sentence)  # "No SI/SI": that changes no meaning anywhere
    if risk_spans(sentence):
        return sentence
    if NEGATION.search(sentence) or DENIAL.search(sentence):
        return sentence
    while (rest := _without_items(_STUTTER.sub(r"\1", _TWICE.sub(r"\1", sentence)))) != sentence:
        sentence = rest
    return sentence


def _without_items(sentence: str) -> str:
    """Without an item of a labelled list that is an earlier one, word for word."""
    listed = LISTED.fullmatch(sentence)
    if listed is None:
        return sentence
    label, items, end = listed.groups()
    kept, *rest = BETWEEN.split(items)
    told = [plain_words(kept)]
    for between, item in zip(rest[::2], rest[1::2], strict=True):
        said = plain_words(item)
        if said not in told:
            told.append(said)
            kept += between + item
    return f"{label}{kept}{end}"
