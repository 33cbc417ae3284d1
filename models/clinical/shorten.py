"""A paragraph within its words: what tells least goes, and never homework for want of room behind a long beginning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from models.clinical.cut import cut_to_words
from models.clinical.danger import risk_spans
from models.clinical.lexicon import COMING, HOMEWORK
from models.clinical.lists import LISTED, without_each_item
from models.clinical.sentences import QUOTE_MARKS, split_sentences, word_count

_CLAUSE = re.compile(r"; ")
_HOMEWORK = re.compile(r"\s*homework(?!\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Shorter:
    """A text without one of its parts. ``cost``: the words that it loses, what comes next counting more."""

    text: str
    cost: float


def shortened(text: str, max_words: int) -> str:
    """``text`` in at most ``max_words``: without the part, an intervention, a clause or a sentence, that is just long
    enough; the first sentence, homework and what tells of danger stay. Where no part may go, cut after a sentence."""
    while (over := word_count(text) - max_words) > 0:
        shorter = list(_without_a_part(split_sentences(text)))
        if not shorter:
            return cut_to_words(text, max_words)
        enough = [one for one in shorter if word_count(text) - word_count(one.text) >= over]
        text = min(enough, key=lambda one: one.cost).text if enough else max(shorter, key=lambda one: one.cost).text
    return text


def _without_a_part(sentences: tuple[str, ...]) -> Iterator[_Shorter]:
    for place, sentence in enumerate(sentences):
        before, after = " ".join(sentences[:place]), " ".join(sentences[place + 1 :])
        for rest in _rests(sentence, first=place == 0):
            lost = word_count(sentence) - word_count(rest)
            weight = 1.5 if COMING.match(sentence) else 1.0
            yield _Shorter(" ".join(part for part in (before, rest, after) if part), lost * weight)


def _rests(sentence: str, *, first: bool) -> Iterator[str]:
    """What may be left of a sentence."""
    if first or _HOMEWORK.match(sentence):
        return
    if LISTED.fullmatch(sentence) and not COMING.match(sentence) and QUOTE_MARKS.isdisjoint(sentence):
        for item, rest in without_each_item(sentence):
            if not risk_spans(item) and not HOMEWORK["safety"].search(item):
                yield rest
        return
    if risk_spans(sentence) or HOMEWORK["safety"].search(sentence):
        return  # "none since" belongs to what it denies, a measure to whom it keeps safe
    clauses = _CLAUSE.split(sentence)
    for number in range(len(clauses)) if len(clauses) > 1 and not COMING.match(sentence) else ():
        rest = "; ".join([*clauses[:number], *clauses[number + 1 :]]).rstrip(".")
        yield f"{rest[:1].upper()}{rest[1:]}."
    yield ""
