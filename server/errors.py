"""The errors of the application, and nothing about how they are shown.

CasenoteError
├── SettingsError          a setting is wrong: the start is refused
├── NotFoundError          no such thing, or not this caller's
├── BadRequestError        the request cannot be carried out as it stands
├── ConflictError          it contradicts what is stored
├── StaleVersionError      the note moved on since the caller read it
├── LockedError            a signed note changes only by addenda or a reasoned unlock
├── UnauthorizedError      no valid bearer token
├── TooLargeError          over a limit
├── TooBusyError           the queue is full; try again after some seconds
└── NoModelError           no model can answer, and no fallback is allowed

Messages are shown to people: one sentence that says what is wrong and, where it is not obvious, what would be
right. They hold ids and numbers, never text of a session.
"""

from __future__ import annotations

from typing import Any


class CasenoteError(Exception):
    """Base of all errors that are answered to a caller."""

    code = "error"

    def __init__(self, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra


class SettingsError(CasenoteError):
    code = "settings"


class NotFoundError(CasenoteError):
    code = "not-found"


class BadRequestError(CasenoteError):
    code = "bad-request"


class ConflictError(CasenoteError):
    code = "conflict"


class StaleVersionError(CasenoteError):
    code = "stale-version"


class LockedError(CasenoteError):
    code = "locked"


class UnauthorizedError(CasenoteError):
    code = "unauthorized"


class TooLargeError(CasenoteError):
    code = "too-large"


class TooBusyError(CasenoteError):
    code = "too-busy"


class NoModelError(CasenoteError):
    code = "no-model"
