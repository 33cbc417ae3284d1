"""Words reduced to what they have in common: stems, groups of near meaning, numbers. For English; other languages
fall back to the first letters of a word."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path

_WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*")

WORD_LISTS = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))


def _pairs(name: str) -> dict[str, str]:
    return dict(pair.split("=") for pair in WORD_LISTS[name].split())


STOP = frozenset(WORD_LISTS["stop"].split())
NUMBERS = _pairs("numbers")
NEGATIVE = frozenset(WORD_LISTS["negative"].split())
BACKCHANNEL = frozenset(WORD_LISTS["backchannel"].split())
NEGATORS = frozenset(WORD_LISTS["negators"].split())
ABSOLUTES = frozenset(WORD_LISTS["absolutes"].split())
_VAGUE = frozenset(WORD_LISTS["vague"].split())
_IRREGULAR = _pairs("irregular")
_SUFFIXES = tuple(WORD_LISTS["suffixes"].split())


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """What inflections of a word share. ``word`` in lower case."""
    word = _IRREGULAR.get(word, word)
    if len(word) <= 3:
        return word
    for suffix in _SUFFIXES:
        root = word[: -len(suffix)]
        if word.endswith(suffix) and len(root) >= 3:
            word = root
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls":
        word = word[:-1]
    return word[:-1] + "i" if word.endswith("y") and len(word) > 3 else word


def _groups() -> dict[str, tuple[int, ...]]:
    groups: dict[str, set[int]] = {}
    for number, line in enumerate(WORD_LISTS["groups"]):
        for word in line.split():
            groups.setdefault(stem(word), set()).add(number)
    return {key: tuple(sorted(value)) for key, value in groups.items()}


_GROUP_OF = _groups()


def groups(stemmed: str) -> tuple[int, ...]:
    """The numbers of the groups of near meaning that a stem belongs to."""
    return _GROUP_OF.get(stemmed, ())


def _opposites() -> dict[str, frozenset[tuple[int, int]]]:
    sides: dict[str, set[tuple[int, int]]] = {}
    for number, line in enumerate(WORD_LISTS["opposites"]):
        for side, part in enumerate(line.split("|")):
            for word in part.split():
                sides.setdefault(stem(word), set()).add((number, side))
    return {key: frozenset(value) for key, value in sides.items()}


_OPPOSITE_OF = _opposites()
FRAME = frozenset(stem(word) for word in WORD_LISTS["frame"].split())
"""Stems that frame what was said in clinical prose, and carry little of it."""


def opposites(stemmed: str) -> frozenset[tuple[int, int]]:
    """Line and side of the table of opposites on which a stem stands."""
    return _OPPOSITE_OF.get(stemmed, frozenset())


def words(text: str) -> list[str]:
    """The words and numbers of ``text``, in lower case."""
    return _WORD.findall(text.casefold().replace("’", "'"))


def content_stems(text: str) -> list[str]:
    """Stems of the words of ``text`` that carry meaning."""
    stems = []
    for word in words(text):
        word = word.removesuffix("'s")
        if word not in STOP:
            stems.append(stem(word) if not word[0].isdigit() else word)
    return stems


def numbers(text: str) -> list[str]:
    """The numbers of ``text`` as digits, in order; "one" is left out: it is mostly a pronoun."""
    return [value for word in words(text) if (value := number_of(word)) is not None]


def number_of(word: str) -> str | None:
    """The number that a word is, as digits."""
    if word[0].isdigit():
        return word
    return NUMBERS[word] if word in NUMBERS and word not in _VAGUE else None
