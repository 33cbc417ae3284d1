"""Having a note written: in one answer as legacy clients wait for it, as a stream, or later."""

from __future__ import annotations

import time

from starlette.responses import Response

from events.frames import parse_event_id
from events.wake import CANCEL
from server.clock import utc_now
from server.db import generations, notes
from server.db.tables import GenerationRow
from server.errors import BadRequestError, ConflictError, NoModelError, NotFoundError, TooBusyError
from server.http.answers import answer, stream_location, wants_events
from server.http.calls.stream import note_stream, seen_last
from server.http.inputs import GenerateIn
from server.http.operation import Call
from server.sessions import intake
from server.stream.terminal import failure_problem
from server.stream.workers import SILENT_AFTER

# Between looks at whether any worker is left that could write.
_LOOK_EVERY = 2.0
# Storing the note, and a worker's word reaching this process.
_MARGIN = 15.0
# A worker that died is started again well within this; without fallback, callers are told sooner.
_NO_WORKER = 60.0


async def generate(call: Call) -> Response:
    """POST /sessions/{session_id}/generate-notes"""
    wanted: GenerateIn = call.body or GenerateIn()
    last_event_id = seen_last(call)
    if wants_events(call.request) and last_event_id and await _is_of_this_note(call, last_event_id):
        return await note_stream(call, last_event_id)  # who was cut off asks again, and not for another note
    generation = await _requested(call, wanted)
    where = stream_location(call.session_id)
    if wants_events(call.request):
        return await note_stream(call, None)
    if "respond-async" in call.request.headers.get("prefer", ""):
        body = {"session_id": call.session_id, "generation": {"id": generation.id, "state": generation.state}}
        return answer({**body, "stream": where}, 202, {"Location": where, "Preference-Applied": "respond-async"})
    ended = await _ended(call, generation, allow_fallback=_fallback_allowed(call, wanted))
    return await _written(call, ended)


async def cancel(call: Call) -> Response:
    """DELETE /sessions/{session_id}/notes/stream"""
    async with call.parts.database.write() as db:
        session = await intake.locked(db, call.session_id, call.caller)
        generation = await generations.request_cancel(db, session.id, utc_now())
    if generation is None:
        raise NotFoundError("No note is being written for this session")
    call.parts.broker.notify(CANCEL, generation.id.encode())
    call.changed(session.id, relay=False)
    return Response(status_code=204)


async def _is_of_this_note(call: Call, event_id: str) -> bool:
    """Whether an event of that id was sent of a note of this session."""
    place = parse_event_id(event_id)
    if place is None:
        return False
    name, position = place
    if name == "note":
        return position.attempt == call.session_id
    async with call.parts.database.read() as db:
        row = await generations.find(db, name)
    return row is not None and row.session_id == call.session_id


def _fallback_allowed(call: Call, wanted: GenerateIn) -> bool:
    return wanted.allow_fallback and call.parts.settings.allow_fallback


async def _requested(call: Call, wanted: GenerateIn) -> GenerationRow:
    async with call.parts.database.write() as db:
        session = await intake.locked(db, call.session_id, call.caller)
        generation = await call.parts.editing.request_generation(
            db,
            session,
            utc_now(),
            regenerate=wanted.regenerate,
            # What a person writes while the first note is being written stays: overwriting takes regenerate.
            keep_edited=not (wanted.regenerate and wanted.force),
            only=wanted.sections,
            note_format=wanted.format,
            style=wanted.style,
            allow_fallback=_fallback_allowed(call, wanted),
        )
    call.changed(session.id, relay=False, worker=True)
    return generation


async def _ended(call: Call, generation: GenerationRow, *, allow_fallback: bool) -> GenerationRow:
    """The generation once it has ended. Raises ``NoModelError`` when nobody is there to write it, ``TooBusyError``
    when it takes longer than it may; it stays queued in both cases."""
    patience = _NO_WORKER if allow_fallback else SILENT_AFTER
    deadline = time.monotonic() + call.parts.settings.generation_deadline + _MARGIN
    silent_since = time.monotonic()
    while (now := time.monotonic()) < deadline:
        ended = await call.parts.waiter.wait(generation.id, generation.session_id, min(_LOOK_EVERY, deadline - now))
        if ended is not None:
            return ended
        if call.parts.workers.alive() or await _is_being_written(call, generation.id):
            silent_since = time.monotonic()
        elif time.monotonic() - silent_since >= patience:
            raise NoModelError(
                "No model can answer at the moment; the note will be written when one can.", retry_after=30
            )
    raise TooBusyError("The note is not written yet; it will be. Read it later.", retry_after=30)


async def _is_being_written(call: Call, generation_id: str) -> bool:
    """Whether a worker holds the generation: while NATS is away that is its only sign of life."""
    async with call.parts.database.read() as db:
        row = await generations.find(db, generation_id)
    return row is not None and row.state == "running" and row.lease_until is not None and row.lease_until > utc_now()


async def _written(call: Call, ended: GenerationRow) -> Response:
    if ended.error == "too_short":
        raise BadRequestError(intake.TOO_SHORT)
    if ended.state != "done":
        failed = failure_problem(ended.error or ended.state)
        if ended.state == "cancelled":
            raise ConflictError(failed["detail"], reason=failed["reason"])
        raise NoModelError(failed["detail"], reason=failed["reason"], retry_after=30)
    async with call.parts.database.read() as db:
        stored = await notes.find(db, ended.session_id)
    if stored is None:
        raise NotFoundError("The session has no note yet")
    return answer(
        {
            "success": True,
            "session_id": ended.session_id,
            "generated_notes": stored.note.text,
            "can_edit": True,
            "inference_time": round(stored.note.inference_time or 0.0, 3),
        }
    )
