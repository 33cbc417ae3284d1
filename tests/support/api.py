"""The HTTP application over real parts in this process: SQLite in a file, the broker in memory, and, where a test
wants notes, the real worker with a scripted model."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import httpx
import structlog
from joserfc import jwt
from joserfc.jwk import OctKey
from starlette.applications import Starlette

from events.memory import MemoryBroker
from events.memory_server import MemoryServer
from models.engine.scripted import ScriptedEngine
from models.formats import load_formats
from server.db.database import Database
from server.db.migrate import upgrade
from server.http.application import create_api
from server.http.parts import ApiParts
from server.notes.editing import Editing
from server.sessions.intake import Limits
from server.settings import Settings
from server.stream.streams import NoteStreams
from server.stream.waiting import GenerationWaiter
from server.stream.workers import WorkerView
from server.worker.serving import Desk, Desks, Serving
from server.worker.worker import Worker, WorkerOptions

SECRET = "a secret of the clinic's login, long enough"
BASE = "http://127.0.0.1:8002"
T = TypeVar("T")

SCRIPT = {
    "chief_complaint": " The client could not sleep this week.",
    "emotional_state": " The client was tired and scared.",
    "risk": " The client said no to thoughts of suicide.",
    "intervention": " The therapist practised a breathing exercise with the client.",
    "progress": " The breathing exercise helped a little.",
    "plan": " The client will do the breathing twice a day and keep a sleep diary.",
    "summary": " The client could not sleep for three nights before the exam and was tired and scared. The therapist"
    " practised a breathing exercise, which helped a little. The client will keep a sleep diary.",
}


@dataclass(frozen=True, slots=True)
class RunningApi:
    """``http`` is a client of ``app``; ``server`` is the broker's."""

    app: Starlette
    http: httpx.AsyncClient
    parts: ApiParts
    server: MemoryServer

    async def create(self, **fields: Any) -> int:
        answer = await self.http.post("/sessions/", json={"patient_id": 7, **fields})
        assert answer.status_code == 200, answer.text
        return int(answer.json()["session"]["id"])


@cache
def _empty_database() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="casenote-http-tests-"))
    path = folder / "empty.db"

    async def make() -> None:
        database = Database(f"sqlite+aiosqlite:///{path}")
        await upgrade(database)
        await database.close()

    # A loop of its own: the caller's runs already.
    thread = threading.Thread(target=lambda: asyncio.run(make()))
    thread.start()
    thread.join()
    return path


def _prepare(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(_empty_database(), folder / "casenote.db")


def settings_of(folder: Path, **changes: Any) -> Settings:
    """Settings that no environment and no ``.env`` has a say in."""
    return Settings(_env_file=None, casenote_home=folder, **changes)


def parts_of(settings: Settings, database: Database, broker: MemoryBroker, web: Path | None = None) -> ApiParts:
    return ApiParts(
        settings=settings,
        database=database,
        broker=broker,
        editing=Editing(load_formats(), settings.note_format, settings.events_include_text, settings.queue_limit),
        limits=Limits(transcript=settings.transcript_limit),
        streams=NoteStreams(database, broker),
        waiter=GenerationWaiter(database, broker),
        workers=WorkerView(broker),
        web=web,
    )


@asynccontextmanager
async def running_api(
    folder: Path,
    *,
    script: Mapping[str, str] | None = None,
    engine: ScriptedEngine | None = None,
    web: Path | None = None,
    headers: Mapping[str, str] | None = None,
    **changes: Any,
) -> AsyncIterator[RunningApi]:
    """The application; with ``script`` or ``engine`` a worker writes notes too."""
    settings = settings_of(folder, **changes)
    _prepare(folder)
    database, server = Database(settings.database), MemoryServer()
    broker = MemoryBroker(server)
    parts = parts_of(settings, database, broker, web)
    app = create_api(parts)
    await broker.start()
    model = engine or (ScriptedEngine(script) if script is not None else None)
    transport = httpx.ASGITransport(app)
    try:
        async with (
            _worker(settings, database, server, model),
            httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers, timeout=30) as http,
        ):
            yield RunningApi(app, http, parts, server)
    finally:
        await parts.streams.stop()
        await broker.stop()
        await database.close()


@asynccontextmanager
async def _worker(
    settings: Settings, database: Database, server: MemoryServer, engine: ScriptedEngine | None
) -> AsyncIterator[None]:
    if engine is None:
        yield
        return
    broker = MemoryBroker(server)
    options = WorkerOptions(
        name="test",
        owner="test:1",
        slots=2,
        lease=settings.lease_seconds,
        deadline=settings.generation_deadline,
        parallel=True,
        allow_fallback=settings.allow_fallback,
        with_text=False,
        note_format=settings.note_format,
        style=settings.note_style,
    )
    await broker.start()
    await engine.start()
    serving = Serving(Desks(Desk(engine, demonstration=True)))
    worker = Worker(database, broker, serving, load_formats(), options)
    await worker.start()
    try:
        yield
    finally:
        await worker.stop(0.0)
        await engine.stop()
        await broker.stop()


@contextmanager
def silenced() -> Iterator[None]:
    """No log lines inside the block: of tens of thousands of calls nobody reads them."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


def token_of(subject: str, *, expires_in: float = 600, secret: str = SECRET, **claims: Any) -> str:
    """A bearer token as the clinic's login makes it."""
    body = {"sub": subject, "exp": int(time.time() + expires_in), **claims}
    return jwt.encode({"alg": "HS256"}, body, OctKey.import_key(secret), ["HS256"])


def bearer_of(subject: str, **claims: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_of(subject, **claims)}"}


async def eventually(look: Callable[[], Awaitable[T]], *, within: float = 10.0) -> T:
    """The first truthy result of ``look``; fails when none comes in time."""
    deadline = time.monotonic() + within
    while True:
        found = await look()
        if found:
            return found
        assert time.monotonic() < deadline, f"it did not come about within {within} s; last seen: {found!r}"
        await asyncio.sleep(0.01)
