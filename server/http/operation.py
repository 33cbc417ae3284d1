"""One call of the API as data: how it is routed, checked and described. Routes and OpenAPI are both made of these."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from events.wake import SESSION_CHANGED, WAKE_RELAY, WAKE_WORKER
from server.errors import NotFoundError
from server.http.api import Api
from server.http.bodies import MAX_ID
from server.http.parts import ApiParts
from server.http.problems import InvalidInputError


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was let in. ``caller``: the therapist, None where authentication is off. ``expires``: when the
    caller's token does, in seconds since 1970, None for one that never does. ``body`` and ``query`` are instances of
    the operation's models; ``body`` is None where none was sent and none is needed."""

    request: Request
    api: Api
    caller: str | None
    expires: float | None
    body: Any
    query: Any

    @property
    def parts(self) -> ApiParts:
        return self.api.parts

    @property
    def session_id(self) -> int:
        """Raises ``NotFoundError`` for a number that is no session's."""
        number = self._number("session_id")
        if not 1 <= number <= MAX_ID:
            raise NotFoundError("Session not found")
        return number

    @property
    def patient_id(self) -> int:
        number = self._number("patient_id")
        if not 1 <= number <= MAX_ID:
            raise InvalidInputError([("patient_id", f"must be from 1 to {MAX_ID}")])
        return number

    @property
    def version(self) -> int:
        number = self._number("version")
        if not 1 <= number <= MAX_ID:
            raise NotFoundError("The note has no such version")
        return number

    def changed(self, session_id: int, *, relay: bool = True, worker: bool = False) -> None:
        """Tells the other parts what was committed; they would find it by themselves a little later."""
        self.parts.broker.notify(SESSION_CHANGED, str(session_id).encode())
        if relay:
            self.parts.broker.notify(WAKE_RELAY)
        if worker:
            self.parts.broker.notify(WAKE_WORKER)

    def _number(self, name: str) -> int:
        text: str = self.request.path_params[name]
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdecimal()) or len(digits) > 1000:
            raise InvalidInputError([(name, "must be an integer")])
        return int(text)


Handler = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as documented: ``model`` is the JSON body's, or ``media`` names another type."""

    description: str
    model: type[BaseModel] | None = None
    media: str | None = None
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """``problems``: the statuses of problem documents, beside those that every operation may answer. ``is_open``: it
    answers without a token, and holds nothing of any session."""

    method: str
    path: str
    handler: Handler
    summary: str
    tag: str
    answers: Mapping[int, Answer]
    body: type[BaseModel] | None = None
    body_required: bool = True
    query: type[BaseModel] | None = None
    headers: tuple[str, ...] = ()
    problems: tuple[int, ...] = ()
    is_open: bool = False
