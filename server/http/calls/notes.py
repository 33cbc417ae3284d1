"""The note of a session: read as a document, changed by a person, signed, unlocked, added to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from server.clock import utc_now
from server.db import generations, notes
from server.db.notes import Stored
from server.db.tables import GenerationRow, SessionRow
from server.errors import NotFoundError, StaleVersionError
from server.http.answers import answer, check_conditions, etag, is_unchanged
from server.http.inputs import AddendumIn, NoteIn, SignIn, UnlockIn
from server.http.operation import Call
from server.http.views import failure_json, generation_json, note_json, revision_json, revisions_json
from server.notes.state import Note
from server.sessions import intake

Change = Callable[[AsyncSession, SessionRow, datetime], Awaitable[Note]]


async def read(call: Call) -> Response:
    """GET /sessions/{session_id}/notes"""
    async with call.parts.database.read() as db:
        session = await intake.found(db, call.session_id, call.caller)
        stored = await notes.find(db, session.id)
        generation = await generations.active(db, session.id)
        ended = await generations.latest(db, session.id) if stored is None and generation is None else None
        style = await generations.style_written(db, session.id)
    if stored is None:
        raise NotFoundError(
            "The session has no note yet", generation=generation_json(generation), failure=failure_json(ended)
        )
    tag = etag(session.id, stored.note.version)
    # While a note is being written the answer also tells how far that is, which the tag does not cover.
    if generation is None and is_unchanged(call.request, tag):
        return Response(status_code=304, headers={"ETag": tag})
    return answer(note_json(session, stored, generation, style), headers={"ETag": tag})


async def replace(call: Call) -> Response:
    """PUT /sessions/{session_id}/notes"""
    body: NoteIn = call.body
    editing = call.parts.editing

    async def change(db: AsyncSession, session: SessionRow, now: datetime) -> Note:
        if body.sections is not None:
            return await editing.replace_sections(
                db, session, body.sections, call.caller, now, still_open=body.suggestions
            )
        return await editing.replace_text(db, session, body.notes or "", call.caller, now)

    changed = await _changed(call, change)
    session, note = changed.session, changed.stored.note
    known = {"is_ai_generated": note.is_ai_generated, "edited_from_ai": note.edited_from_ai}
    return answer(
        {
            "success": True,
            "session_id": session.id,
            "notes": note.text,
            "updated_at": session.updated_at.isoformat(),
            "notes_metadata": known,
            "version": note.version,
        },
        headers={"ETag": etag(session.id, note.version)},
    )


async def sign(call: Call) -> Response:
    """POST /sessions/{session_id}/notes/sign"""
    body: SignIn | None = call.body
    name = body.name if body is not None else None

    async def change(db: AsyncSession, session: SessionRow, now: datetime) -> Note:
        return await call.parts.editing.sign(db, session, name, call.caller, now)

    return _answered(await _changed(call, change), 200)


async def unlock(call: Call) -> Response:
    """POST /sessions/{session_id}/notes/unlock"""
    body: UnlockIn = call.body

    async def change(db: AsyncSession, session: SessionRow, now: datetime) -> Note:
        return await call.parts.editing.unlock(db, session, body.reason, call.caller, now)

    return _answered(await _changed(call, change), 200)


async def add_addendum(call: Call) -> Response:
    """POST /sessions/{session_id}/notes/addenda"""
    body: AddendumIn = call.body

    async def change(db: AsyncSession, session: SessionRow, now: datetime) -> Note:
        return await call.parts.editing.add_addendum(db, session, body.text, call.caller, now)

    return _answered(await _changed(call, change), 201)


async def revisions(call: Call) -> Response:
    """GET /sessions/{session_id}/notes/revisions"""
    async with call.parts.database.read() as db:
        session = await intake.found(db, call.session_id, call.caller)
        rows = await notes.revisions(db, session.id)
    return answer({"session_id": session.id, "revisions": revisions_json(rows)})


async def revision(call: Call) -> Response:
    """GET /sessions/{session_id}/notes/revisions/{version}"""
    async with call.parts.database.read() as db:
        session = await intake.found(db, call.session_id, call.caller)
        row = await notes.revision(db, session.id, call.version)
    if row is None:
        raise NotFoundError(f"The note has no version {call.version}")
    return answer(revision_json(row))


@dataclass(frozen=True, slots=True)
class _Changed:
    """What a change left behind, as its own transaction saw it: no second look can fail after it was made."""

    session: SessionRow
    stored: Stored
    generation: GenerationRow | None
    style: Mapping[str, str]


async def _changed(call: Call, change: Change) -> _Changed:
    """One transaction: the caller's conditions, then the change. A stale caller is told what the note is now."""
    now = utc_now()
    try:
        async with call.parts.database.write() as db:
            session = await intake.locked(db, call.session_id, call.caller)
            before = await notes.find(db, session.id)
            check_conditions(call.request, session.id, before.note.version if before else 0)
            await change(db, session, now)
            after = await notes.find(db, session.id)
            generation = await generations.active(db, session.id)
            style = await generations.style_written(db, session.id)
    except StaleVersionError as error:
        raise await _with_current(call, error) from None
    if after is None:
        raise NotFoundError("The session has no note yet")
    if before is None or after.note.version != before.note.version:
        call.changed(session.id)
    return _Changed(session, after, generation, style)


def _answered(changed: _Changed, status: int) -> Response:
    """The document as it is now."""
    body = note_json(changed.session, changed.stored, changed.generation, changed.style)
    return answer(body, status, {"ETag": etag(changed.session.id, changed.stored.note.version)})


async def _with_current(call: Call, error: StaleVersionError) -> StaleVersionError:
    async with call.parts.database.read() as db:
        session = await intake.found(db, call.session_id, call.caller)
        stored = await notes.find(db, session.id)
        generation = await generations.active(db, session.id)
        style = await generations.style_written(db, session.id)
    if stored is None:
        return error
    return StaleVersionError(
        error.detail,
        version=stored.note.version,
        current=note_json(session, stored, generation, style),
        etag=etag(session.id, stored.note.version),
    )
