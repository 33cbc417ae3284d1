"""Notes for browser tests that need no model to have written them."""

from __future__ import annotations

import math
import os
from typing import Any

import httpx

from tests.support.service import Service
from tests.support.transcripts import SHORT_SESSION

SECTIONS = ("chief_complaint", "emotional_state", "risk", "intervention", "progress", "plan")


def written_note(service: Service, sections: dict[str, str] | None = None, transcript: str = SHORT_SESSION) -> int:
    """A session whose note a person wrote through the API."""
    session_id = service.create(transcript)
    texts = {section: f"First words about {section.replace('_', ' ')}." for section in SECTIONS} | (sections or {})
    put(service, session_id, texts)
    return session_id


def put(service: Service, session_id: int, sections: dict[str, str]) -> dict[str, Any]:
    return put_by(service.http, session_id, sections)


def put_by(http: httpx.Client, session_id: int, sections: dict[str, str]) -> dict[str, Any]:
    answer = http.put(f"/sessions/{session_id}/notes", json={"sections": sections})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def stored_text(service: Service, session_id: int, section_id: str) -> str:
    document = service.note(session_id)
    assert document is not None
    return next(section["text"] for section in document["sections"] if section["id"] == section_id)


def every_stored_text(service: Service, session_id: int) -> str:
    """The note and all its versions in one text."""
    document = service.note(session_id)
    assert document is not None
    texts = [section["text"] for section in document["sections"]]
    texts += [section["text"] for revision in service.revisions(session_id) for section in revision["sections"]]
    return "\n".join(texts)


def within_ms(idle: float) -> float:
    """A time limit where the machine has a core to spare; none where other work takes all of them."""
    return idle if os.getloadavg()[0] < (os.cpu_count() or 1) else math.inf
