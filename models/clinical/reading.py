"""What one sentence says, read once: stems that stand as so and not so, numbers, absolutes, sides of opposites."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from models.clinical.words import ABSOLUTES, NEGATORS, STOP, number_of, opposites, stem

_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*|[,;:.!?]")
_CLAUSE_ENDS = frozenset({",", ";", ":", ".", "!", "?", "but", "however", "though", "because", "until"})
_REACH = 5  # content words that a negation governs, at most: the rest of its clause
_FILLERS = frozenset({"well", "better", "good", "great", "fine"})  # before a comma, at the beginning

Side = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Reading:
    """``positive`` and ``negative``: content stems, the latter governed by a negation; ``sides``: where words that no
    negation governs stand in the table of opposites; ``absolute``: it leaves no exception."""

    positive: frozenset[str]
    negative: frozenset[str]
    numbers: tuple[str, ...]
    sides: frozenset[Side]
    absolute: bool

    @property
    def stems(self) -> frozenset[str]:
        return self.positive | self.negative


@dataclass(frozen=True, slots=True)
class _Word:
    stem: str
    content: bool
    negator: bool
    absolute: bool
    number: str | None
    sides: frozenset[Side]


@lru_cache(maxsize=16384)
def _word(word: str) -> _Word:
    bare = word.removesuffix("'s")
    root = bare if bare[0].isdigit() else stem(bare)
    return _Word(
        stem=root,
        content=bare not in STOP,
        negator=word in NEGATORS or word.endswith("n't"),
        absolute=word in ABSOLUTES,
        number=number_of(word),
        sides=opposites(root),
    )


@lru_cache(maxsize=4096)
def read(sentence: str) -> Reading:
    """The reading of one sentence."""
    positive: set[str] = set()
    negative: set[str] = set()
    numbers: list[str] = []
    sides: set[Side] = set()
    absolute = False
    reach = 0
    tokens = _TOKEN.findall(sentence.casefold().replace("’", "'"))
    for token in tokens[1:] if tokens[:1] and tokens[0] in _FILLERS and tokens[1:2] == [","] else tokens:
        if token in _CLAUSE_ENDS:
            reach = 0
            continue
        word = _word(token)
        absolute = absolute or word.absolute
        if word.number is not None:
            numbers.append(word.number)
        if word.negator:
            reach = 0 if reach > 0 else _REACH
        elif word.content:
            (negative if reach > 0 else positive).add(word.stem)
            reach -= 1
        if reach <= 0 and not word.negator:
            sides |= word.sides
    return Reading(frozenset(positive), frozenset(negative), tuple(numbers), frozenset(sides), absolute)
