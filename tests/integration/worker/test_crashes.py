"""A session that ends every process that writes its note: it gets its end, and the others get their notes."""

from __future__ import annotations

import asyncio
import json

from models.engine.api import Branch, GenerationRequest
from server.db.tables import GenerationRow
from server.worker.reading import session_key
from server.worker.worker import Worker
from tests.integration.worker.conftest import GOOD, Bench, until
from tests.support.transcripts import SHORT_SESSION

SESSIONS = 4
MOST_LIVES = 12


class Deadly:
    """A script; ``asked`` once the model is to write of the one session."""

    def __init__(self, session_id: int) -> None:
        self._session_id = session_id
        self.asked = False

    def __call__(self, request: GenerationRequest, branch: Branch) -> str:
        self.asked = self.asked or request.session == session_key(self._session_id)
        return GOOD[branch.id]


async def live_and_die(bench: Bench, deadly: int, generation_ids: list[str], *, allow_fallback: bool) -> None:
    """One process of a worker after the other. Each ends when its model is to write of the deadly session; the first
    ones take with them what else they were writing."""
    for life in range(1, MOST_LIVES):
        script = Deadly(deadly)
        worker = await bench.start_worker(script, number=life, delay=0.02, lease=60.0, allow_fallback=allow_fallback)

        async def is_over(worker: Worker = worker, script: Deadly = script, life: int = life) -> bool:
            is_dead = script.asked and (life > 2 or len(worker._tasks) == SESSIONS)
            return is_dead or await nothing_is_left(bench, generation_ids)

        await until(is_over)
        if await nothing_is_left(bench, generation_ids):
            return
        for task in [*worker._loops, *worker._tasks]:
            task.cancel()
        await asyncio.gather(*worker._loops, *worker._tasks, return_exceptions=True)
    raise AssertionError("there was no end of it")


async def nothing_is_left(bench: Bench, generation_ids: list[str]) -> bool:
    return all([(await bench.generation(one)).state not in ("queued", "running") for one in generation_ids])


async def lived(bench: Bench, *, allow_fallback: bool) -> tuple[int, GenerationRow, list[bool]]:
    """The deadly session, its generation, and of each other note whether the model wrote it."""
    made = [await bench.closed_session(SHORT_SESSION) for _ in range(SESSIONS)]
    deadly, its_generation = made[1]
    await live_and_die(bench, deadly, [generation for _, generation in made], allow_fallback=allow_fallback)
    others = [await bench.note(session_id) for session_id, _ in made if session_id != deadly]
    return deadly, await bench.generation(its_generation), [one is not None and not one.note.fallback for one in others]


async def test_a_session_that_ends_the_process_gets_the_fallback_and_all_others_the_model(bench: Bench) -> None:
    deadly, row, by_model = await lived(bench, allow_fallback=True)

    stored = await bench.note(deadly)
    assert by_model == [True, True, True]
    assert (row.state, row.attempt) == ("done", 4)
    assert stored is not None
    assert stored.note.fallback is True


async def test_without_fallback_a_session_that_ends_the_process_fails_and_says_so(bench: Bench) -> None:
    deadly, row, by_model = await lived(bench, allow_fallback=False)

    events = await bench.events(deadly)
    told = [json.loads(message.payload)["data"] for message in await bench.outbox()]
    assert by_model == [True, True, True]
    assert (row.state, row.error, row.attempt) == ("failed", "attempts", 4)
    assert await bench.note(deadly) is None
    assert (events[-1].event, events[-1].data["status"], events[-1].data["reason"]) == ("error", 503, "attempts")
    assert [(one["change"], one["version"]) for one in told if one["session_id"] == deadly] == [("failed", 0)]


async def test_a_note_that_was_handed_back_by_stopped_workers_is_still_the_models(bench: Bench) -> None:
    session_id, generation_id = await bench.closed_session(SHORT_SESSION)
    for number in range(1, 6):
        worker = await bench.start_worker(number=number, delay=0.2)

        async def runs(worker: Worker = worker) -> bool:
            return bool(worker._running)

        await until(runs)
        await worker.stop(0.0)
    await bench.start_worker(number=6)
    row = await bench.ended(generation_id)

    stored = await bench.note(session_id)
    assert (row.state, row.attempt) == ("done", 6)
    assert stored is not None
    assert stored.note.fallback is False
