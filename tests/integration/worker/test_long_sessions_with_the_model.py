"""Sessions longer than the context, with the embedded model and its adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from models.catalog.embedded import default_models_dir
from models.catalog.resolve import resolve_model
from models.engine.engine import LlamaEngine
from models.engine.settings import EngineSettings
from models.formats import load_formats
from models.transcript import Turn, render_transcript
from server.worker.serving import Desk, Desks, Serving
from server.worker.worker import Worker, WorkerOptions
from tests.integration.worker.conftest import Bench, until
from tests.integration.worker.test_long_sessions import close, document_of, events_of, say
from tests.support.transcripts import sample_turns

SAMPLES = ("safety-plan", "sleep-after-layoff")


@asynccontextmanager
async def small_worker(bench: Bench, cache: Path) -> AsyncIterator[Worker]:
    """A worker whose model has a context that two sample sessions together do not fit."""
    model = resolve_model(None, default_models_dir())
    engine = LlamaEngine(EngineSettings(model.path, lora_path=model.adapter_path, n_ctx=1280, cache_dir=cache))
    await engine.start()
    options = WorkerOptions("one", "one:1", 4, 30.0, 120.0, True, False, False)
    worker = Worker(bench.database, bench.broker, Serving(Desks(Desk(engine))), load_formats(), options)
    await worker.start()
    try:
        yield worker
    finally:
        await worker.stop(0.0)
        await engine.stop()


def two_sessions() -> list[Turn]:
    turns = [turn for name in SAMPLES for turn in sample_turns(name)]
    return [replace(turn, index=index, start=None) for index, turn in enumerate(turns)]


async def test_a_long_session_gives_the_same_note_live_and_at_once(bench: Bench, tmp_path: Path) -> None:
    turns = two_sessions()
    async with small_worker(bench, tmp_path) as worker:
        events = events_of(bench, worker)
        for turn in turns:
            await say(events, 70_001, [turn])
        await until(lambda: _idle(worker), within=240)
        await close(events, 70_001)
        live = await document_of(bench, 70_001)
    async with small_worker(bench, tmp_path) as worker:
        await close(events_of(bench, worker), 70_002, render_transcript(turns))
        at_once = await document_of(bench, 70_002)

    assert live["coverage"]["reduced"]
    assert live["fallback"] is at_once["fallback"] is False
    assert [live[part] for part in ("text", "summary", "coverage")] == [
        at_once[part] for part in ("text", "summary", "coverage")
    ]


async def _idle(worker: Worker) -> bool:
    return not worker._serving.current.live._following
