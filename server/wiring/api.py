"""The role ``api``: the HTTP application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from events.broker import MessageBroker
from server import logs
from server.db.database import Database
from server.http.application import create_api
from server.http.parts import ApiParts
from server.notes.editing import Editing
from server.sessions.intake import Limits
from server.settings import Settings
from server.stream.streams import NoteStreams
from server.stream.waiting import GenerationWaiter
from server.stream.workers import WorkerView
from server.wiring.shared import broker_of, formats_of

_ROOT = Path(__file__).resolve().parents[2]


def web_folder() -> Path | None:
    """The built page."""
    folder = _ROOT / "web" / "dist"
    return folder if (folder / "index.html").is_file() else None


def api_parts(settings: Settings, database: Database, broker: MessageBroker) -> ApiParts:
    return ApiParts(
        settings=settings,
        database=database,
        broker=broker,
        editing=Editing(
            formats=formats_of(settings),
            default_format=settings.note_format,
            with_text=settings.events_include_text,
            queue_limit=settings.queue_limit,
        ),
        limits=Limits(transcript=settings.transcript_limit),
        streams=NoteStreams(database, broker),
        waiter=GenerationWaiter(database, broker),
        workers=WorkerView(broker),
        web=web_folder(),
    )


def build_api(settings: Settings) -> Starlette:
    """The HTTP application with everything it needs; its lifespan opens and closes the parts."""
    database = Database(settings.database)
    broker = broker_of(settings, "casenote-api")
    parts = api_parts(settings, database, broker)

    @asynccontextmanager
    async def lifespan(_app: Any) -> AsyncIterator[None]:
        logs.watch_loop()
        async with AsyncExitStack() as stack:
            stack.push_async_callback(database.close)
            await broker.start()
            stack.push_async_callback(broker.stop)
            stack.push_async_callback(parts.streams.stop)
            yield

    return create_api(parts, lifespan)
