"""Numbers as they are spelled: "ninety-four", "two hundred", "fünfundzwanzig", "treinta y cinco"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set

_GERMAN = re.compile(r"^([a-zäöüß]+?)und([a-zäöüß]+)$")
_BETWEEN = frozenset({"y", "and", "und"})
# "14,000" is said "fourteen thousand"; a comma before other than three digits parts no thousands.
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?:\D|$))")


def numerals(words: Sequence[str], values: Mapping[str, str], vague: Set[str]) -> list[str]:
    """The numbers of ``words`` as digits, in order. ``values`` are those of single words; ``vague`` ones are mostly no
    number and count only behind or before another: "a hundred" is not one, "two hundred" is."""
    found: list[str] = []
    place = 0
    while place < len(words):
        value, taken = _numeral(words, place, values)
        if value is not None and not (taken == 1 and words[place] in vague):
            found.append(value)
        place += taken
    return found


def _numeral(words: Sequence[str], place: int, values: Mapping[str, str]) -> tuple[str | None, int]:
    """The number that begins at ``place``, and how many words it takes."""
    word = words[place]
    if word[0].isdigit():
        return _THOUSANDS.sub("", word), 1
    value = _single(word, values)
    if value is None:
        return None, 1
    taken = 1
    if 1 <= value <= 19 and value != 10 and _at(words, place + 1, values) == 100:
        value, taken = value * 100, 2  # "eleven hundred" too
    while (step := _next(words, place + taken, values, value)) is not None:
        value, taken = value + step[0], taken + step[1]
    if value < 1000 and _at(words, place + taken, values) == 1000:
        value, taken = value * 1000, taken + 1
        hundreds = _at(words, place + taken, values)
        if hundreds is not None and 1 <= hundreds <= 9 and _at(words, place + taken + 1, values) == 100:
            value, taken = value + hundreds * 100, taken + 2
        while (step := _next(words, place + taken, values, value)) is not None:
            value, taken = value + step[0], taken + step[1]
    return f"{value:.10g}", taken


def _next(words: Sequence[str], place: int, values: Mapping[str, str], value: float) -> tuple[float, int] | None:
    """What adds to ``value`` at ``place``: units to tens, less than a hundred to hundreds."""
    skip = 1 if place < len(words) and words[place] in _BETWEEN else 0
    more = _at(words, place + skip, values)
    if more is None:
        return None
    fits = (20 <= value < 100 and value % 10 == 0 and 1 <= more <= 9) or (
        value >= 100 and value % 100 == 0 and 0 < more < 100
    )
    if not fits or (skip and value < 100 and words[place] != "y"):
        return None
    return more, 1 + skip


def _at(words: Sequence[str], place: int, values: Mapping[str, str]) -> float | None:
    return _single(words[place], values) if place < len(words) else None


def _single(word: str, values: Mapping[str, str]) -> float | None:
    if word in values:
        return float(values[word])
    if joined := _GERMAN.match(word):
        units, tens = joined.groups()
        unit = values.get("eins" if units == "ein" else units)
        if unit and tens in values:
            return float(unit) + float(values[tens])
    return None
