"""Which turns a sentence of the note rests on, and how well.

Each sentence is compared with short windows of turns: how much of its weight of meaning occurs there, whether its
numbers, its negations and its speaker agree. The method and its precision and recall stand in ``docs/evidence.md``.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.clinical.lexicon import RISK
from models.clinical.markers import strip_markers
from models.clinical.plan import ABSENT_SENTENCES
from models.clinical.sentences import split_sentences
from models.clinical.words import BACKCHANNEL, NEGATIVE, content_stems, groups, numbers, words
from models.transcript import Turn, normalise_whitespace

# Above this a sentence counts as supported. Chosen on the development half of the labelled set (docs/evidence.md).
SUPPORTED = 0.5


@dataclass(frozen=True, slots=True)
class Evidence:
    """``turns``: indexes of the turns that support ``text``; ``support`` from 0 to 1."""

    text: str
    turns: tuple[int, ...]
    support: float
    supported: bool


@dataclass(frozen=True, slots=True)
class _Features:
    """Of one turn, computed once."""

    stems: frozenset[str]
    groups: frozenset[int]
    negative: bool


class EvidenceIndex:
    """Over the turns of one session."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = tuple(turns)
        stems = [content_stems(turn.text) for turn in self._turns]
        self._features = [
            _Features(frozenset(found), frozenset(g for s in found for g in groups(s)), _negative(turn.text))
            for found, turn in zip(stems, self._turns, strict=True)
        ]
        self._numbers = frozenset(number for turn in self._turns for number in numbers(turn.text))
        self._holders: dict[str, list[int]] = defaultdict(list)
        self._group_holders: dict[int, list[int]] = defaultdict(list)
        for place, features in enumerate(self._features):
            for one in features.stems:
                self._holders[one].append(place)
            for group in features.groups:
                self._group_holders[group].append(place)

    def sentences(self, text: str) -> tuple[Evidence, ...]:
        """Evidence for each sentence of ``text``, in order."""
        return tuple(self.support(sentence) for sentence in split_sentences(text))

    def support(self, sentence: str) -> Evidence:
        """Evidence for one sentence. The fixed absent sentences are supported by no turn in particular."""
        plain = normalise_whitespace(strip_markers(sentence))
        if plain in ABSENT_SENTENCES:
            return Evidence(sentence, (), 1.0, True)
        weights = self._weights(content_stems(plain))
        if not weights or not self._turns:
            return Evidence(sentence, (), 0.0, False)
        hits = self._hits(weights)
        turns = self._choose(weights, hits)
        score = self._score(plain, weights, hits, turns)
        indexes = tuple(self._turns[place].index for place in turns) if score > 0.15 else ()
        return Evidence(sentence, indexes, round(score, 3), score >= SUPPORTED)

    def _weights(self, stems: Iterable[str]) -> dict[str, float]:
        """How much each stem says: the rarer in the session the more; one that never occurs weighs like a rare one."""
        total = len(self._turns) + 1
        return {s: math.log(1 + total / (1 + len(self._holders.get(s, ())))) for s in Counter(stems)}

    def _hits(self, weights: dict[str, float]) -> dict[int, dict[str, float]]:
        """For each turn that has anything of the sentence: stem to how well it is met, 1 by itself, less by group."""
        hits: dict[int, dict[str, float]] = defaultdict(dict)
        for one in weights:
            for group in groups(one):
                for place in self._group_holders.get(group, ()):
                    hits[place][one] = 0.7
            for place in self._holders.get(one, ()):
                hits[place][one] = 1.0
        return hits

    def _choose(self, weights: dict[str, float], hits: dict[int, dict[str, float]]) -> list[int]:
        """The few turns that together meet most of the sentence."""
        met: dict[str, float] = {}
        chosen: list[int] = []
        while len(chosen) < 4:
            best, gain = None, 0.12 * sum(weights.values())
            for place, found in hits.items():
                more = sum(weights[s] * max(0.0, value - met.get(s, 0.0)) for s, value in found.items())
                near = 1.0 if not chosen or min(abs(place - other) for other in chosen) <= 3 else 0.75
                if place not in chosen and more * near > gain:
                    best, gain = place, more * near
            if best is None:
                break
            chosen.append(best)
            for s, value in hits[best].items():
                met[s] = max(met.get(s, 0.0), value)
        return sorted(chosen)

    def _score(
        self, plain: str, weights: dict[str, float], hits: dict[int, dict[str, float]], turns: list[int]
    ) -> float:
        met = {s: max((hits[place].get(s, 0.0) for place in turns), default=0.0) for s in weights}
        score = sum(weights[s] * met[s] for s in weights) / sum(weights.values())
        missing = [number for number in numbers(plain) if number not in self._numbers]
        if missing:
            score *= 0.4
        if turns and _negative(plain) != any(self._answers_negative(place) for place in turns):
            score *= 0.75 if not _negative(plain) else 0.55
        return score

    def _answers_negative(self, place: int) -> bool:
        nearby = self._features[place : place + 2]
        return any(features.negative for features in nearby)


def coverage(turns: Sequence[Turn], evidences: Iterable[Evidence]) -> tuple[int, ...]:
    """Indexes of the turns that no sentence rests on, without those that only keep a talk going."""
    used = {index for evidence in evidences for index in evidence.turns}
    return tuple(turn.index for turn in turns if turn.index not in used and not is_backchannel(turn.text))


def is_backchannel(text: str) -> bool:
    """Whether a turn holds nothing a note could be about: "Mm-hm.", a greeting."""
    if any(pattern.search(text) for pattern in RISK.values()):
        return False
    spoken = [word for part in words(text) for word in re.split(r"['-]", part)]
    return all(word in BACKCHANNEL for word in spoken)


def _negative(text: str) -> bool:
    return any(word in NEGATIVE for word in words(text))
