"""The ``status`` events of a stream: what is being done, how far it is, how fast it goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from models.engine.api import Prefill, Queued

# A reader wants to see that it moves, not every step of it.
_LEAST_SECONDS = 0.5


class Progress:
    """Sends ``status`` at each change of state, and within a state at most twice a second. ``expected``: tokens that
    each branch will have, by its id; ``parallel``: they are decoded side by side."""

    def __init__(
        self,
        generation: str,
        attempt: int,
        expected: Mapping[str, int],
        emit: Callable[[str, dict[str, Any]], None],
        *,
        parallel: bool,
    ):
        self._emit = emit
        self._expected = dict(expected)
        self._left = dict(expected)
        self._parallel = parallel
        self._status: dict[str, Any] = {
            "generation_id": generation,
            "attempt": attempt,
            "state": "queued",
            "position": 1,
            "prefill_done": 0,
            "prefill_total": 0,
            "tokens_per_second": None,
            "eta_seconds": None,
        }
        self._sent_at = 0.0
        self._sent_state = ""
        self._tokens = 0
        self._first_token: float | None = None

    def queued(self, event: Queued) -> None:
        self._say(state="queued", position=event.position, eta_seconds=event.eta_seconds)

    def prefill(self, event: Prefill) -> None:
        self._say(state="prefill", position=0, prefill_done=event.done, prefill_total=event.total)

    def token(self, branch: str) -> None:
        now = time.monotonic()
        self._tokens += 1
        # A branch that is longer than expected goes on for one more token, as far as anybody knows.
        self._left[branch] = max(1, self._left.get(branch, self._expected.get(branch, 1)) - 1)
        if self._first_token is None:
            self._first_token = now
        spent = now - self._first_token
        rate = (self._tokens - 1) / spent if spent > 0 else None
        self._say(
            state="generating",
            position=0,
            tokens_per_second=round(rate, 2) if rate else None,
            eta_seconds=self._rest(rate) if rate else None,
        )

    def ended(self, branch: str) -> None:
        """The branch has said what it has to say, however much was expected of it."""
        self._left.pop(branch, None)

    def _rest(self, rate: float) -> float:
        """Seconds that are left at ``rate`` tokens a second in all. Side by side the longest branch decides, and each
        step brings as many tokens as there are branches."""
        if not self._left:
            return 0.0
        tokens = max(self._left.values()) * len(self._left) if self._parallel else sum(self._left.values())
        return round(tokens / rate, 1)

    def checking(self) -> None:
        self._say(state="checking", position=0, eta_seconds=0.0)

    def _say(self, **changes: Any) -> None:
        self._status.update(changes)
        now = time.monotonic()
        if self._status["state"] != self._sent_state or now - self._sent_at >= _LEAST_SECONDS:
            self._sent_state, self._sent_at = self._status["state"], now
            self._emit("status", dict(self._status))
