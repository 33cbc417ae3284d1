"""The stream of a note (contract 3.3)."""

from __future__ import annotations

from starlette.responses import Response

from server.http.event_source import EventStream
from server.http.inputs import StreamQuery
from server.http.operation import Call


async def watch(call: Call) -> Response:
    """GET /sessions/{session_id}/notes/stream"""
    if call.request.method == "HEAD":
        await call.parts.streams.look(call.session_id, call.caller)
        return Response(media_type="text/event-stream")
    return await note_stream(call, seen_last(call))


def seen_last(call: Call) -> str | None:
    """The id of the last event that the caller saw: as the header has it, else as the address has."""
    query: StreamQuery = call.query
    return call.request.headers.get("last-event-id") or query.last_event_id


async def note_stream(call: Call, last_event_id: str | None) -> Response:
    """The events of a session. 204 tells an EventSource to stop asking: nothing came after
    ``last_event_id`` and nothing will."""
    events = await call.parts.streams.open(call.session_id, last_event_id, call.caller)
    if events is None:
        return Response(status_code=204)
    return EventStream(events, call.api.measures, "note", call.expires)
