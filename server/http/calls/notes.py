"""The note of a session: read as a document, changed by a person, signed, unlocked, added to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from server.db import generations, notes
from server.db.notes import Stored
from server.db.tables import GenerationRow, SessionRow
from server.errors import NotFoundError, StaleVersionError
from server.http.answers import answer, check_conditions, etag, is_unchanged
from server.http.inputs import AddendumIn, NoteIn, SignIn, UnlockIn
from server.http.operation import Call
from server.http.views import failure_json, generation_json, note_json, revision_json, revisions_json
from server.notes import versions
from server.notes.editing import refuse_while_written
from server.notes.versions import Decide, Made
from server.sessions import intake

# A reason that only the transaction knows why a change is not to be stored.
Refuse = Callable[[AsyncSession, int], Awaitable[None]]


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
    if body.sections is not None:
        decide = editing.replacing_sections(body.sections, call.caller, still_open=body.suggestions)
    else:
        decide = editing.replacing_text(body.notes or "", call.caller)
    changed = await _changed(call, decide)
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
    decide = call.parts.editing.signing(name, call.caller)
    return _answered(await _changed(call, decide, refuse=refuse_while_written), 200)


async def unlock(call: Call) -> Response:
    """POST /sessions/{session_id}/notes/unlock"""
    body: UnlockIn = call.body
    return _answered(await _changed(call, call.parts.editing.unlocking(body.reason, call.caller)), 200)


async def add_addendum(call: Call) -> Response:
    """POST /sessions/{session_id}/notes/addenda"""
    body: AddendumIn = call.body
    return _answered(await _changed(call, call.parts.editing.adding(body.text, call.caller)), 201)


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


async def _changed(call: Call, decide: Decide, *, refuse: Refuse | None = None) -> _Changed:
    """The caller's conditions, then the change. A stale caller is told what the note is now."""
    try:
        for _ in range(versions.TRIES):
            changed = await _stored(call, await _made(call, decide), refuse)
            if changed is not None:
                return changed
        changed = await _stored(call, decide, refuse)
    except StaleVersionError as error:
        raise await _with_current(call, error) from None
    if changed is None:
        raise NotFoundError("The session has no note yet")
    return changed


async def _made(call: Call, decide: Decide) -> Made:
    """The change, made on the note as it is read: nobody waits for it."""
    async with call.parts.database.read() as db:
        session = await intake.found(db, call.session_id, call.caller)
        ground = await versions.ground(db, session.id)
    check_conditions(call.request, session.id, ground.stored.note.version if ground.stored is not None else 0)
    return await versions.made(ground, decide)


async def _stored(call: Call, change: Made | Decide, refuse: Refuse | None) -> _Changed | None:
    """One transaction: the caller's conditions once more, and what was made is stored; a change that is still to be
    made is made while others wait. None where the note moved on meanwhile."""
    async with call.parts.database.write() as db:
        session = await intake.locked(db, call.session_id, call.caller)
        version = await notes.version(db, session.id)
        check_conditions(call.request, session.id, version)
        if refuse is not None:
            await refuse(db, session.id)
        made = change
        if not isinstance(made, Made):
            made = await versions.made(await versions.ground(db, session.id), made)
        if made.stored is None or made.on != version:
            return None
        await versions.keep(db, session, made, with_text=call.parts.editing.with_text)
        generation = await generations.active(db, session.id)
        style = await generations.style_written(db, session.id)
    if made.version is not None:
        call.changed(session.id)
    return _Changed(session, made.stored, generation, style)


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
