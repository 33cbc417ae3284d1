"""Who the caller is, and the cookie by which a browser says so: an EventSource can send no header."""

from __future__ import annotations

import time

from starlette.responses import Response

from server.db import unsaved_keys
from server.errors import BadRequestError
from server.http.answers import answer
from server.http.auth import COOKIE
from server.http.inputs import TokenIn
from server.http.operation import Call

# Browsers keep no cookie longer.
_LONGEST = 400 * 86_400
# A token that never expires is no reason to stay signed in for ever at a clinic's computer: a working day.
_WITHOUT_EXPIRY = 12 * 3_600


async def me(call: Call) -> Response:
    """GET /me"""
    return answer({"authentication": call.parts.settings.casenote_auth, "subject": call.caller})


async def unsaved_key(call: Call) -> Response:
    """GET /unsaved-key"""
    key = await unsaved_keys.key_of(call.parts.database, call.caller or "")
    return answer({"key": key})


async def login(call: Call) -> Response:
    """POST /login-token"""
    body: TokenIn = call.body
    if call.api.tokens is None:
        raise BadRequestError("Authentication is off here: there is nothing to sign in to.")
    claims = await call.api.tokens.check(body.token)
    response = Response(status_code=204)
    response.set_cookie(
        COOKIE,
        body.token,
        max_age=_lifetime(claims.expires),
        path="/",
        secure=call.request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return response


async def logout(call: Call) -> Response:
    """POST /logout"""
    response = Response(status_code=204)
    response.delete_cookie(
        COOKIE, path="/", secure=call.request.url.scheme == "https", httponly=True, samesite="strict"
    )
    return response


def _lifetime(expires: float | None) -> int:
    """Seconds for which a browser keeps the cookie."""
    if expires is None:
        return _WITHOUT_EXPIRY
    return max(1, min(int(expires - time.time()), _LONGEST))
