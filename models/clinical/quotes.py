"""Quotations in a note: what they hold, and where it was said in those words."""

from __future__ import annotations

import re

from models.clinical.watch import plain_words

QUOTE = re.compile(r"“([^“”\"]+)”|\"([^“”\"]+)\"|„([^„“\"]+)“|«([^«»]+)»")
_FEWEST = 3  # words of a quotation that can be found again for certain


def quoted(match: re.Match[str]) -> str:
    """What stands between the marks."""
    return next(text for text in match.groups() if text)


def telling_quotes(sentence: str) -> list[tuple[str, ...]]:
    """The words of each quotation of ``sentence`` that is long enough to be known by them."""
    found = (plain_words(quoted(match).rstrip("…")) for match in QUOTE.finditer(sentence))
    return [words for words in found if len(words) >= _FEWEST]


def contains(whole: tuple[str, ...], part: tuple[str, ...]) -> bool:
    """Whether ``part`` stands in ``whole`` in a row; an empty one does not."""
    return bool(part) and any(whole[at : at + len(part)] == part for at in range(len(whole) - len(part) + 1))
