"""Means with their uncertainty: percentile bootstrap (Efron, 1979), the same values giving the same interval."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_ROUNDS = 2000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % bootstrap interval over ``n`` values."""

    mean: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return self.to(3)

    def to(self, places: int) -> str:
        """The mean and the interval with so many decimal places."""
        return f"{self.mean:.{places}f} [{self.low:.{places}f}, {self.high:.{places}f}]"


def bootstrap(values: Sequence[float], rounds: int = _ROUNDS, seed: int = 0) -> Interval:
    """The mean of the values."""
    if not values:
        return Interval(0.0, 0.0, 0.0, 0)
    chance = random.Random(seed)
    means = [statistics.fmean(chance.choices(values, k=len(values))) for _ in range(rounds)]
    return _interval(statistics.fmean(values), means, len(values))


def bootstrap_of(
    statistic: Callable[[Sequence[int]], float], count: int, rounds: int = _ROUNDS, seed: int = 0
) -> Interval:
    """A statistic of ``count`` things that is no mean of theirs: ``statistic`` of their places, drawn with
    repetition."""
    if not count:
        return Interval(0.0, 0.0, 0.0, 0)
    chance, places = random.Random(seed), range(count)
    drawn = [statistic(chance.choices(places, k=count)) for _ in range(rounds)]
    return _interval(statistic(places), drawn, count)


def difference_of_means(first: Sequence[float], second: Sequence[float], rounds: int = _ROUNDS) -> Interval:
    """The mean of ``first`` less that of ``second``, two groups of which each was drawn by itself; ``n`` counts the
    smaller one."""
    if not first or not second:
        return Interval(0.0, 0.0, 0.0, 0)
    chance = random.Random(0)
    differences = [
        statistics.fmean(chance.choices(first, k=len(first))) - statistics.fmean(chance.choices(second, k=len(second)))
        for _ in range(rounds)
    ]
    return _interval(statistics.fmean(first) - statistics.fmean(second), differences, min(len(first), len(second)))


def _interval(mean: float, drawn: list[float], n: int) -> Interval:
    drawn = sorted(drawn)
    return Interval(mean, drawn[int(0.025 * len(drawn))], drawn[min(len(drawn) - 1, int(0.975 * len(drawn)))], n)
