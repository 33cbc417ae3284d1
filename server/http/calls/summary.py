"""The overview over a patient's sessions."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any

from starlette.responses import Response

from server.db import digests
from server.db.digests import SessionState
from server.http import problems
from server.http.access import PATIENT
from server.http.answers import answer, wants_events
from server.http.event_source import EventStream
from server.http.inputs import PatientIn
from server.http.operation import Call
from server.notes.digest import Digest
from server.notes.overview import digests_of
from server.notes.patient_summary import PatientSummary, summarise
from server.stream.log import encode

NO_SESSIONS = "No sessions found for this patient"
# A reader hears of progress after so many sessions.
_TELL_EVERY = 10


async def summarize(call: Call) -> Response:
    """POST /summarize-sessions"""
    wanted: PatientIn = call.body
    call.request.scope[PATIENT] = wanted.patient_id
    async with call.parts.database.read() as db:
        states = await digests.states_of(db, wanted.patient_id, call.caller)
    if wants_events(call.request):
        return EventStream(_encoded(call, states), call.api.measures, "summary", call.expires)
    if not states:
        return answer({"success": False, "message": NO_SESSIONS})
    read = [digest async for digest in _digests(call, states)]
    return answer(_body(states, _summary(states, read)))


def _digests(call: Call, states: Sequence[SessionState]) -> AsyncIterator[Digest]:
    return digests_of(call.parts.database, call.parts.editing.formats, states)


def _summary(states: Sequence[SessionState], read: Sequence[Digest]) -> PatientSummary:
    return summarise([(state.number, digest) for state, digest in zip(states, read, strict=True)])


def _body(states: Sequence[SessionState], summary: PatientSummary) -> dict[str, Any]:
    return {
        "success": True,
        "summary": summary.text,
        "session_count": len(states),
        "key_points": list(summary.key_points),
    }


async def _encoded(call: Call, states: Sequence[SessionState]) -> AsyncGenerator[bytes, None]:
    number = 0
    async for name, data in _events(call, states):
        number += 1
        yield encode(f"summary.1.{number}", name, data)


async def _events(call: Call, states: Sequence[SessionState]) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """The overview claim by claim in the events of contract 3.3, then whole as ``summary``; ``error`` ends one that
    cannot be made."""
    if not states:
        yield "summary", {"success": False, "message": NO_SESSIONS}
        return
    read: list[Digest] = []
    try:
        async for digest in _digests(call, states):
            if len(read) % _TELL_EVERY == 0:
                yield "status", {"state": "prefill", "prefill_done": len(read), "prefill_total": len(states)}
            read.append(digest)
    except Exception as error:
        refusal = problems.of_exception(call.request, error)
        if refusal is None:
            raise
        yield "error", json.loads(bytes(refusal.body))
        return
    summary = _summary(states, read)
    for section in summary.sections:
        yield "section", {"section": section.id, "heading": section.heading}
        for place, claim in enumerate(section.claims):
            yield "token", {"section": section.id, "text": f" {claim}" if place else claim}
    yield "summary", _body(states, summary)
