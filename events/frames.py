"""The token stream's frames: what a worker appends to the log of a note, and how a reader numbers it.

A frame holds the events of one step of the engine. Events are numbered within a generation and attempt, so that
the id of an event is the same on every replica and a frame that comes twice is seen to.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where an event stands in its generation."""

    attempt: int
    number: int


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One server-sent event: its id is ``<generation>.<attempt>.<number>``."""

    generation: str
    position: Position
    event: str
    data: dict[str, Any]

    @property
    def id(self) -> str:
        return f"{self.generation}.{self.position.attempt}.{self.position.number}"

    @property
    def is_last(self) -> bool:
        return self.event in ("note", "error")


@dataclass(frozen=True, slots=True)
class Frame:
    """Events ``first``, ``first + 1``, … of one generation and attempt. ``decoded_at`` is when the first of them came
    out of the engine, in seconds since 1970: what a measurement of delays starts from."""

    generation: str
    attempt: int
    first: int
    events: tuple[tuple[str, dict[str, Any]], ...]
    decoded_at: float | None = None

    def encode(self) -> bytes:
        body: dict[str, Any] = {"g": self.generation, "a": self.attempt, "n": self.first, "e": self.events}
        if self.decoded_at is not None:
            body["t"] = self.decoded_at
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def decode(cls, payload: bytes) -> Frame:
        """Raises ValueError (KeyError and TypeError are never let out)."""
        try:
            body = json.loads(payload)
            events = tuple((str(name), dict(data)) for name, data in body["e"])
            decoded_at = body.get("t")
            moment = float(decoded_at) if decoded_at is not None else None
            return cls(str(body["g"]), int(body["a"]), int(body["n"]), events, moment)
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a frame: {type(error).__name__}") from error

    def __iter__(self) -> Iterator[StreamEvent]:
        for offset, (name, data) in enumerate(self.events):
            yield StreamEvent(self.generation, Position(self.attempt, self.first + offset), name, data)


def parse_event_id(text: str) -> tuple[str, Position] | None:
    """The generation and position of an event id, or None for anything else."""
    parts = text.rsplit(".", 2)
    if len(parts) != 3 or not parts[0] or not all(p.isdecimal() and len(p) <= _MOST_DIGITS for p in parts[1:]):
        return None
    return parts[0], Position(int(parts[1]), int(parts[2]))
