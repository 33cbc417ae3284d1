"""What one sentence says, read once: stems that stand as so and not so, numbers, absolutes, sides of opposites."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from models.clinical.words import Side, vocabulary

_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*|[,;:.!?]")
_CLAUSE_ENDS = frozenset({",", ";", ":", ".", "!", "?", "but", "however", "though", "because", "until"}) | {
    *("aber", "weil", "bis", "obwohl", "sondern"),
    *("pero", "porque", "aunque", "hasta", "sino"),
}
_REACH = 5  # content words that a negation governs, at most: the rest of its clause
_FILLERS = frozenset({"well", "better", "good", "great", "fine", "gut", "bueno", "bien"})  # before a comma, at first


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
    sides: frozenset[Side]


@lru_cache(maxsize=16384)
def _word(word: str, language: str) -> _Word:
    known = vocabulary(language)
    bare = word.removesuffix("'s")
    root = bare if bare[0].isdigit() else known.stem(bare)
    return _Word(
        stem=root,
        content=bare not in known.stop,
        negator=word in known.negators or word.endswith("n't"),
        absolute=word in known.absolutes,
        sides=known.opposites(root),
    )


@lru_cache(maxsize=4096)
def read(sentence: str, language: str = "en") -> Reading:
    """The reading of one sentence. A German negation also governs what stands before it in its clause ("ich schlafe
    nicht")."""
    positive: set[str] = set()
    negative: set[str] = set()
    sides: set[Side] = set()
    absolute = False
    reach = 0
    clause: set[str] = set()
    tokens = _TOKEN.findall(sentence.casefold().replace("’", "'"))
    for token in tokens[1:] if tokens[:1] and tokens[0] in _FILLERS and tokens[1:2] == [","] else tokens:
        if token in _CLAUSE_ENDS:
            reach, clause = 0, set()
            continue
        word = _word(token, language)
        absolute = absolute or word.absolute
        if word.negator:
            reach = 0 if reach > 0 else _REACH
            if token == "nicht":
                negative |= clause
                positive -= clause
        elif word.content:
            (negative if reach > 0 else positive).add(word.stem)
            clause.add(word.stem)
            reach -= 1
        if reach <= 0 and not word.negator:
            sides |= word.sides
    found = tuple(vocabulary(language).numbers(sentence))
    return Reading(frozenset(positive), frozenset(negative), found, frozenset(sides), absolute)
