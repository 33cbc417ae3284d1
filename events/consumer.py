"""What a handler's outcome means for the message it was given. Pure decisions: ``events.dispatch`` carries them out.

An acknowledgement is no lock, and ``max_deliver`` of JetStream keeps no dead letter: so attempts are counted here, and
the last one ends in the dead letters, with a reason.
"""

from __future__ import annotations

from dataclasses import dataclass

from events.backoff import Backoff
from events.outcome import Ack, Outcome, Reject, Retry

# A handler that raised: it is tried again, later each time, in all for about a quarter of an hour.
AFTER_ERROR = Backoff(first=1.0, longest=60.0)

# A negative acknowledgement without delay is delivered again at once, and spins.
SHORTEST_DELAY = 0.05
MAX_REASON_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Confirm:
    """Acknowledge it."""


@dataclass(frozen=True, slots=True)
class Postpone:
    """Deliver it again after ``delay`` seconds."""

    delay: float


@dataclass(frozen=True, slots=True)
class Bury:
    """Keep it as a dead letter, then end its delivery."""

    reason: str


Action = Confirm | Postpone | Bury


def on_arrival(attempt: int, max_attempts: int) -> Bury | None:
    """None: hand it to the handler. Past the last attempt nobody answered any of them: handling it ends the process."""
    if attempt <= max_attempts:
        return None
    return Bury(f"delivered {attempt - 1} times without an answer")


def on_outcome(outcome: Outcome, attempt: int, max_attempts: int) -> Action:
    match outcome:
        case Ack():
            return Confirm()
        case Reject(reason):
            return Bury(header_text(reason))
        case Retry(delay, reason) if attempt < max_attempts:
            return Postpone(max(delay, SHORTEST_DELAY))
        case Retry(delay, reason):
            return Bury(header_text(f"given up after {attempt} attempts: {reason}"))


def on_error(error: Exception, attempt: int, max_attempts: int) -> Action:
    """The handler raised. Only the kind of the error is told: its message may hold text of a session."""
    return on_outcome(
        Retry(AFTER_ERROR.delay(attempt), f"the handler failed ({type(error).__name__})"), attempt, max_attempts
    )


def header_text(reason: str) -> str:
    """The reason on one printable line, as a message header can hold it."""
    line = " ".join("".join(c if c.isprintable() else " " for c in reason).split())
    return line[:MAX_REASON_CHARACTERS] or "no reason given"
