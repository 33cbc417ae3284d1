"""Sessions: created, read, spoken segment by segment, closed, listed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from starlette.responses import Response

from models.transcript import Turn, parse_transcript
from server import announce
from server.clock import utc_now
from server.db import notes, sessions, written
from server.db.sessions import NewSession
from server.http.answers import answer, stream_location
from server.http.cursor import decode_cursor, encode_cursor
from server.http.event_source import EventStream
from server.http.inputs import ConsentIn, ListQuery, SegmentsIn, SessionIn
from server.http.operation import Call
from server.http.views import listed_json, session_json, turn_json
from server.notes import versions
from server.notes.versions import Ground, Made
from server.sessions import intake

# Characters of segments in one event: far under what a broker takes as one message.
_EVENT_CHARACTERS = 100_000
_EVENT_TURNS = 500


async def create(call: Call) -> Response:
    """POST /sessions/"""
    body: SessionIn = call.body
    now = utc_now()
    new = NewSession(therapist_id=call.caller, **body.model_dump(exclude={"notes"}))
    made = await _note_by_hand(call, body)
    async with call.parts.database.write() as db:
        row = await intake.create(db, new, call.parts.limits, now)
        if made is not None:
            await versions.keep(db, row, made, with_text=call.parts.editing.with_text)
        created = session_json(row, made.version.note if made is not None and made.version is not None else None)
    call.changed(row.id, relay=made is not None)
    return answer({"success": True, "message": "Session created successfully", "session": created})


async def _note_by_hand(call: Call, body: SessionIn) -> Made | None:
    """The note that comes with a session, made before anything is stored."""
    if body.notes is None or not body.notes.strip():
        return None
    text = body.original_transcription or ""
    intake.refuse_longer(text, call.parts.limits)
    turns = await asyncio.to_thread(parse_transcript, text)
    return await versions.made(Ground(None, turns), call.parts.editing.replacing_text(body.notes, call.caller))


async def read(call: Call) -> Response:
    """GET /sessions/{session_id}"""
    async with call.parts.database.read() as db:
        row = await intake.found(db, call.session_id, call.caller)
        stored = await notes.find(db, row.id)
    return answer({"success": True, "session": session_json(row, stored.note if stored else None)})


async def of_patient(call: Call) -> Response:
    """GET /sessions/patient/{patient_id}"""
    async with call.parts.database.read() as db:
        rows = await sessions.of_patient(db, call.patient_id, call.caller)
        stored = await notes.of_sessions(db, [row.id for row in rows])
    found = [session_json(row, stored.get(row.id)) for row in rows]
    return answer({"success": True, "count": len(found), "sessions": found})


async def listing(call: Call) -> Response:
    """GET /sessions"""
    query: ListQuery = call.query
    async with call.parts.database.read() as db:
        # One more than asked for tells whether there is a next page.
        entries = await sessions.listed(
            db,
            therapist=call.caller,
            patient_id=query.patient_id,
            status=query.status,
            before=decode_cursor(query.cursor) if query.cursor else None,
            by_change=query.order == "changed",
            limit=query.limit + 1,
        )
    page = entries[: query.limit]
    last = page[-1].row if len(entries) > query.limit else None
    following = None
    if last is not None:
        following = encode_cursor(last.updated_at if query.order == "changed" else last.created_at, last.id)
    found = [listed_json(entry, call.parts.workers.reading(entry.row.id)) for entry in page]
    return answer({"sessions": found, "next_cursor": following})


async def turns(call: Call) -> Response:
    """GET /sessions/{session_id}/turns"""
    async with call.parts.database.read() as db:
        row = await intake.found(db, call.session_id, call.caller)
        spoken = await sessions.turns(db, row.id)
        [entry] = await sessions.listed(db, only=[row.id])
    return answer({"session_id": row.id, "status": entry.status, "turns": [turn_json(turn) for turn in spoken]})


async def append(call: Call) -> Response:
    """POST /sessions/{session_id}/segments"""
    body: SegmentsIn = call.body
    now = utc_now()
    segments = [Turn(s.index, s.speaker, s.text, s.start) for s in body.segments]
    async with call.parts.database.write() as db:
        session = await intake.locked(db, call.session_id, call.caller)
        appended = await intake.append(db, session, segments, call.parts.limits, now)
        for part in _parts(appended.added):
            announce.segments_added(db, session, part, now)
    if appended.added:
        call.changed(session.id)
    return answer({"added": len(appended.added), "turns": appended.total}, 201 if appended.added else 200)


async def close(call: Call) -> Response:
    """POST /sessions/{session_id}/close"""
    now = utc_now()
    async with call.parts.database.write() as db:
        session = await intake.locked(db, call.session_id, call.caller)
        closed_now = await intake.close(db, session, now)
        if closed_now:
            announce.closed(db, session, now)
    if closed_now:
        call.changed(session.id, worker=True)
    where = stream_location(session.id)
    return answer({"session_id": session.id, "status": "closed", "stream": where}, 202, {"Location": where})


async def consent_to_training(call: Call) -> Response:
    """PUT /sessions/{session_id}/training-consent"""
    body: ConsentIn = call.body
    async with call.parts.database.write() as db:
        session = await intake.locked(db, call.session_id, call.caller)
        await written.set_consent(db, session.id, body.consent, call.caller, utc_now())
    return answer({"session_id": session.id, "consent": body.consent})


async def training_consent(call: Call) -> Response:
    """GET /sessions/{session_id}/training-consent"""
    async with call.parts.database.read() as db:
        session = await intake.found(db, call.session_id, call.caller)
        consent = await written.has_consent(db, session.id)
    return answer({"session_id": session.id, "consent": consent})


async def follow(call: Call) -> Response:
    """GET /sessions/stream"""
    if call.request.method == "HEAD":
        return Response(media_type="text/event-stream")
    return EventStream(call.api.changes.follow(call.caller), call.api.measures, "sessions", call.expires)


def _parts(turns: Sequence[Turn]) -> Iterator[list[Turn]]:
    """The turns in runs that each fit one event."""
    part: list[Turn] = []
    size = 0
    for turn in turns:
        if part and (size + len(turn.text) > _EVENT_CHARACTERS or len(part) >= _EVENT_TURNS):
            yield part
            part, size = [], 0
        part.append(turn)
        size += len(turn.text)
    if part:
        yield part
