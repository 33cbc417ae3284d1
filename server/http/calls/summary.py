"""The overview over a patient's sessions."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from server.db import notes, sessions
from server.http.answers import answer
from server.http.inputs import PatientIn
from server.http.operation import Call
from server.notes.patient_summary import SessionText, summarise

NO_SESSIONS = "No sessions found for this patient"


async def summarize(call: Call) -> Response:
    """POST /summarize-sessions"""
    body: PatientIn = call.body
    async with call.parts.database.read() as db:
        rows = await sessions.of_patient(db, body.patient_id, call.caller)
        written = await notes.of_sessions(db, [row.id for row in rows])
        said = {session_id: note for session_id, note in written.items() if note.text.strip()}
        # Transcripts are read only where no note says what was in them.
        spoken = {row.id: await sessions.turns(db, row.id) for row in rows if row.id not in said}
    if not rows:
        return answer({"success": False, "message": NO_SESSIONS})
    texts = [SessionText(row.session_number, said.get(row.id), spoken.get(row.id, ())) for row in rows]
    # Long transcripts take a while to read: other calls go on meanwhile.
    summary = await asyncio.to_thread(summarise, texts, call.parts.editing.formats)
    return answer(
        {
            "success": True,
            "summary": summary.text,
            "session_count": len(rows),
            "key_points": list(summary.key_points),
        }
    )
