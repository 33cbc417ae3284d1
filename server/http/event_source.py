"""Server-sent events as an answer: already encoded events, a comment now and then, and an end for who does not read."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator

from sse_starlette.event import ServerSentEvent
from sse_starlette.sse import EventSourceResponse, SendTimeoutError
from starlette.types import Receive, Scope, Send

from server.http.measures import Measures
from server.logs import get_logger

PING_SECONDS = 15
# A watcher whose buffers stay full this long is gone, or will come back with Last-Event-ID.
SEND_TIMEOUT = 30.0


class _KeepAlive(ServerSentEvent):
    """A comment without a blank line behind it: some clients take a blank line for the end of an event, and hand out
    an empty one."""

    def encode(self) -> bytes:
        return b": keep-alive\n"


class EventStream(EventSourceResponse):
    """``stream`` names it in the metrics. A watcher that does not read is cut off, which is no error of ours.

    ``until``, in seconds since 1970: when the caller's token has expired the stream ends; coming back takes another.
    """

    def __init__(
        self, events: AsyncGenerator[bytes, None], measures: Measures, stream: str, until: float | None
    ) -> None:
        super().__init__(
            events if until is None else _until(events, until),
            ping=PING_SECONDS,
            sep="\n",
            ping_message_factory=_KeepAlive,
            send_timeout=SEND_TIMEOUT,
            headers={"Cache-Control": "no-store"},
        )
        self._measures = measures
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._measures.watching(self._stream):
            try:
                await super().__call__(scope, receive, send)
            except SendTimeoutError:
                get_logger().info("a watcher that does not read was cut off", stream=self._stream)


async def _until(events: AsyncGenerator[bytes, None], end: float) -> AsyncGenerator[bytes, None]:
    async with contextlib.aclosing(events):
        while (left := end - time.time()) > 0:
            try:
                async with asyncio.timeout(left):
                    event = await anext(events)
            except (TimeoutError, StopAsyncIteration):
                return
            yield event
