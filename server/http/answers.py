"""Answers: bodies as JSON, versions as entity tags, and the conditions that callers put on them (RFC 9110)."""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from server.errors import StaleVersionError

_TAG = re.compile(r'\s*(W/)?"([^"]*)"\s*(?:,|$)')


def answer(body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    encoded = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return Response(encoded, status, headers, "application/json")


def wants_events(request: Request) -> bool:
    """Whether the caller asks for the answer as a stream of server-sent events."""
    return "text/event-stream" in request.headers.get("accept", "")


def etag(session_id: int, version: int) -> str:
    """The entity tag of a version of a session's note."""
    return f'"{session_id}.{version}"'


def stream_location(session_id: int) -> str:
    return f"/sessions/{session_id}/notes/stream"


def check_conditions(request: Request, session_id: int, version: int) -> None:
    """Refuses a change whose ``If-Match`` or ``If-None-Match`` does not fit the stored ``version`` (0: no note).

    Weak tags never match: a change must be made on exactly what is stored. Raises ``StaleVersionError``.
    """
    wanted = ", ".join(request.headers.getlist("if-match"))
    if wanted and not _matches(wanted, etag(session_id, version), exists=version > 0, weak=False):
        raise StaleVersionError(
            f"The note is at version {version}; this change was made on another one. Read the note again.",
            version=version,
        )
    unwanted = ", ".join(request.headers.getlist("if-none-match"))
    if unwanted and _matches(unwanted, etag(session_id, version), exists=version > 0, weak=True):
        raise StaleVersionError(f"The note is already at version {version}.", version=version)


def is_unchanged(request: Request, tag: str) -> bool:
    """Whether the caller has this version already (``If-None-Match``)."""
    known = ", ".join(request.headers.getlist("if-none-match"))
    return bool(known) and _matches(known, tag, exists=True, weak=True)


def _matches(header: str, tag: str, *, exists: bool, weak: bool) -> bool:
    if header.strip() == "*":
        return exists
    place = 0
    while (match := _TAG.match(header, place)) is not None:
        if f'"{match[2]}"' == tag and (weak or not match[1]):
            return True
        place = match.end()
    return False
