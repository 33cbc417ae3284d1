"""Several continuations of one branch side by side, of which the likeliest as a whole is kept. Pure.

Beam search (Graves, "Sequence transduction with recurrent neural networks", 2012): after each step the ``width``
likeliest continuations of all go on. One that the model ends, when that is among the ``width`` likeliest, is held
against the others by the mean of its log-probabilities: their sum would make an empty text the likeliest.

The first token is the likeliest by itself. Where a text may begin in many ways with one word and in a single way with
another, the search would take the stock phrase, although the model thinks more of the word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from models.engine.ports import Floats, Ints

__all__ = ["Beam", "Beams", "Grown", "last_token", "ranked"]


@dataclass(frozen=True, slots=True)
class Beam:
    """One continuation: its sequence in the cache, its tokens (the last of them not in the cache yet), and the sum of
    their log-probabilities."""

    sequence: int
    tokens: tuple[int, ...] = ()
    score: float = 0.0


def last_token(beam: Beam) -> Ints:
    """What a continuation feeds next."""
    return np.array(beam.tokens[-1:], np.int32)


@dataclass(frozen=True, slots=True)
class Grown:
    """A continuation by one token more: ``parent`` is the place of the one that it goes on from."""

    parent: int
    tokens: tuple[int, ...]
    score: float

    @property
    def mean(self) -> float:
        return self.score / len(self.tokens)


@dataclass(slots=True)
class Beams:
    """The continuations of one branch. ``alive`` go on, the likeliest first; ``ended`` is the likeliest of those that
    the model ended, with its end token, as long as it is likelier than one that goes on; ``told`` counts the tokens of
    the branch that are settled."""

    width: int
    alive: list[Beam]
    ended: Grown | None = None
    told: int = 0

    @property
    def _begins(self) -> bool:
        return not self.alive[0].tokens

    def grow(self, best: Sequence[tuple[Ints, Floats]], is_end: Callable[[int], bool]) -> list[Grown]:
        """What goes on, given each living one's likeliest next tokens with their log-probabilities; nothing when
        ``ended`` is the answer, or there are no numbers to go by."""
        found = [
            Grown(parent, (*beam.tokens, int(token)), beam.score + float(score))
            for parent, (beam, (tokens, scores)) in enumerate(zip(self.alive, best, strict=True))
            for token, score in zip(tokens, scores, strict=True)
            if np.isfinite(score)
        ]
        found.sort(key=lambda one: -one.score)
        width = 1 if self._begins else self.width
        going = [one for one in found if not is_end(one.tokens[-1])][:width]
        ends = [one for one in found[:width] if is_end(one.tokens[-1])]
        held = [self.ended] if self.ended else []
        self.ended = max([*held, *ends], key=lambda one: one.mean, default=None)
        if self.ended and going:
            if self.ended.mean >= going[0].mean:
                return []
            if self.ended.mean < going[-1].mean:
                self.ended = None
        return going

    def settled(self) -> tuple[int, ...]:
        """The tokens, beyond those told, that no continuation that may still be the answer differs in."""
        possible = [beam.tokens for beam in self.alive] + ([self.ended.tokens] if self.ended else [])
        same = takewhile(lambda column: len(set(column)) == 1, zip(*possible, strict=False))
        return tuple(column[0] for column in same)[self.told :]

    def answer(self, going: Sequence[Grown]) -> tuple[int, ...]:
        """The tokens of the likeliest, beyond those told, when nothing goes on any more: of ``going``, for which there
        is no room, the first."""
        last = going[0] if going else self.ended
        return last.tokens[self.told :] if last else ()


def ranked(logits: Floats, count: int, banned: Ints | None = None) -> tuple[Ints, Floats]:
    """The ``count`` likeliest tokens, none of ``banned``, and their log-probabilities, from logits (vocabulary,)."""
    largest = float(logits.max())
    total = largest + float(np.log(np.exp(logits - largest).sum()))
    if banned is not None:
        logits = logits.copy()
        logits[banned] = -np.inf
    count = min(count, len(logits))
    top = np.argpartition(logits, len(logits) - count)[len(logits) - count :]
    top = top[np.argsort(-logits[top], kind="stable")]
    return top.astype(np.int32), logits[top] - np.float32(total)
