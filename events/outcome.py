"""What a handler decides about a delivery. The consumer carries it out; no handler touches ack, nak or term."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ack:
    """Done, and committed."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now: deliver it again after ``delay`` seconds."""

    delay: float
    reason: str


@dataclass(frozen=True, slots=True)
class Reject:
    """Never: it goes to the dead letters with this reason, which holds no text of a session."""

    reason: str


Outcome = Ack | Retry | Reject
