"""How long to wait before the next try. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Delays in seconds: ``first``, then each ``factor`` times the one before, never above ``longest``."""

    first: float
    longest: float
    factor: float = 2.0

    def delay(self, failures: int) -> float:
        """The wait after the ``failures``-th failure in a row; counts from 1."""
        steps = max(failures, 1) - 1
        # Beyond 64 doublings every float is past any sensible longest, and the power would overflow.
        return min(self.longest, self.first * self.factor ** min(steps, 64))
