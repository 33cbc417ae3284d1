"""What one sentence says, read once: stems that stand as so and not so, numbers, absolutes, sides of opposites."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from models.clinical.danger import named_alike
from models.clinical.words import WORD_LISTS, Side, vocabulary

_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*|[,;:.!?]")
_CLAUSE_ENDS = frozenset(",;:.!?") | frozenset(WORD_LISTS["clause_ends"].split())
_REACH = 5  # content words that a negation governs, at most: the rest of its clause
_FILLERS = frozenset({"well", "better", "good", "great", "fine", "gut", "bueno", "bien"})  # before a comma, at first
# Who is meant by "I", or "you", depends on who speaks; in a note the patient is named.
_SELF = {
    "client": frozenset(["i", "i'm", "i've", "i'd", "i'll", "we", "we're", "we've", "we'd", "we'll", "ich", "wir"]),
    "therapist": frozenset(["you", "you're", "you've", "you'd", "you'll", "du"]),
    "note": frozenset(["patient", "client", "pt", "patientin", "klient", "klientin", "paciente", "clienta"]),
}
_THIRD = frozenset({"he", "she", "they", "he's", "she's", "they're", "er"})
_THERAPIST = frozenset({"therapist", "clinician", "counselor", "therapeut", "therapeutin", "terapeuta"})
_CLAUSE_BEGINS = frozenset(WORD_LISTS["clause_begins"].split())
_DENY_BACKWARDS = frozenset(WORD_LISTS["deny_backwards"].split())
_TO_SUBJECT = 3  # words from the beginning of a clause in which its subject stands


@dataclass(frozen=True, slots=True)
class Reading:
    """``positive`` and ``negative``: content stems, the latter governed by a negation; ``supposed``: what is feared,
    thought or asked, ``supposes``: it speaks of such; ``own`` and ``others``: what is said of the patient, and of
    somebody else; ``sides``: where words that no negation governs stand in the table of opposites; ``absolute``: it
    leaves no exception."""

    positive: frozenset[str]
    negative: frozenset[str]
    supposed: frozenset[str]
    own: frozenset[str]
    others: frozenset[str]
    supposes: bool
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
    supposing: bool
    relative: bool
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
        supposing=word in known.supposing,
        relative=bare in known.relatives,
        sides=known.opposites(root),
    )


@lru_cache(maxsize=4096)
def read(sentence: str, language: str = "en", speaker: str = "note") -> Reading:
    """The reading of one sentence of ``speaker``: ``note``, or who said it."""
    reader = _Reader(language, speaker)
    tokens = _TOKEN.findall(named_alike(sentence).casefold().replace("’", "'"))
    for token in tokens[1:] if tokens[:1] and tokens[0] in _FILLERS and tokens[1:2] == [","] else tokens:
        reader.step(token)
    return reader.reading(tuple(vocabulary(language).numbers(sentence)))


class _Reader:
    """Goes through the words of a sentence."""

    def __init__(self, language: str, speaker: str) -> None:
        self._language = language
        self._self = _SELF.get(speaker, frozenset())
        self._third = _THIRD if speaker in ("client", "therapist") else frozenset()
        self._found: dict[str, set[str]] = {
            name: set() for name in ("positive", "negative", "supposed", "own", "others")
        }
        self._sides: set[Side] = set()
        self._absolute = False
        self._reach = 0  # content words that a negation still governs
        self._supposing = self._supposes = False
        self._subject: str | None = None
        self._at = 0  # words since the clause began
        self._clause: set[str] = set()
        self._last = ""

    def step(self, token: str) -> None:
        if token in _CLAUSE_ENDS:
            self._end_clause()
            self._reach, self._at, self._clause = 0, 0, set()
            self._supposing = self._supposing and token in (",", ":")
            return
        self._last = token
        word = _word(token, self._language)
        self._absolute = self._absolute or word.absolute
        self._follow_subject(token, word)
        if word.negator:
            self._negate(token)
        elif word.content:
            self._take(word)
        self._supposing = self._supposing or word.supposing
        self._supposes = self._supposes or word.supposing
        if self._reach <= 0 and not word.negator:
            self._sides |= word.sides

    def _end_clause(self) -> None:
        """A word at its end may deny what stands before it: "SI denied"."""
        if self._last in _DENY_BACKWARDS:
            self._deny_clause()

    def _deny_clause(self) -> None:
        self._found["negative"] |= self._clause
        self._found["positive"] -= self._clause

    def _negate(self, token: str) -> None:
        self._reach = 0 if self._reach > 0 else _REACH
        if token == "nicht":  # it also governs what stands before it: "ich schlafe nicht"
            self._deny_clause()

    def _take(self, word: _Word) -> None:
        self._found["negative" if self._reach > 0 else "positive"].add(word.stem)
        if self._supposing:
            self._found["supposed"].add(word.stem)
        elif self._subject and not word.relative:
            self._found[self._subject].add(word.stem)
        self._clause.add(word.stem)
        self._reach -= 1

    def _follow_subject(self, token: str, word: _Word) -> None:
        """A subject stands near the beginning of its clause, and holds until the next one."""
        self._at += 1
        if token in _CLAUSE_BEGINS:
            self._at = 0
        elif 0 < self._at <= _TO_SUBJECT:
            if token in self._self:
                self._subject, self._at = "own", _TO_SUBJECT
            elif token in self._third or word.relative:
                self._subject, self._at = "others", _TO_SUBJECT
            elif token in _THERAPIST or token in ("he", "she", "they"):
                self._subject = None

    def reading(self, numbers: tuple[str, ...]) -> Reading:
        self._end_clause()
        return Reading(
            **{name: frozenset(stems) for name, stems in self._found.items()},
            supposes=self._supposes,
            numbers=numbers,
            sides=frozenset(self._sides),
            absolute=self._absolute,
        )
