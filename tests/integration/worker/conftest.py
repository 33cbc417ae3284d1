"""A worker over a real database, a broker in memory and an engine that follows a script."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from events.frames import Frame, StreamEvent
from events.memory import MemoryBroker
from events.outbox import OutboxMessage
from models.engine.api import EngineFailure, ModelInfo
from models.engine.scripted import Script, ScriptedEngine
from models.formats import load_formats
from server.clock import utc_now
from server.db import generations, migrate, notes, sessions
from server.db.database import Database
from server.db.notes import Stored
from server.db.outbox import DatabaseOutbox
from server.db.sessions import NewSession
from server.db.tables import GenerationRow, RevisionRow
from server.sessions import intake
from server.sessions.intake import Limits
from server.worker.early import EarlyOptions
from server.worker.serving import Desk, Desks, Serving
from server.worker.worker import Worker, WorkerOptions

LIMITS = Limits(transcript=2_000_000)

GOOD = {
    "chief_complaint": " Patient could not sleep for three nights and thought about the exam.",
    "emotional_state": " Patient feels tired and scared.",
    "risk": " Patient denied thoughts of suicide.",
    "intervention": " Therapist practised a breathing exercise and asked to write down the thought.",
    "progress": " Patient said that the breathing helped a little.",
    "plan": " Homework: breathing twice a day and a sleep diary.",
    "summary": (
        " Patient could not sleep for three nights and thought about the exam, feeling tired and scared. Therapist "
        "practised a breathing exercise, which helped a little, and asked to write down the thought. Patient denied "
        "thoughts of suicide. Homework: breathing twice a day and a sleep diary."
    ),
}


@dataclass
class Bench:
    """The parts of one test, and a clinic's view of them."""

    database: Database
    broker: MemoryBroker
    workers: list[Worker] = field(default_factory=list)
    engines: list[ScriptedEngine] = field(default_factory=list)
    servings: list[Serving] = field(default_factory=list)

    async def start_worker(
        self,
        script: dict[str, str] | Script | None = None,
        *,
        name: str = "one",
        number: int = 1,
        delay: float = 0.0,
        failures: dict[int, EngineFailure] | None = None,
        info: ModelInfo | None = None,
        engine: ScriptedEngine | None = None,
        database: Database | None = None,
        early: EarlyOptions | None = None,
        **options: Any,
    ) -> Worker:
        engine = engine or ScriptedEngine(GOOD if script is None else script, delay=delay, failures=failures, info=info)
        await engine.start()
        self.engines.append(engine)
        given = {
            "name": name,
            "owner": f"{name}:{number}",
            "slots": 4,
            "lease": 2.0,
            "deadline": 30.0,
            "parallel": True,
            "allow_fallback": True,
            "with_text": False,
        }
        serving, used = Serving(Desks(Desk(engine, early=early))), database or self.database
        self.servings.append(serving)
        worker = Worker(used, self.broker, serving, load_formats(), WorkerOptions(**{**given, **options}))
        await worker.start()
        self.workers.append(worker)
        return worker

    async def closed_session(self, transcript: str) -> tuple[int, str]:
        """A session that was just closed, and its generation."""
        session_id = await self.session(transcript)
        return session_id, await self.close(session_id)

    async def session(self, transcript: str) -> int:
        """A session that is not closed yet."""
        async with self.database.write() as db:
            row = await intake.create(
                db, NewSession(patient_id=7, original_transcription=transcript), LIMITS, utc_now()
            )
            return row.id

    async def close(self, session_id: int) -> str:
        """Closes a session and returns its generation."""
        async with self.database.write() as db:
            row = await sessions.lock(db, session_id)
            assert row is not None
            await intake.close(db, row, utc_now())
            generation = await generations.latest(db, row.id)
        assert generation is not None
        for worker in self.workers:
            worker.wake()
        return generation.id

    async def generation(self, generation_id: str) -> GenerationRow:
        async with self.database.read() as db:
            row = await generations.find(db, generation_id)
        assert row is not None
        return row

    async def ended(self, generation_id: str, within: float = 20.0) -> GenerationRow:
        async def look() -> GenerationRow | None:
            row = await self.generation(generation_id)
            return row if row.state not in generations.ACTIVE else None

        return await until(look, within)

    async def note(self, session_id: int) -> Stored | None:
        async with self.database.read() as db:
            return await notes.find(db, session_id)

    async def revisions(self, session_id: int) -> list[RevisionRow]:
        async with self.database.read() as db:
            return list(await notes.revisions(db, session_id))

    async def outbox(self) -> list[OutboxMessage]:
        return list(await DatabaseOutbox(self.database).unpublished(1000))

    async def events(self, session_id: int) -> list[StreamEvent]:
        """The stream of a note up to its end."""
        found: list[StreamEvent] = []
        async for payload in self.broker.follow_frames(str(session_id)):
            found.extend(Frame.decode(payload))
            if found[-1].is_last:
                break
        return found

    async def turns(self, session_id: int) -> int:
        async with self.database.read() as db:
            return len(await sessions.turns(db, session_id))


T = TypeVar("T")


async def until(look: Callable[[], Awaitable[T | None]], within: float = 20.0) -> T:
    deadline = time.monotonic() + within
    while True:
        found = await look()
        if found:
            return found
        assert time.monotonic() < deadline, "it did not come about in time"
        await asyncio.sleep(0.01)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/test.db")
    await migrate.upgrade(database)
    broker = MemoryBroker()
    await broker.start()
    made = Bench(database, broker)
    yield made
    for worker in made.workers:
        await worker.stop(0.0)
    for engine in made.engines:
        await engine.stop()
    await broker.stop()
    await database.close()
