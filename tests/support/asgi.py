"""An ASGI client for answers that do not end: it reads what has come so far, or does not read at all."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message


def events_of(body: str) -> list[tuple[str, dict[str, Any]]]:
    """The whole events of a stream, as (name, data)."""
    found = []
    for block in body.replace("\r\n", "\n").split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and line[0] != ":")
        if "event" in fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


@dataclass(slots=True)
class OpenAnswer:
    """What has been answered so far. ``reading`` unset stops taking what is sent, as a stalled connection does."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    ended: bool = False
    reading: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """The whole events so far, as (name, data)."""
        return events_of(self.body.decode())

    async def until(self, seen: Callable[[OpenAnswer], bool], within: float = 10.0) -> None:
        """Waits until ``seen`` holds."""
        deadline = time.monotonic() + within
        while not seen(self):
            assert time.monotonic() < deadline, f"it did not come; {len(self.body)} bytes came"
            await asyncio.sleep(0.005)


@asynccontextmanager
async def opened(
    app: ASGIApp, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, reading: bool = True
) -> AsyncIterator[OpenAnswer]:
    """A request whose answer goes on while the block runs; the client leaves at its end."""
    answer, gone = OpenAnswer(), asyncio.Event()
    if reading:
        answer.reading.set()
    path, _, query = path.partition("?")
    named = {"host": "127.0.0.1:8002", **(headers or {})}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in named.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8002),
        "state": {},
    }
    asked = False

    async def receive() -> Message:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            return
        await answer.reading.wait()
        answer.body += message.get("body", b"")
        answer.ended = not message.get("more_body", False)

    task = asyncio.create_task(app(scope, receive, send))
    try:
        yield answer
    finally:
        gone.set()
        answer.reading.set()
        await asyncio.wait_for(task, 10)
