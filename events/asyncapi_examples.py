"""The examples of the AsyncAPI document. A test reads each with the code that reads events."""

from __future__ import annotations

from typing import Any, Final

from events.dead_letters import ATTEMPTS, MESSAGE_ID, REASON, TIME

Example = dict[str, Any]


def _event(id: str, type: str, data: Example, **attributes: str) -> Example:
    return {
        "specversion": "1.0",
        "id": id,
        "source": "/clinics/north",
        "type": type,
        "subject": str(data["session_id"]),
        "time": "2026-11-23T10:50:00Z",
        "datacontenttype": "application/json",
        **attributes,
        "data": data,
    }


SEGMENT: Final = _event(
    "01a2071f-8c52-740b-9cb1-19cb90af63c1",
    "casenote.session.segment.v1",
    {
        "session_id": 41,
        "patient_id": 7,
        "therapist_id": "3",
        "segments": [
            {"index": 0, "speaker": "therapist", "text": "How has the week been?", "start": 0.0},
            {"index": 1, "speaker": "client", "text": "Better. I slept through on three nights.", "start": 4.2},
        ],
    },
)

CLOSED: Final = _event(
    "01a2071f-8c52-740b-9cb1-19cb90af63c2",
    "casenote.session.closed.v1",
    {
        "session_id": 42,
        "patient_id": 7,
        "therapist_id": "3",
        "transcript": "Therapist: How has the week been?\nClient: Better. I slept through on three nights.",
        "closed_at": "2026-11-23T10:50:00Z",
    },
)

CLOSED_AFTER_SEGMENTS: Final = _event(
    "01a2071f-8c52-740b-9cb1-19cb90af63c3",
    "casenote.session.closed.v1",
    {"session_id": 41, "patient_id": 7, "closed_at": "2026-11-23T10:50:00Z"},
)

UPDATED: Final = _event(
    "01a2071f-8c52-740b-9cb1-19cb90af63c4",
    "casenote.note.updated.v1",
    {
        "session_id": 42,
        "patient_id": 7,
        "version": 1,
        "status": "draft",
        "change": "generated",
        "is_ai_generated": True,
        "edited_from_ai": False,
        "model": {"name": "SmolLM2-135M-Instruct", "adapter": "notes-1", "prompt_version": "1"},
        "href": "/sessions/42/notes",
    },
    source="/casenote",
    sequence="0000000001",
)

DEAD_HEADERS: Final = {
    REASON: "data.session_id: Input should be a valid integer",
    ATTEMPTS: "1",
    TIME: "2026-11-23T10:50:01.250Z",
    MESSAGE_ID: "01a2071f-8c52-740b-9cb1-19cb90af63c5",
}
