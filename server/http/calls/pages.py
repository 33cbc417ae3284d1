"""The editor: its page with a fresh nonce for each answer, and the files that belong to it."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

from server.errors import NotFoundError
from server.http.operation import Call

# Styles by nonce: the editor's library adds its rules in a <style> element. Scripts are files of our own only.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; connect-src 'self'; "
    "img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
_NOT_BUILT = (
    "The editor's page has not been built yet. 'make setup' builds it (make demo and make test do so too).\n"
    "The API itself works: /docs describes it, /health tells how it is doing.\n"
)


async def index(call: Call) -> Response:
    """GET /"""
    page = call.parts.web / "index.html" if call.parts.web is not None else None
    if page is None or not page.is_file():
        return PlainTextResponse(_NOT_BUILT)
    nonce = secrets.token_urlsafe(16)
    text = await asyncio.to_thread(page.read_text, encoding="utf-8")
    return HTMLResponse(
        text.replace("__CSP_NONCE__", nonce), headers={"Content-Security-Policy": _POLICY.format(nonce=nonce)}
    )


async def asset(call: Call) -> Response:
    """GET /assets/{path}"""
    path = _inside(call.parts.web, call.request.path_params["path"])
    if path is None:
        raise NotFoundError("The editor has no such file")
    # The names hold a hash of the content: a file never changes under its name.
    return FileResponse(path, headers={"Cache-Control": "public, max-age=31536000, immutable"})


def _inside(web: Path | None, name: str) -> Path | None:
    """The file of that name under the assets, never one outside of them."""
    if web is None or "\x00" in name:
        return None
    folder = (web / "assets").resolve()
    try:
        path = (folder / name).resolve()
        return path if path.is_relative_to(folder) and path.is_file() else None
    except OSError:
        return None
