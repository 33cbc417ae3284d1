"""The formats a note can have at this site."""

from __future__ import annotations

from starlette.responses import Response

from models.formats import Density, Modality, Quoting
from server.http.answers import answer
from server.http.operation import Call
from server.http.views import format_json


async def formats(call: Call) -> Response:
    """GET /formats"""
    editing = call.parts.editing
    known = [format_json(one) for _, one in sorted(editing.formats.items())]
    style = call.parts.settings.note_style
    options = {
        "density": {"default": style.density, "choices": list(Density)},
        "quoting": {"default": style.quoting, "choices": list(Quoting)},
        "modality": {"default": style.modality, "choices": list(Modality)},
    }
    return answer({"default": editing.default_format, "formats": known, "options": options})
