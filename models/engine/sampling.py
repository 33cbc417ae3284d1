"""Choosing a token from logits, in numpy: greedy by default, else top-k, then top-p, then temperature.

Top-k goes first so that no step ever sorts the whole vocabulary.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.engine.api import Sampling
from models.engine.ports import Ints

__all__ = ["Sampler"]

_RECENT = 64  # tokens of the branch that the repeat penalty looks at


class Sampler:
    """The sampler of one branch. Its own random numbers, so that other branches change nothing in it."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._random = np.random.default_rng(sampling.seed) if sampling.temperature > 0 else None
        self._recent: list[int] = []

    @property
    def is_greedy(self) -> bool:
        """Whether it always takes the likeliest token."""
        return self._random is None and self._sampling.repeat_penalty == 1.0

    def choose(self, logits: npt.NDArray[np.float32], banned: Ints | None = None) -> int:
        """The next token, none of ``banned``, from a view of the logits (vocabulary,), which is left as it is."""
        if banned is not None:
            logits = logits.copy()
            logits[banned] = -np.inf
        penalised = self._penalised(logits)
        token = int(penalised.argmax()) if self._random is None else self._draw(penalised, self._random)
        if self._sampling.repeat_penalty != 1.0:
            self._recent = [*self._recent[-(_RECENT - 1) :], token]
        return token

    def _penalised(self, logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        if self._sampling.repeat_penalty == 1.0 or not self._recent:
            return logits
        changed = logits.copy()
        recent = np.unique(self._recent)
        values = changed[recent]
        penalty = self._sampling.repeat_penalty
        changed[recent] = np.where(values > 0, values / penalty, values * penalty)
        return changed

    def _draw(self, logits: npt.NDArray[np.float32], random: np.random.Generator) -> int:
        k = min(self._sampling.top_k if self._sampling.top_k > 0 else len(logits), len(logits))
        top = np.argpartition(logits, len(logits) - k)[len(logits) - k :]
        top = top[np.argsort(-logits[top], kind="stable")]
        plain = np.exp(logits[top].astype(np.float64) - float(logits[top[0]]))
        plain /= plain.sum()
        kept = int(np.searchsorted(np.cumsum(plain), self._sampling.top_p)) + 1
        top = top[:kept]
        weights = np.exp((logits[top].astype(np.float64) - float(logits[top[0]])) / self._sampling.temperature)
        return int(top[random.choice(len(top), p=weights / weights.sum())])
