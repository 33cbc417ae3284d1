"""The formats a note can have at this site."""

from __future__ import annotations

from starlette.responses import Response

from server.http.answers import answer
from server.http.operation import Call
from server.http.views import format_json


async def formats(call: Call) -> Response:
    """GET /formats"""
    editing = call.parts.editing
    known = [format_json(one) for _, one in sorted(editing.formats.items())]
    return answer({"default": editing.default_format, "formats": known})
