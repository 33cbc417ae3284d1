"""What the service says of itself: OpenAPI, AsyncAPI, and a page that shows the former."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import FileResponse, Response

from events.asyncapi import asyncapi_document
from server.errors import NotFoundError
from server.http.answers import answer
from server.http.operation import Call
from server.version import VERSION

_STATIC = Path(__file__).resolve().parent.parent / "static"
_FILES = {"docs.js": "text/javascript", "docs.css": "text/css"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)


async def openapi(call: Call) -> Response:
    """GET /openapi.json"""
    return answer(call.api.openapi)


async def asyncapi(_call: Call) -> Response:
    """GET /asyncapi.json"""
    return answer(asyncapi_document(VERSION))


async def docs(_call: Call) -> Response:
    """GET /docs"""
    return FileResponse(
        _STATIC / "docs.html", media_type="text/html", headers={"Content-Security-Policy": _POLICY, **_FRESH}
    )


async def docs_file(call: Call) -> Response:
    """GET /docs/{name}"""
    name: str = call.request.path_params["name"]
    if name not in _FILES:
        raise NotFoundError("The page has no such file")
    return FileResponse(_STATIC / name, media_type=_FILES[name], headers=_FRESH)


_FRESH = {"Cache-Control": "no-cache"}
