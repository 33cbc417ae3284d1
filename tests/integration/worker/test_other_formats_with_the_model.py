"""A session that was read stays read: another format, another density, the same transcript, with the embedded model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from structlog.testing import capture_logs

from models import prompts
from models.catalog.embedded import default_models_dir
from models.catalog.resolve import resolve_model
from models.chat import FAMILIES
from models.engine.engine import LlamaEngine
from models.engine.settings import EngineSettings
from models.formats import load_formats
from models.transcript import parse_transcript
from server.clock import utc_now
from server.db import sessions
from server.worker.serving import Desk, Desks, Serving
from server.worker.worker import Worker, WorkerOptions
from tests.integration.worker.conftest import Bench
from tests.integration.worker.test_writing import EDITING
from tests.support.transcripts import SHORT_SESSION

ASKED: tuple[dict[str, Any], ...] = (
    {"note_format": "soap"},
    {"note_format": "progress", "style": {"density": "brief", "modality": "cbt"}},
)


async def test_another_format_does_not_read_the_transcript_again(bench: Bench, tmp_path: Path) -> None:
    model = resolve_model(None, default_models_dir())
    engine = LlamaEngine(EngineSettings(model.path, lora_path=model.adapter_path, cache_dir=tmp_path))
    await engine.start()
    options = WorkerOptions("one", "one:1", 4, 30.0, 300.0, True, False, False)
    worker = Worker(bench.database, bench.broker, Serving(Desks(Desk(engine))), load_formats(), options)
    await worker.start()
    prefix = prompts.note_prefix(FAMILIES[engine.info.chat], parse_transcript(SHORT_SESSION))
    transcript = engine.count_tokens(prefix)
    try:
        with capture_logs() as lines:
            session_id, generation_id = await bench.closed_session(SHORT_SESSION)
            worker.wake()
            await bench.ended(generation_id, within=240.0)
            first = [line for line in lines if line["event"] == "inference"]
            for asked in ASKED:
                async with bench.database.write() as db:
                    session = await sessions.lock(db, session_id)
                    assert session is not None
                    again = await EDITING.request_generation(db, session, utc_now(), regenerate=True, **asked)
                worker.wake()
                assert (await bench.ended(again.id, within=240.0)).state == "done"
    finally:
        await worker.stop(0.0)
        await engine.stop()

    later = [line for line in lines if line["event"] == "inference"][len(first) :]
    assert first[0]["cached_tokens"] < transcript
    assert len(later) >= len(ASKED)
    assert {line["cached_tokens"] for line in later} == {transcript}
    stored = await bench.note(session_id)
    assert stored is not None
    assert (stored.note.format, stored.note.fallback) == ("progress", False)
    told = [(one.state["note"]["format"], one.change) for one in await bench.revisions(session_id)]
    assert told == [("progress", "generated"), ("soap", "regenerated"), ("progress", "regenerated")]
