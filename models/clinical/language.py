"""In which language a text is: one of those in which notes and sessions are compared, or none of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from models.clinical.words import LANGUAGES, WORD_LISTS, vocabulary, words

_OTHERS = tuple(frozenset(line.split()) for line in WORD_LISTS["others"])
_KNOWN = 0.5  # what a word of meaning counts beside one of grammar
_ENOUGH = 1.5  # for a text that may also be in the language that was expected
_LONG = 25  # words: of as many some are of grammar in any language
_SHARE = 0.12
_LEAD = 2  # words of grammar
_TELLING = 2000  # characters


def language_of(text: str, expected: str | None = "en") -> str | None:
    """One of ``LANGUAGES``; None for any other. A text that is too short to tell is in the ``expected`` language; of a
    very long one the beginning tells."""
    return _language_of(text[:_TELLING], expected)


@lru_cache(maxsize=2048)
def _language_of(text: str, expected: str | None) -> str | None:
    found = words(text)
    if expected is not None and _plainly(found, expected):
        return expected
    scores = {language: _score(found, language) for language in LANGUAGES}
    best = max(scores, key=lambda language: (scores[language], language == expected))
    other = max(sum(word in other for word in found) for other in _OTHERS)
    if other > scores[best] and other >= _ENOUGH:
        return None
    if len(found) >= _LONG and max(scores.values()) < _SHARE * len(found):
        return None
    if expected is not None and scores[best] - scores[expected] < _ENOUGH:
        return expected
    return best if scores[best] >= _ENOUGH else expected


def _plainly(found: Sequence[str], expected: str) -> bool:
    """Whether words of grammar alone tell that a text is in the ``expected`` language."""
    grammar = {language: sum(word in vocabulary(language).function for word in found) for language in LANGUAGES}
    others = max(sum(word in other for word in found) for other in _OTHERS)
    rivals = max([others, *(count for language, count in grammar.items() if language != expected)])
    return grammar[expected] >= rivals + _LEAD and grammar[expected] >= _SHARE * len(found)


def _score(found: Iterable[str], language: str) -> float:
    known = vocabulary(language)
    return sum(1.0 if word in known.function else _KNOWN if known.knows(word) else 0.0 for word in found)
