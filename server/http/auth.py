"""Who calls: bearer tokens (JWT), checked with the clinic's secret or key set.

The algorithm is never the token's choice: HS256 goes with the secret, RS256 and ES256 with the key set.
"""

from __future__ import annotations

import json
import math
import time
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import Any, TypeGuard

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey
from starlette.requests import Request

from server.errors import UnauthorizedError
from server.http.intended import FOR_ANY, Intended
from server.http.keys import RemoteKeys
from server.settings import Settings

COOKIE = "casenote_token"
PUBLIC_KEY_ALGORITHMS = ("RS256", "ES256")

# How far another machine's clock may be ahead when it says from when on a token counts.
_LEEWAY = 30.0


@dataclass(frozen=True, slots=True)
class Claims:
    """What of a valid token matters. ``expires`` in seconds since 1970; None for a token that never does."""

    subject: str
    expires: float | None


class TokenCheck:
    """Checks tokens against the secret, the key set, or both."""

    def __init__(self, secret: str, remote: RemoteKeys | None, intended: Intended = FOR_ANY) -> None:
        self._intended = intended
        self._secret = OctKey.import_key(secret) if secret else None
        self._remote = remote

    @classmethod
    def of(cls, settings: Settings) -> TokenCheck | None:
        """The check that the settings ask for; None where authentication is off."""
        if settings.casenote_auth == "off":
            return None
        remote = RemoteKeys(settings.auth_jwks_url) if settings.auth_jwks_url else None
        return cls(settings.auth_jwt_secret, remote, Intended(settings.auth_audience, settings.auth_issuer))

    async def check(self, token: str) -> Claims:
        """Raises ``UnauthorizedError`` that says what is wrong with the token."""
        header = _header(token)
        key, algorithm = await self._key(header)
        try:
            claims = jwt.decode(token, key, algorithms=[algorithm]).claims
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            raise _invalid("The token's signature does not fit.") from None
        if refusal := self._intended.refusal(claims):
            raise _invalid(refusal)
        return _checked(claims, time.time())

    async def _key(self, header: dict[str, Any]) -> tuple[OctKey | KeySet, str]:
        algorithm = header.get("alg")
        if algorithm == "HS256" and self._secret is not None:
            return self._secret, "HS256"
        if algorithm in PUBLIC_KEY_ALGORITHMS and self._remote is not None:
            return await self._remote.keys(header.get("kid")), str(algorithm)
        allowed = (["HS256"] if self._secret else []) + (list(PUBLIC_KEY_ALGORITHMS) if self._remote else [])
        raise _invalid(f"The token must be signed with {' or '.join(allowed)}.")


def bearer(request: Request) -> tuple[str | None, bool]:
    """The token of a request, and whether it came as a cookie. A bearer token goes before a cookie."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip(), False
    cookie = request.cookies.get(COOKIE)
    return (cookie or None), cookie is not None


def missing() -> UnauthorizedError:
    return UnauthorizedError("This call needs a bearer token: send 'Authorization: Bearer <token>'.")


def _invalid(detail: str) -> UnauthorizedError:
    return UnauthorizedError(detail, challenge='Bearer realm="casenote", error="invalid_token"')


def _header(token: str) -> dict[str, Any]:
    first, _, rest = token.partition(".")
    try:
        header = json.loads(urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict) or rest.count(".") != 1 or not token.isascii():
        raise _invalid("The token is not a signed JSON Web Token.")
    return header


def _checked(claims: dict[str, Any], now: float) -> Claims:
    expires, starts, subject = claims.get("exp"), claims.get("nbf"), claims.get("sub")
    if "exp" in claims:  # RFC 7519 leaves it to who makes the token, and so do the clients that cannot change
        if not _is_time(expires):
            raise _invalid("The token's expiry is none: the claim 'exp' must be a number of seconds.")
        if expires <= now:
            raise _invalid("The token has expired.")
    if starts is not None and not (_is_time(starts) and starts <= now + _LEEWAY):
        raise _invalid("The token does not count yet.")
    if not _is_subject(subject):
        raise _invalid("The token names nobody: the claim 'sub' must be the therapist's id as a text.")
    return Claims(subject, float(expires) if expires is not None else None)


def _is_subject(value: Any) -> TypeGuard[str]:
    if not isinstance(value, str) or not value.strip() or "\x00" in value or len(value) > 255:
        return False
    try:
        value.encode()  # half a surrogate pair is no character: no database stores it
    except UnicodeEncodeError:
        return False
    return True


def _is_time(value: Any) -> TypeGuard[float]:
    # A NaN would never expire: every comparison with it is false.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15 and math.isfinite(value)
