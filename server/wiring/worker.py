"""The role ``worker``: the model, the queue of notes, and the events of sessions."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from events.streams import WORKER_CONSUMER
from events.wake import SESSION_CHANGED
from models import prompts
from models.catalog.demonstration import beams_of
from models.catalog.resolve import ResolvedModel
from models.chat import FAMILIES
from models.engine.engine import LlamaEngine
from models.engine.settings import EngineSettings
from models.formats import NoteFormat, with_options
from server.db.database import Database
from server.sessions.intake import Limits
from server.settings import Settings
from server.wiring.model import catalog_stamp, lineup_of, model_of
from server.wiring.shared import broker_of, formats_of
from server.worker.early import EarlyOptions
from server.worker.handling import SessionEvents
from server.worker.reconcile import reconcile
from server.worker.report import INSTRUCTIONS
from server.worker.serving import Desk
from server.worker.switching import Switching
from server.worker.worker import Worker, WorkerOptions


def engine_settings(settings: Settings, model: ResolvedModel) -> EngineSettings:
    """What the engine is told: the configured parameters, and nothing that was not configured."""
    return EngineSettings(
        model_path=model.path,
        lora_path=model.adapter_path,
        n_ctx=settings.phi3_n_ctx,
        kv_bytes=settings.phi3_kv_mib << 20 if settings.phi3_kv_mib is not None else None,
        n_threads=settings.phi3_n_threads,
        n_gpu_layers=settings.phi3_n_gpu_layers,
        max_waiting=settings.queue_limit,
        cache_dir=settings.casenote_home / "cache",
        tune=settings.phi3_tune,
        beams=settings.phi3_beams or beams_of(demonstration=model.demonstration),
    )


@asynccontextmanager
async def running_worker(settings: Settings, *, patience: float) -> AsyncIterator[None]:
    """The role ``worker``, running inside the block. Raises ``SettingsError`` and ``ModelError`` at its start.

    At the end running notes may finish for ``patience`` seconds; the others are handed back.
    """
    model_of(settings)
    formats = formats_of(settings)
    async with AsyncExitStack() as stack:
        database = Database(settings.database)
        stack.push_async_callback(database.close)
        switching = Switching(
            lambda model: load_desk(settings, model, formats),
            lambda: lineup_of(settings),
            lambda: catalog_stamp(settings),
        )
        serving = await switching.start()
        stack.push_async_callback(serving.stop)
        broker = broker_of(settings, "casenote-worker")
        worker = Worker(database, broker, serving, formats, worker_options(settings))
        events = SessionEvents(
            database,
            serving,
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
        following = asyncio.create_task(switching.follow(serving), name="follow-catalog")
        stack.callback(following.cancel)
        yield


async def load_desk(settings: Settings, model: ResolvedModel, formats: Mapping[str, NoteFormat]) -> Desk:
    """The model, ready to write. Raises ``ModelError``."""
    engine = LlamaEngine(engine_settings(settings, model))
    await engine.start()
    # Every session's prompt begins with them: computed once, before the first session comes.
    engine.prefill(INSTRUCTIONS, prompts.opening(FAMILIES[engine.info.chat]))
    return Desk(
        engine, demonstration=model.demonstration, adapter=model.adapter_name, early=early_options(settings, formats)
    )


def early_options(settings: Settings, formats: Mapping[str, NoteFormat]) -> EarlyOptions:
    """Notes are begun early as they are written when nobody asks for another format or style."""
    return EarlyOptions(
        silence=settings.early_note_seconds,
        note_format=with_options(formats[settings.note_format], settings.note_style),
        parallel=settings.generation_parallel,
    )


def worker_options(settings: Settings) -> WorkerOptions:
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
        note_format=settings.note_format,
        style=settings.note_style,
    )
