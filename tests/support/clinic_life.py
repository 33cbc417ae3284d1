"""A clinic in one process whose worker can die and be replaced while a note is being written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from events.broker import Delivery
from events.contracts import CLOSED_TYPE, ClosedData, closed_subject, encode_event, new_event
from events.memory import MemoryBroker
from events.outcome import Outcome
from events.wake import WAKE_WORKER
from models.formats import load_formats
from server.db import generations
from server.worker.handling import SessionEvents
from server.worker.serving import Desk, Desks, Serving
from server.worker.worker import Worker, WorkerOptions
from tests.support.api import RunningApi, eventually, running_api
from tests.support.models import ObedientEngine


@dataclass(slots=True)
class Clinic:
    """The application, and a worker that can be lost. ``deaths`` counts those that were."""

    api: RunningApi
    engine: ObedientEngine
    worker: Worker
    serving: Serving
    broker: MemoryBroker
    deaths: int = 0

    async def lose_worker(self) -> None:
        """Ends the worker as a crash does: no transaction goes on, nothing is handed back, nobody is told."""
        tasks = [*self.worker._loops, *self.worker._tasks]
        for task in tasks:
            task.cancel()
        self.engine.let_go()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.deaths += 1

    async def replace_worker(self) -> None:
        """What the supervisor does then."""
        self.serving = Serving(Desks(Desk(self.engine)))
        self.worker = _worker(self.api, self.serving, self.broker, self.deaths)
        await self.worker.start()

    async def asked(self) -> None:
        """Waits until the model was asked and is being waited for."""

        async def look() -> bool:
            return self.engine.waiting > 0

        await eventually(look)

    async def ended(self, session_id: int) -> str:
        """The state of the latest generation once none is active."""

        async def look() -> str | None:
            async with self.api.parts.database.read() as db:
                latest = await generations.latest(db, session_id)
            return latest.state if latest is not None and latest.state not in generations.ACTIVE else None

        return await eventually(look) or ""

    async def quiet(self, session_id: int) -> None:
        """Waits until nothing is being written of a session, whatever became of it."""
        if all(task.done() for task in self.worker._loops):
            await self.replace_worker()

        async def look() -> bool:
            async with self.api.parts.database.read() as db:
                return await generations.active(db, session_id) is None

        await eventually(look)

    async def deliver_closed(self, session_id: int, event_id: str) -> Outcome:
        """The clinic's event that the session has ended, by whatever delivery it is."""
        data = ClosedData(session_id=session_id, patient_id=7, closed_at=datetime.now(UTC))
        event = new_event(CLOSED_TYPE, data, source="/clinic", subject=str(session_id)).model_copy(
            update={"id": event_id}
        )
        payload, headers = encode_event(event)
        events = SessionEvents(
            self.api.parts.database,
            self.serving,
            self.api.parts.limits,
            lambda: self.api.parts.broker.notify(WAKE_WORKER),
            lambda _id: None,
        )
        return await events.handle(Delivery(closed_subject(session_id), payload, headers, 1, 1))


def _worker(api: RunningApi, serving: Serving, broker: MemoryBroker, number: int) -> Worker:
    options = WorkerOptions(
        name="life",
        owner=f"life:{number}",
        slots=2,
        lease=60.0,
        deadline=60.0,
        parallel=True,
        allow_fallback=True,
        with_text=False,
    )
    return Worker(api.parts.database, broker, serving, load_formats(), options)


@asynccontextmanager
async def running_clinic(folder: Path) -> AsyncIterator[Clinic]:
    """A clinic of its own in ``folder``."""
    engine = ObedientEngine()
    await engine.start()
    async with running_api(folder) as api:
        broker = MemoryBroker(api.server)
        await broker.start()
        serving = Serving(Desks(Desk(engine)))
        clinic = Clinic(api, engine, _worker(api, serving, broker, 0), serving, broker)
        await clinic.worker.start()
        try:
            yield clinic
        finally:
            await clinic.worker.stop(0.0)
            await engine.stop()
            await broker.stop()
