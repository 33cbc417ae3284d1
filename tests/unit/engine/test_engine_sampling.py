"""Choosing tokens: greedy unless asked otherwise, and the same under the same seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.engine.api import Sampling
from models.engine.sampling import Sampler

LOGITS = np.array([0.1, 3.0, -1.0, 2.9, 0.5, 2.0], np.float32)


def test_greedy_takes_the_largest() -> None:
    assert Sampler(Sampling()).choose(LOGITS) == 1


def test_the_logits_are_left_as_they_are() -> None:
    logits = LOGITS.copy()
    sampler = Sampler(Sampling(temperature=1.0, repeat_penalty=1.5))
    for _ in range(5):
        sampler.choose(logits)
    assert (logits == LOGITS).all()


def test_one_seed_gives_one_text() -> None:
    one, other = (Sampler(Sampling(temperature=1.0, seed=7)) for _ in range(2))
    assert [one.choose(LOGITS) for _ in range(50)] == [other.choose(LOGITS) for _ in range(50)]


@given(st.integers(1, 6), st.floats(0.05, 1.0), st.integers(0, 1000))
def test_only_the_top_tokens_are_drawn(top_k: int, top_p: float, seed: int) -> None:
    sampler = Sampler(Sampling(temperature=1.0, top_k=top_k, top_p=top_p, seed=seed))
    order = np.argsort(-LOGITS)
    weights = np.exp(LOGITS[order[:top_k]] - LOGITS.max())
    kept = int(np.searchsorted(np.cumsum(weights / weights.sum()), top_p)) + 1
    assert {sampler.choose(LOGITS) for _ in range(30)} <= set(order[: min(kept, top_k)].tolist())


@pytest.mark.parametrize("sampling", [Sampling(repeat_penalty=2.0), Sampling(repeat_penalty=2.0, temperature=0.01)])
def test_a_repeat_penalty_makes_room_for_other_tokens(sampling: Sampling) -> None:
    sampler = Sampler(sampling)
    assert [sampler.choose(LOGITS) for _ in range(3)] == [1, 3, 5]


def test_banned_tokens_are_not_chosen() -> None:
    assert Sampler(Sampling()).choose(LOGITS, np.array([1, 3])) == 5
