"""What a model does when it no longer writes a note: it loops, copies the transcript, echoes its instructions, speaks.

Fed word by word and sentence by sentence; answers with the name of the rule that was broken.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from models.clinical.lexicon import COMING
from models.clinical.sentences import split_sentences
from models.transcript import Turn

# Words in a row that are taken from the transcript: chance agreement of a paraphrase stays under it.
COPIED_WORDS = 12
_ECHOED_WORDS = 7
_LONGEST_LOOP = 12

_WORD = re.compile(r"[\w'’-]+")
_SPEECH = re.compile(r"^(?:i|i'm|i've|i'd|i'll|my|me|you|you're|your|we|we're|let's)$")
_REFUSAL = re.compile(
    r"^(?:as an ai|i(?:'m| am) (?:sorry|unable|not able)|i (?:cannot|can't|can not) |sorry, )", re.IGNORECASE
)
_PREAMBLE = re.compile(
    r"^(?:sure|certainly|of course|okay|here (?:is|are)|below is|the following is)(?:[,!.:]| (?:the|a|an|your)\b)",
    re.IGNORECASE,
)
_LONGEST_LABEL = 24
_LABEL = re.compile(f"{COMING.pattern}\\s*:", re.IGNORECASE)
_OPEN_QUOTES = '“«"'


def plain_words(text: str) -> tuple[str, ...]:
    """The words of ``text`` in lower case, without punctuation."""
    found = (match.group(0).replace("’", "'").strip("'-_") for match in _WORD.finditer(text.casefold()))
    return tuple(word for word in found if word)


@lru_cache(maxsize=16)
def _runs(turns: tuple[Turn, ...], length: int) -> frozenset[tuple[str, ...]]:
    runs: set[tuple[str, ...]] = set()
    for turn in turns:
        words = plain_words(turn.text)
        runs.update(words[at : at + length] for at in range(len(words) - length + 1))
    return frozenset(runs)


@lru_cache(maxsize=16)
def _spoken(turns: tuple[Turn, ...]) -> frozenset[tuple[str, ...]]:
    return frozenset(plain_words(sentence) for turn in turns for sentence in split_sentences(turn.text))


def look_through(turns: tuple[Turn, ...]) -> None:
    """Finds what ``Watch`` knows of a session before the first word needs it: seconds for a very long one."""
    for some in (turns, tuple(turn for turn in turns if turn.speaker == "therapist")):
        _runs(some, COPIED_WORDS)
        _spoken(some)


class Watch:
    """Over one section. ``word`` and ``sentence`` return the name of a broken rule, or None. ``plans``: the section
    tells what comes next, as a sentence does that begins with such a label; what is to be done may be noted as the
    therapist put it."""

    def __init__(self, turns: Sequence[Turn], instruction: str, *, plans: bool = False) -> None:
        self._turns = tuple(turns)
        self._therapists = tuple(turn for turn in turns if turn.speaker == "therapist")
        self._plans = plans
        self._begun = ""  # the first characters of the sentence that is being written
        self._words: list[str] = []
        self._outside = 0  # words since the last quotation mark
        self._quoted = False
        self._sentences: set[tuple[str, ...]] = set()
        echo = plain_words(instruction)
        self._echoes = {echo[at : at + _ECHOED_WORDS] for at in range(len(echo) - _ECHOED_WORDS + 1)}

    def word(self, token: str) -> str | None:
        """One more word as written, its punctuation on it."""
        self._follow_quotes(token)
        if len(self._begun) < _LONGEST_LABEL:
            self._begun += f"{token} "
        for word in plain_words(token):
            self._words.append(word)
            self._outside = 0 if self._quoted else self._outside + 1
        if self._looping():
            return "repetition"
        if tuple(self._words[-_ECHOED_WORDS:]) in self._echoes:
            return "echo"
        run = tuple(self._words[-COPIED_WORDS:])
        copied = self._outside >= COPIED_WORDS and run in _runs(self._turns, COPIED_WORDS)
        planned = self._is_planned() and run in _runs(self._therapists, COPIED_WORDS)
        if copied and not (planned and not any(_SPEECH.match(word) for word in run if word != "your")):
            return "copying"
        return None

    def _is_planned(self) -> bool:
        return self._plans or _LABEL.match(self._begun) is not None

    def sentence(self, sentence: str) -> str | None:
        """One more sentence, whole."""
        words, planned = plain_words(sentence), self._is_planned()
        self._begun = ""
        if not words:
            return None
        if _REFUSAL.match(sentence):
            return "refusal"
        if _PREAMBLE.match(sentence):
            return "preamble"
        if words in self._sentences:
            return "repetition"
        self._sentences.add(words)
        spoken = any(_SPEECH.match(word) for word in words)
        may_copy = planned and not spoken and words in _spoken(self._therapists)
        if len(words) >= (4 if spoken else 7) and words in _spoken(self._turns) and not may_copy:
            return "copying"
        if not any(mark in sentence for mark in _OPEN_QUOTES) and (
            _SPEECH.match(words[0]) or (spoken and sentence.rstrip().endswith("?"))
        ):
            return "role_play"
        return None

    def _follow_quotes(self, token: str) -> None:
        for character in token:
            if character in "“«":
                self._quoted = True
            elif character in "”»":
                self._quoted = False
            elif character == '"':
                self._quoted = not self._quoted
        if any(character in '“”«»"' for character in token):
            self._outside = 0

    def _looping(self) -> bool:
        words = self._words
        for length in range(1, _LONGEST_LOOP + 1):
            times = 4 if length == 1 else 3
            if len(words) < length * times:
                return False
            last = words[-length:]
            if all(words[-length * (n + 1) : len(words) - length * n] == last for n in range(1, times)):
                return True
        return False
