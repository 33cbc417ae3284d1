"""The gate before another model may serve: on the held-out sessions it must not be worse, part by part.

Both models wrote notes for the same sessions; what is compared is the difference session by session. A candidate is
refused where its mean is worse by more than the tolerance; the interval says how sure that is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.catalog.intervals import bootstrap

# Scores by part of the note (the paragraph, each section), then by session; higher is better.
Scores = Mapping[str, Mapping[str, float]]

TOLERANCE = 0.01
_MIN_SESSIONS = 5


@dataclass(frozen=True, slots=True)
class Comparison:
    """One part: the mean difference (candidate less current), its 95 % bootstrap interval, and whether it passes."""

    part: str
    sessions: int
    difference: float
    low: float
    high: float
    passes: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """``refusals``: one line for each reason to refuse; none means that the candidate may serve."""

    comparisons: tuple[Comparison, ...]
    refusals: tuple[str, ...]

    @property
    def passes(self) -> bool:
        return not self.refusals


def judge(candidate: Scores, current: Scores, tolerance: float = TOLERANCE) -> Verdict:
    """Compares two models' scores over the sessions that both have."""
    comparisons = []
    refusals = [] if current else ["nothing was measured of the model that serves"]
    for part in sorted(current):
        if part not in candidate:
            refusals.append(f"{part}: the candidate has no scores for it")
            continue
        shared = sorted(candidate[part].keys() & current[part].keys())
        if len(shared) < _MIN_SESSIONS:
            refusals.append(f"{part}: {len(shared)} sessions in common, at least {_MIN_SESSIONS} are needed")
            continue
        found = _compare(part, [candidate[part][s] - current[part][s] for s in shared], tolerance)
        comparisons.append(found)
        if not found.passes:
            refusals.append(
                f"{part}: worse by {-found.difference:.3f} [{-found.high:.3f}, {-found.low:.3f}] "
                f"over {found.sessions} sessions; up to {tolerance:.3f} is allowed"
            )
    return Verdict(tuple(comparisons), tuple(refusals))


def _compare(part: str, differences: list[float], tolerance: float) -> Comparison:
    found = bootstrap(differences)
    return Comparison(part, found.n, found.mean, found.low, found.high, passes=found.mean >= -tolerance)
