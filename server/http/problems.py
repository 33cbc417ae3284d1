"""Errors as answers: the one place that gives an error its status, title and RFC 9457 document.

``detail`` is what legacy clients display. No document ever holds a traceback, or text that the caller sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from server import errors
from server.errors import CasenoteError

MEDIA_TYPE = "application/problem+json"

# Status and title by error. A signed note is "locked" (RFC 4918): a conflict would suggest that reading it again helps.
_STATUS: dict[type[CasenoteError], tuple[int, str]] = {
    errors.NotFoundError: (404, "Not found"),
    errors.BadRequestError: (400, "Bad request"),
    errors.ConflictError: (409, "Conflict"),
    errors.StaleVersionError: (412, "The note moved on"),
    errors.LockedError: (423, "Locked"),
    errors.UnauthorizedError: (401, "Not authenticated"),
    errors.TooLargeError: (413, "Too large"),
    errors.TooBusyError: (503, "Too busy"),
    errors.NoModelError: (503, "No model"),
}

_CODES = {400: "bad-request", 403: "forbidden", 404: "not-found", 405: "method-not-allowed", 413: "too-large"}
_CODES |= {415: "unsupported-media-type", 421: "misdirected", 422: "invalid"}


class InvalidInputError(CasenoteError):
    """What was sent is not what the call takes. ``fields``: (name, what is wrong with it)."""

    code = "invalid"

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        listed = [{"field": name, "message": message} for name, message in fields]
        super().__init__("; ".join(f"{name}: {message}" for name, message in fields[:3]), errors=listed)

    @classmethod
    def of(cls, error: ValidationError, whole: str = "body") -> InvalidInputError:
        """From a failed validation; pydantic's messages name types and limits, never what was sent."""
        return cls([_field(entry, whole) for entry in error.errors(include_url=False, include_input=False)])


def _field(entry: ErrorDetails, whole: str) -> tuple[str, str]:
    message = entry["msg"].removeprefix("Value error, ")
    return ".".join(str(part) for part in entry["loc"]) or whole, message


_STATUS[InvalidInputError] = (422, "Invalid input")


def problem(
    request: Request,
    status: int,
    code: str,
    title: str,
    detail: str,
    extra: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A problem document; ``extra`` members stand beside the standard ones."""
    document = {
        **(extra or {}),
        "type": f"/problems/{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
    }
    body = json.dumps(document, ensure_ascii=True).encode()
    return Response(body, status, dict(headers or {}), MEDIA_TYPE)


def of_casenote(request: Request, error: CasenoteError) -> Response:
    status, title = _STATUS.get(type(error), (500, "Error"))
    extra = dict(error.extra)
    headers: dict[str, str] = {}
    if (etag := extra.pop("etag", None)) is not None:
        headers["ETag"] = etag
    if (seconds := extra.get("retry_after")) is not None:
        headers["Retry-After"] = str(seconds)
    if status == 401:
        headers["WWW-Authenticate"] = extra.pop("challenge", 'Bearer realm="casenote"')
    return problem(request, status, error.code, title, error.detail, extra, headers)


def of_http(request: Request, error: HTTPException) -> Response:
    """What the framework refuses: unknown paths, methods, bodies over the limit."""
    phrase = HTTPStatus(error.status_code).phrase
    detail = error.detail if error.detail != phrase else _REFUSALS.get(error.status_code, phrase)
    return problem(
        request, error.status_code, _CODES.get(error.status_code, "error"), phrase, detail, headers=error.headers
    )


_REFUSALS = {
    404: "There is nothing at this address; /docs lists what there is.",
    405: "This address does not answer this method; the Allow header lists those it does.",
}


def of_database(request: Request, error: Exception) -> Response:
    """Database trouble: a lock that was not freed, a full disk, a server that is away."""
    if isinstance(error, IntegrityError):
        return problem(
            request, 409, "conflict", "Conflict", "Somebody else changed the same thing at the same moment; try again."
        )
    detail = "The database cannot be used at the moment; nothing was changed. Try again in a few seconds."
    return problem(request, 503, "database", "Database unavailable", detail, headers={"Retry-After": "5"})


def unexpected(request: Request) -> Response:
    detail = "An error that was not expected; the service's log has its place. Nothing was changed."
    return problem(request, 500, "unexpected", "Unexpected error", detail)


def of_exception(request: Request, error: Exception) -> Response | None:
    """The answer to any error that has one of its own; None for those that were not foreseen."""
    match error:
        case CasenoteError():
            return of_casenote(request, error)
        case HTTPException():
            return of_http(request, error)
        # A driver that cannot connect raises the system's own error.
        case DBAPIError() | PoolTimeoutError() | OSError():
            return of_database(request, error)
        case _:
            return None
