"""A generation that fails at any point: the earlier note, its versions and what is said of it stay as they were, and
once the fault is over the note is written once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from events.broker import BrokerUnavailableError
from models.engine.api import EngineEvent, EngineFailure, Failed, Generation, GenerationRequest
from models.engine.scripted import ScriptedEngine
from server.clock import utc_now
from server.db import sessions
from server.db.database import Database
from server.db.tables import GenerationRow
from server.worker import frames
from server.worker.worker import Worker
from tests.integration.worker.conftest import GOOD, Bench, until
from tests.integration.worker.test_writing import EDITING
from tests.support.faults import At, DatabaseFaults, cut_at
from tests.support.rounds import rounds
from tests.support.transcripts import SHORT_SESSION

# Awaits of a generation that are looked at: each of them takes a whole note to get there.
STRIDE = rounds(7, 1)
BROKEN = {**GOOD, "intervention": " Therapist: What would you like to talk about today? Patient: I could not sleep."}
PERSONS = "Call on Friday, as we said."


async def edited_note(bench: Bench) -> int:
    """A session with a note that the model wrote and a person changed."""
    worker = await bench.start_worker(name="first")
    session_id, generation_id = await bench.closed_session(SHORT_SESSION)
    await bench.ended(generation_id)
    await worker.stop(0.0)
    async with bench.database.write() as db:
        session = await sessions.lock(db, session_id)
        assert session is not None
        await EDITING.change(db, session, EDITING.replacing_sections({"plan": PERSONS}, "t1"))
    return session_id


async def ask_anew(bench: Bench, session_id: int, *, allow_fallback: bool = False) -> str:
    async with bench.database.write() as db:
        session = await sessions.lock(db, session_id)
        assert session is not None
        row = await EDITING.request_generation(db, session, utc_now(), regenerate=True, allow_fallback=allow_fallback)
    return row.id


async def standing(bench: Bench, session_id: int) -> tuple[Any, ...]:
    """All that must not change."""
    revisions = [(one.version, one.change, one.author, one.text) for one in await bench.revisions(session_id)]
    told = [json.loads(message.payload)["data"] for message in await bench.outbox()]
    changes = [one for one in told if one["session_id"] == session_id and one.get("change") not in (None, "failed")]
    return await bench.note(session_id), revisions, changes


async def check_written_once(bench: Bench, session_id: int, generation_id: str, before: tuple[Any, ...]) -> None:
    """Another worker takes up what is left; in the end there is one more version, told once."""
    worker = await bench.start_worker(name="life", number=2, lease=60.0)
    row = await bench.ended(generation_id)
    await worker.stop(0.0)
    _, revisions, changes = await standing(bench, session_id)
    assert row.state == "done"
    assert revisions[:-1] == before[1]
    assert changes[:-1] == before[2]
    assert changes[-1]["version"] == revisions[-1][0] == row.note_version
    assert any(PERSONS in text for _, _, _, text in revisions)


FEWEST_POINTS = 5


async def idle(worker: Worker) -> bool:
    return not worker._tasks


@pytest.mark.parametrize("at", At)
async def test_a_database_that_fails_at_any_point_leaves_the_note_whole(bench: Bench, at: At) -> None:
    session_id = await edited_note(bench)
    failing = Database(bench.database.url)
    faults = DatabaseFaults(failing)
    number = 0
    while True:
        number += 1
        before = await standing(bench, session_id)
        generation_id = await ask_anew(bench, session_id)
        faults.arm(at, number)
        try:
            # The lease outlives the test: nothing is tried again by itself.
            worker = await bench.start_worker(name="life", lease=60.0, database=failing)
        except OperationalError:
            worker = None
        await until(partial(_over, bench, generation_id, worker, faults))
        if worker is not None:
            # The note can be seen before its writer is past the point that follows the commit.
            await until(partial(idle, worker))
        faults.disarm()
        row = await bench.generation(generation_id)
        if row.state != "done":
            assert await standing(bench, session_id) == before
        if worker is not None:
            await worker.stop(0.0)
        await check_written_once(bench, session_id, generation_id, before)
        if not faults.fired:
            break
    await failing.close()
    assert number > FEWEST_POINTS


async def _over(bench: Bench, generation_id: str, worker: Worker | None, faults: DatabaseFaults) -> bool:
    """A worker looks into the queue before, beside and after what it writes; that is waited for as well."""
    if worker is None or faults.fired:
        return True
    return (await bench.generation(generation_id)).state == "done" and faults.seen >= FEWEST_POINTS


async def test_a_worker_that_dies_at_any_await_leaves_the_note_whole(bench: Bench) -> None:
    session_id = await edited_note(bench)
    reached, number = True, 0
    run = Worker._run
    while reached:
        number += STRIDE
        before = await standing(bench, session_id)
        generation_id = await ask_anew(bench, session_id)
        died: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        async def dying(worker: Worker, row: GenerationRow, at: int = number, told: Any = died) -> None:
            told.set_result(await cut_at(run(worker, row), at))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Worker, "_run", dying)
            worker = await bench.start_worker(name="life", lease=60.0)
            reached = await asyncio.wait_for(died, 20)
            await until(partial(idle, worker))
        row = await bench.generation(generation_id)
        if row.state == "running":
            assert await standing(bench, session_id) == before
        await worker.stop(0.0)
        await check_written_once(bench, session_id, generation_id, before)
    assert number > 3 * STRIDE


class _Failing(ScriptedEngine):
    """Fails after ``steps`` steps of text, counted over all requests."""

    def __init__(self, script: dict[str, str], steps: int, reason: EngineFailure) -> None:
        super().__init__(script)
        self._left = steps
        self.reason = reason
        self.fired = False

    def submit(self, request: GenerationRequest) -> Generation:
        return _FailingGeneration(super().submit(request), self)

    def fails_now(self) -> bool:
        self._left -= 1
        self.fired = self.fired or self._left < 0
        return self._left < 0


class _FailingGeneration:
    def __init__(self, generation: Generation, engine: _Failing) -> None:
        self._generation = generation
        self._engine = engine
        self.id = generation.id
        self.stop_branch = generation.stop_branch
        self.cancel = generation.cancel

    async def __aiter__(self) -> AsyncIterator[list[EngineEvent]]:
        async for step in self._generation:
            if self._engine.fails_now():
                self._generation.cancel()
                yield [Failed(self._engine.reason, "made to fail")]
                return
            yield step


# What is handed back may have been taken up again when the worker is stopped.
ENDS_AS = {EngineFailure.CANCELLED: {"cancelled"}, EngineFailure.STOPPED: {"queued", "running"}}


@pytest.mark.parametrize("reason", EngineFailure)
async def test_a_model_that_fails_after_any_step_leaves_the_note_whole(bench: Bench, reason: EngineFailure) -> None:
    session_id = await edited_note(bench)
    before = await standing(bench, session_id)
    for steps in range(0, 1000, rounds(3, 1)):
        engine = _Failing(BROKEN, steps, reason)
        await engine.start()
        generation_id = await ask_anew(bench, session_id)
        worker = await bench.start_worker(name="life", engine=engine, lease=60.0)
        await until(partial(_tried, bench, generation_id, worker, engine))
        await worker.stop(0.0)
        row = await bench.generation(generation_id)
        if not engine.fired:
            assert row.state == "done"
            return
        assert row.state in ENDS_AS.get(reason, {"failed"})
        assert await standing(bench, session_id) == before
        if reason is EngineFailure.STOPPED:
            await _forget(bench, generation_id)
    raise AssertionError("the model never got to the end")


async def _tried(bench: Bench, generation_id: str, worker: Worker, engine: _Failing) -> bool:
    """Whether the worker has had its turn. What it hands back it takes up again: that goes on until it is stopped."""
    if engine.reason is EngineFailure.STOPPED and engine.fired:
        return True
    row = await bench.generation(generation_id)
    return row.state not in ("queued", "running") and not worker._tasks


async def _forget(bench: Bench, generation_id: str) -> None:
    async with bench.database.write() as db:
        row = await db.get(GenerationRow, generation_id)
        assert row is not None
        await db.delete(row)


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "_RETRY_DELAY", 0.0)


@pytest.mark.usefixtures("_quick")
async def test_a_broker_that_refuses_any_one_frame_changes_nothing(bench: Bench) -> None:
    session_id, publish = await edited_note(bench), bench.broker.publish_frame
    for number in range(1, 1000, STRIDE):
        left = number

        async def refusing(key: str, payload: bytes) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise BrokerUnavailableError("away")
            await publish(key, payload)

        bench.broker.publish_frame = refusing  # type: ignore[method-assign]
        before = await standing(bench, session_id)
        generation_id = await ask_anew(bench, session_id)
        await check_written_once(bench, session_id, generation_id, before)
        if left > 0:
            break
    else:
        raise AssertionError("there was no end of frames")
