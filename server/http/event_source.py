"""Server-sent events as an answer: already encoded events, a comment now and then, and an end for who does not read."""

from __future__ import annotations

from collections.abc import AsyncIterator

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
    """``stream`` names it in the metrics. A watcher that does not read is cut off, which is no error of ours."""

    def __init__(self, events: AsyncIterator[bytes], measures: Measures, stream: str) -> None:
        super().__init__(
            events,
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
