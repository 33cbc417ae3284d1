"""The one place that wires everything: from settings to the parts of each role. Nothing else builds a database, a
broker or an engine for the product."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from events.broker import MessageBroker
from events.jetstream import JetStreamBroker
from events.relay import Relay
from events.wake import SESSION_CHANGED
from models.catalog.embedded import default_models_dir
from models.catalog.resolve import ResolvedModel, resolve_model
from models.engine.api import Engine
from models.engine.engine import LlamaEngine
from models.engine.settings import EngineSettings
from models.errors import ModelFileError
from models.formats import NoteFormat, load_formats
from models.formats.format import DEFAULT_FORMAT, FormatError
from server.db.database import Database
from server.db.outbox import DatabaseOutbox
from server.errors import SettingsError
from server.http.application import create_api
from server.http.parts import ApiParts
from server.notes.editing import Editing
from server.sessions.intake import Limits
from server.settings import Settings
from server.stream.streams import NoteStreams
from server.stream.waiting import GenerationWaiter
from server.stream.workers import WorkerView
from server.worker.handling import SessionEvents
from server.worker.reconcile import reconcile
from server.worker.worker import Worker, WorkerOptions

WORKER_CONSUMER = "casenote-worker"
_ROOT = Path(__file__).resolve().parents[1]


def formats_of(settings: Settings) -> dict[str, NoteFormat]:
    """The built-in formats and the clinic's own. Raises ``SettingsError``."""
    try:
        return load_formats(settings.formats_folder)
    except (FormatError, OSError) as error:
        raise SettingsError(f"CASENOTE_FORMATS is {settings.casenote_formats!r}: {error}") from error


def model_of(settings: Settings) -> ResolvedModel:
    """The model that the settings name. Raises ``SettingsError`` when its file is of no use."""
    try:
        return resolve_model(settings.phi3_model_path or None, default_models_dir())
    except ModelFileError as error:
        raise SettingsError(f"PHI3_MODEL_PATH is {settings.phi3_model_path!r}: {error}") from error


def engine_of(settings: Settings, model: ResolvedModel) -> Engine:
    """The engine of the configured model, not loaded yet."""
    return LlamaEngine(
        EngineSettings(
            model_path=model.path,
            lora_path=model.adapter_path,
            n_ctx=settings.phi3_n_ctx,
            n_threads=settings.phi3_n_threads,
            n_gpu_layers=settings.phi3_n_gpu_layers,
            max_waiting=settings.queue_limit,
            cache_dir=settings.casenote_home / "cache",
        )
    )


def web_folder() -> Path | None:
    """The built page."""
    folder = _ROOT / "web" / "dist"
    return folder if (folder / "index.html").is_file() else None


def broker_of(settings: Settings, name: str) -> MessageBroker:
    return JetStreamBroker(settings.nats_urls, name=name)


def api_parts(settings: Settings, database: Database, broker: MessageBroker) -> ApiParts:
    return ApiParts(
        settings=settings,
        database=database,
        broker=broker,
        editing=Editing(
            formats=formats_of(settings),
            default_format=DEFAULT_FORMAT,
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
        async with AsyncExitStack() as stack:
            stack.push_async_callback(database.close)
            await broker.start()
            stack.push_async_callback(broker.stop)
            stack.push_async_callback(parts.streams.stop)
            yield

    return create_api(parts, lifespan)


@asynccontextmanager
async def running_relay(settings: Settings) -> AsyncIterator[None]:
    """The role ``relay``, running inside the block."""
    async with AsyncExitStack() as stack:
        database = Database(settings.database)
        stack.push_async_callback(database.close)
        broker = broker_of(settings, "casenote-relay")
        relay = Relay(DatabaseOutbox(database), broker)
        await broker.start()
        stack.push_async_callback(broker.stop)
        await relay.start()
        stack.push_async_callback(relay.stop)
        yield


@asynccontextmanager
async def running_worker(settings: Settings, *, patience: float) -> AsyncIterator[None]:
    """The role ``worker``, running inside the block. Raises ``SettingsError`` and ``ModelError`` at its start.

    At the end running notes may finish for ``patience`` seconds; the others are handed back.
    """
    model = model_of(settings)
    formats = formats_of(settings)
    async with AsyncExitStack() as stack:
        engine = engine_of(settings, model)
        await engine.start()
        stack.push_async_callback(engine.stop)
        database = Database(settings.database)
        stack.push_async_callback(database.close)
        broker = broker_of(settings, "casenote-worker")
        worker = Worker(database, broker, engine, formats, worker_options(settings, model))
        events = SessionEvents(
            database,
            engine,
            Limits(transcript=settings.transcript_limit),
            on_closed=worker.wake,
            on_change=lambda session_id: broker.notify(SESSION_CHANGED, str(session_id).encode()),
        )
        broker.consume(WORKER_CONSUMER, "SESSIONS", events.handle)
        await reconcile(database)
        await broker.start()
        stack.push_async_callback(broker.stop)
        await worker.start()
        stack.push_async_callback(worker.stop, patience)
        yield


def worker_options(settings: Settings, model: ResolvedModel) -> WorkerOptions:
    name = os.environ.get("CASENOTE_WORKER_NAME") or f"{os.uname().nodename}-{os.getpid()}"
    return WorkerOptions(
        name=name,
        owner=f"{name}:{os.getpid()}",
        slots=settings.generation_slots,
        lease=settings.lease_seconds,
        deadline=settings.generation_deadline,
        parallel=settings.generation_parallel,
        allow_fallback=settings.allow_fallback,
        with_text=settings.events_include_text,
        demonstration=model.demonstration,
    )
