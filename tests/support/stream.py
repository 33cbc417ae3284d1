"""Reading a note's stream as a client would."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
from httpx_sse import connect_sse


@dataclass(frozen=True, slots=True)
class Event:
    id: str
    event: str
    data: dict[str, Any]
    seconds: float


@dataclass(slots=True)
class Reader:
    """The text of each section as an editor would show it after some events."""

    sections: dict[str, str] = field(default_factory=dict)
    note: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    resets: int = 0

    def take(self, event: Event) -> None:
        data = event.data
        match event.event:
            case "section":
                self.sections.setdefault(data["section"], "")
            case "token":
                self.sections[data["section"]] = self.sections.get(data["section"], "") + data["text"]
            case "reset":
                self.resets += 1
                for section in [data["section"]] if data.get("section") else list(self.sections):
                    self.sections.pop(section, None)
            case "note":
                self.note = data
            case "error":
                self.error = data
            case _:
                pass


def read_stream(
    base: str,
    session_id: int,
    *,
    last_event_id: str | None = None,
    at_most: int | None = None,
    wait: float = 30.0,
    headers: dict[str, str] | None = None,
) -> list[Event]:
    """The events of a stream to its end, or the first ``at_most`` of them. Waits while there is no stream yet."""
    deadline = time.monotonic() + wait
    asked = dict(headers or {})
    if last_event_id is not None:
        asked["Last-Event-ID"] = last_event_id
    with httpx.Client(base_url=base, timeout=120, trust_env=False) as http:
        while True:
            with connect_sse(http, "GET", f"/sessions/{session_id}/notes/stream", headers=asked) as source:
                if source.response.status_code == 204:
                    return []
                if source.response.status_code == 404 and time.monotonic() < deadline:
                    time.sleep(0.02)
                    continue
                source.response.raise_for_status()
                events: list[Event] = []
                for item in source.iter_sse():
                    events.append(Event(item.id, item.event, json.loads(item.data), time.monotonic()))
                    if at_most is not None and len(events) >= at_most:
                        break
                return events


def shown(events: list[Event]) -> Reader:
    reader = Reader()
    for event in events:
        reader.take(event)
    return reader


def ids_of(body: str) -> list[str]:
    """The ids of a stream's events, in order."""
    return [line.removeprefix("id: ") for line in body.splitlines() if line.startswith("id: ")]
