"""The outermost layer: every request gets an answer, a log line and its counts, whatever happens inside.

The line holds method, route, status and time, who called and about whom. Of an error that was not foreseen it holds
the type and the place: its message may quote a session.
"""

from __future__ import annotations

import time
import traceback

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.http import problems
from server.http.access import accessed
from server.http.measures import Measures
from server.logs import get_logger

_DEFAULT_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_UNKNOWN_ROUTE = "unknown"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


class Edge:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        self._app = app
        self._measures = measures
        self._log = get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        answer = _Answer(send)
        try:
            await self._answered(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - began
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = getattr(scope.get("route"), "path", _UNKNOWN_ROUTE)
            self._measures.answered(method, route, answer.status, seconds, stream=answer.is_stream)
            self._log.info(
                "request",
                method=method,
                route=route,
                status=answer.status,
                seconds=round(seconds, 4),
                **accessed(scope),
            )

    async def _answered(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        try:
            await self._app(scope, receive, answer)
        except ClientDisconnect:
            return
        except Exception as error:
            request = Request(scope)
            response = problems.of_exception(request, error)
            if response is None:
                self._log.error("unexpected error", error=type(error).__name__, detail=_place(error))
                response = problems.unexpected(request)
            if not answer.started:
                await response(scope, receive, answer)


class _Answer:
    """``send`` with the headers that every answer has, and what is logged of it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.started = False
        self.is_stream = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            self.is_stream = headers.get("content-type", "").startswith("text/event-stream")
            for name, value in _DEFAULT_HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def _place(error: Exception) -> str:
    """File and line of where the error was raised, without any value."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in reversed(frames[-4:]))
