"""The ``status`` events of a stream: what is being done, how far it is, how fast it goes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from models.engine.api import Prefill, Queued

# A reader wants to see that it moves, not every step of it.
_LEAST_SECONDS = 0.5


class Progress:
    """Sends ``status`` at each change of state, and within a state at most twice a second."""

    def __init__(
        self, generation: str, attempt: int, expected_tokens: int, emit: Callable[[str, dict[str, Any]], None]
    ):
        self._emit = emit
        self._expected = max(1, expected_tokens)
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

    def token(self) -> None:
        now = time.monotonic()
        self._tokens += 1
        if self._first_token is None:
            self._first_token = now
        spent = now - self._first_token
        rate = (self._tokens - 1) / spent if spent > 0 else None
        left = max(0, self._expected - self._tokens)
        self._say(
            state="generating",
            position=0,
            tokens_per_second=round(rate, 2) if rate else None,
            eta_seconds=round(left / rate, 1) if rate else None,
        )

    def checking(self) -> None:
        self._say(state="checking", position=0, eta_seconds=0.0)

    def _say(self, **changes: Any) -> None:
        self._status.update(changes)
        now = time.monotonic()
        if self._status["state"] != self._sent_state or now - self._sent_at >= _LEAST_SECONDS:
            self._sent_state, self._sent_at = self._status["state"], now
            self._emit("status", dict(self._status))
