"""How fast this machine is at this moment, and how much prefill a step may therefore carry.

A step that decodes for somebody must not be held up by the prefill of somebody else: prefill gets as many tokens as
make the step at most ``_SLOWER`` times as long, so that a stream never stalls for three steps. When nobody decodes,
a step of prefill lasts about a second, so that a session that closes waits no longer than that.
"""

from __future__ import annotations

__all__ = ["Pace"]

_SLOWER = {True: 1.4, False: 0.5}  # a person waits for the prefill: yes, no
_PREFILL_SECONDS = 0.75
_UNIT = 64  # rows of a tile of attention; prefill alone goes in multiples of it
_GROUP = 4  # rows of a group of matrix multiplication
_WEIGHT = 0.2  # of the newest measurement in the averages


class Pace:
    """Running averages of speed. All times in seconds, all rates in tokens a second."""

    def __init__(self) -> None:
        self.prefill_rate = 0.0
        self._steps: dict[int, float] = {}

    def observe(self, decoded: int, fed: int, seconds: float) -> None:
        """Learns from a step of ``decoded`` rows of running branches and ``fed`` rows of prompts."""
        if seconds <= 0:
            return
        if fed == 0 and decoded:
            known = self._steps.get(decoded)
            self._steps[decoded] = seconds if known is None else known + _WEIGHT * (seconds - known)
        elif fed >= _UNIT // 2 and decoded == 0:
            rate = fed / seconds
            self.prefill_rate += (rate - self.prefill_rate) * (_WEIGHT if self.prefill_rate else 1.0)

    def step_seconds(self, rows: int) -> float | None:
        """What a step of that many decoding rows lasts: as measured, else as with the nearest number of rows."""
        if not self._steps:
            return None
        return self._steps[min(self._steps, key=lambda known: abs(known - rows))]

    def allowance(self, decoding: int, room: int, *, waiting: bool) -> int:
        """Rows of prefill for the next step, at most ``room``. ``waiting``: a person waits for that prefill."""
        if decoding == 0:
            wanted = int(self.prefill_rate * _PREFILL_SECONDS) // _UNIT * _UNIT if self.prefill_rate else 2 * _UNIT
            return min(room, max(_UNIT, wanted))
        step = self.step_seconds(decoding)
        wanted = int(step * _SLOWER[waiting] * self.prefill_rate) if step else 2 * _GROUP
        return min(room, max(_GROUP, wanted // _GROUP * _GROUP))
