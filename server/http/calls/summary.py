"""The overview over a patient's sessions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from starlette.responses import Response

from server.db import notes, sessions
from server.http.answers import answer, wants_events
from server.http.event_source import EventStream
from server.http.inputs import PatientIn
from server.http.operation import Call
from server.notes.patient_summary import OverviewSection, SessionText, summarise
from server.stream.log import encode

NO_SESSIONS = "No sessions found for this patient"


async def summarize(call: Call) -> Response:
    """POST /summarize-sessions"""
    wanted: PatientIn = call.body
    async with call.parts.database.read() as db:
        rows = await sessions.of_patient(db, wanted.patient_id, call.caller)
        written = await notes.of_sessions(db, [row.id for row in rows])
        said = {session_id: note for session_id, note in written.items() if note.text.strip()}
        # Transcripts are read only where no note says what was in them.
        spoken = {row.id: await sessions.turns(db, row.id) for row in rows if row.id not in said}
    if not rows:
        return _answered(call, {"success": False, "message": NO_SESSIONS}, ())
    texts = [SessionText(row.session_number, said.get(row.id), spoken.get(row.id, ())) for row in rows]
    # Long transcripts take a while to read: other calls go on meanwhile.
    summary = await asyncio.to_thread(summarise, texts, call.parts.editing.formats)
    body = {
        "success": True,
        "summary": summary.text,
        "session_count": len(rows),
        "key_points": list(summary.key_points),
    }
    return _answered(call, body, summary.sections)


def _answered(call: Call, body: dict[str, Any], sections: Sequence[OverviewSection]) -> Response:
    """The overview as one answer, or section by section and then whole for callers that ask for events."""
    if not wants_events(call.request):
        return answer(body)
    return EventStream(_events(body, sections), call.api.measures, "summary")


async def _events(body: dict[str, Any], sections: Sequence[OverviewSection]) -> AsyncIterator[bytes]:
    events: list[tuple[str, dict[str, Any]]] = []
    for section in sections:
        events.append(("section", {"section": section.id, "heading": section.heading}))
        events.append(("token", {"section": section.id, "text": section.text}))
    for number, (name, data) in enumerate([*events, ("summary", body)], 1):
        yield encode(f"summary.1.{number}", name, data)
