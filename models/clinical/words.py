"""Words reduced to what they have in common, by language: stems, groups of near meaning, opposites, numbers.

A group has one number in all languages, so that a note in one is held against a session in another.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from models.clinical.spelled import numerals

# Numbers on both sides are two: "a hundred, five of them".
_APART = re.compile(r"[.,;:!?](?=\s)")
_WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*")
_FOLDER = Path(__file__).parent
_ENGLISH = "en"


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / name).read_text(encoding="utf-8"))


WORD_LISTS = _table("words.toml")

Side = tuple[int, int]
"""Line and side of the table of opposites."""


class Vocabulary:
    """What is known of the words of one language."""

    def __init__(self, language: str, lists: dict[str, Any]) -> None:
        self.language = language
        self.stop = frozenset(lists["stop"].split())
        self.negators = frozenset(lists["negators"].split())
        self.absolutes = frozenset(lists["absolutes"].split())
        self.supposing = frozenset(lists["supposing"].split())
        self.relatives = frozenset(lists["relatives"].split())
        self.function = frozenset(lists["function"].split())
        self._vague = frozenset(lists["vague"].split())
        self._numbers: dict[str, str] = dict(pair.split("=") for pair in lists["numbers"].split())
        self._irregular: dict[str, str] = dict(pair.split("=") for pair in lists["irregular"].split())
        self._suffixes = tuple(lists["suffixes"].split())
        self._groups = self._grouped(lists)
        self._sides = self._sided(lists)
        self.frame = frozenset(self.stem(word) for word in lists["frame"].split())

    def stem(self, word: str) -> str:
        """What inflections of a word share. ``word`` in lower case."""
        return _stem_english(word, self) if self.language == _ENGLISH else _stem_folded(word, self)

    def irregular(self, word: str) -> str:
        """The word that an irregular form belongs to, else itself."""
        return self._irregular.get(word, word)

    @property
    def suffixes(self) -> tuple[str, ...]:
        return self._suffixes

    def knows(self, word: str) -> bool:
        """Whether a word, in lower case, is one of this language for certain."""
        return word in self.function or word in self.stop or self.stem(word) in self._groups

    def groups(self, stemmed: str) -> tuple[int, ...]:
        """The numbers of the groups of near meaning that a stem belongs to."""
        return self._groups.get(stemmed, ())

    def opposites(self, stemmed: str) -> frozenset[Side]:
        """Where a stem stands in the table of opposites."""
        return self._sides.get(stemmed, frozenset())

    def number(self, word: str) -> str | None:
        """The number that a word is, as digits."""
        if word[0].isdigit():
            return word
        return self._numbers.get(word) if word not in self._vague else None

    def numbers(self, text: str) -> list[str]:
        """The numbers of ``text`` as digits, in order; "one" is left out: it is mostly a pronoun."""
        parts = (words(part) for part in _APART.split(text))
        return [number for part in parts for number in numerals(part, self._numbers, self._vague)]

    def content_stems(self, text: str) -> list[str]:
        """Stems of the words of ``text`` that carry meaning."""
        bare = (word.removesuffix("'s") for word in words(text))
        return [word if word[0].isdigit() else self.stem(word) for word in bare if word not in self.stop]

    def _grouped(self, lists: dict[str, Any]) -> dict[str, tuple[int, ...]]:
        found: dict[str, set[int]] = {}
        for number, line in enumerate(lists["groups"]):
            for word in line.split():
                found.setdefault(self.stem(word), set()).add(number + _OFFSETS[self.language])
        for key, line in _likes(lists):
            for word in line.split():
                found.setdefault(self.stem(word), set()).update(vocabulary().groups(vocabulary().stem(key)))
        return {key: tuple(sorted(value)) for key, value in found.items()}

    def _sided(self, lists: dict[str, Any]) -> dict[str, frozenset[Side]]:
        found: dict[str, set[Side]] = {}
        for number, line in enumerate(lists["opposites"]):
            for side, part in enumerate(line.split("|")):
                for word in part.split():
                    found.setdefault(self.stem(word), set()).add((number + _OFFSETS[self.language], side))
        for key, line in _likes(lists):
            for word in line.split():
                found.setdefault(self.stem(word), set()).update(vocabulary().opposites(vocabulary().stem(key)))
        return {key: frozenset(value) for key, value in found.items()}


# Where the numbers of a language's own groups begin.
_OFFSETS = {_ENGLISH: 0, "de": 10_000, "es": 20_000}
LANGUAGES = tuple(_OFFSETS)
"""The languages in which notes and sessions are compared."""


def _likes(lists: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for line in lists.get("like", ()):
        key, _, found = line.partition(" = ")
        yield key, found


@cache
def vocabulary(language: str = _ENGLISH) -> Vocabulary:
    """The vocabulary of one of ``LANGUAGES``."""
    return Vocabulary(language, WORD_LISTS if language == _ENGLISH else _table(f"words_{language}.toml"))


@lru_cache(maxsize=65536)
def _stem_english(word: str, vocabulary: Vocabulary) -> str:
    word = vocabulary.irregular(word)
    if len(word) <= 3:
        return word
    for suffix in vocabulary.suffixes:
        root = word[: -len(suffix)]
        if word.endswith(suffix) and len(root) >= 3:
            word = root
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls":
        word = word[:-1]
    return word[:-1] + "i" if word.endswith("y") and len(word) > 3 else word


@lru_cache(maxsize=65536)
def _stem_folded(word: str, vocabulary: Vocabulary) -> str:
    """Without accents, a participle's "ge-", and the longest ending that leaves three letters."""
    known = vocabulary.irregular(word)
    if known != word:
        return _fold(known)
    if vocabulary.language == "de" and word.startswith("ge") and len(word) > 6 and word[-1] in "nt":
        word = word[2:]
    for suffix in sorted(vocabulary.suffixes, key=len, reverse=True):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            word = word[: -len(suffix)]
            break
    return _fold(word)


def _fold(word: str) -> str:
    plain = unicodedata.normalize("NFD", word.replace("ß", "ss"))
    return "".join(character for character in plain if not unicodedata.combining(character))


def words(text: str) -> list[str]:
    """The words and numbers of ``text``, in lower case."""
    return _WORD.findall(text.casefold().replace("’", "'"))


def stem(word: str) -> str:
    """What inflections of an English word share. ``word`` in lower case."""
    return vocabulary().stem(word)


def content_stems(text: str, language: str = _ENGLISH) -> list[str]:
    """Stems of the words of ``text`` that carry meaning."""
    return vocabulary(language).content_stems(text)


def numbers(text: str, language: str = _ENGLISH) -> list[str]:
    """The numbers of ``text`` as digits, in order."""
    return vocabulary(language).numbers(text)


BACKCHANNEL = frozenset(
    word
    for lists in (WORD_LISTS, *(_table(f"words_{language}.toml") for language in LANGUAGES[1:]))
    for word in lists["backchannel"].split()
)
"""Words that keep a talk going, of all languages."""
