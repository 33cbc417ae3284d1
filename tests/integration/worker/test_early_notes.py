"""A note that is begun in the silence after the last word, before anybody asks for it."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from models.engine.api import Branch, EngineFailure, GenerationRequest, Priority
from server.clock import utc_now
from server.db import sessions
from server.worker.early import EarlyOptions
from tests.integration.worker.conftest import GOOD, Bench, until
from tests.integration.worker.test_writing import EDITING
from tests.support.transcripts import SHORT_SESSION

SOON = EarlyOptions(silence=0.01)


class Asked:
    """What the engine was asked, by the names of the requests."""

    def __init__(self) -> None:
        self.requests: dict[str, GenerationRequest] = {}

    def __call__(self, request: GenerationRequest, branch: Branch) -> str:
        self.requests[request.id] = request
        return GOOD.get(branch.id, " Patient could not sleep for three nights.")

    async def has(self, name: str) -> bool:
        return name in self.requests


async def speak(bench: Bench, session_id: int) -> None:
    """The live session is heard as far as it goes."""
    async with bench.database.read() as db:
        turns = await sessions.turns(db, session_id)
    bench.servings[0].follow(session_id, turns)


async def begun(bench: Bench, asked: Asked, name: str) -> None:
    await until(lambda: asked.has(name))
    assert asked.requests[name].priority is Priority.BACKFILL


async def silent_session(bench: Bench, asked: Asked) -> int:
    """A live session whose note was begun in the silence after its last word."""
    session_id = await bench.session(SHORT_SESSION)
    await speak(bench, session_id)
    await begun(bench, asked, "early-1.1")
    return session_id


async def done(bench: Bench) -> bool:
    return bench.engines[0].stats().generations == 1


async def speaking(bench: Bench) -> bool:
    return bench.engines[0].stats().decoded_tokens > 20


async def failed(bench: Bench) -> bool:
    return bench.engines[0].stats().failures == 1


async def test_closing_takes_over_the_note_that_the_silence_began(bench: Bench) -> None:
    asked = Asked()
    await bench.start_worker(asked, early=SOON)
    session_id = await silent_session(bench, asked)
    await until(lambda: done(bench))
    assert await bench.note(session_id) is None

    with capture_logs() as logs:
        generation_id = await bench.close(session_id)
        await bench.ended(generation_id)

    _, other = await bench.closed_session(SHORT_SESSION)
    await bench.ended(other)
    early, late = await bench.note(session_id), await bench.note(session_id + 1)
    assert early is not None
    assert late is not None
    assert (early.note.text, early.note.summary) == (late.note.text, late.note.summary)
    assert list(asked.requests) == ["early-1.1", f"{other}.1"]
    assert [line["outcome"] for line in logs if line["event"] == "inference"] == ["finished"]
    events = await bench.events(session_id)
    told = "".join(event.data["text"] for event in events if event.event == "token" and event.data["section"] == "plan")
    plan = early.note.section("plan")
    assert plan is not None
    assert told == plan.text


async def test_a_note_is_taken_over_in_the_middle_too(bench: Bench) -> None:
    asked = Asked()
    await bench.start_worker(asked, early=SOON, delay=0.01)
    session_id = await silent_session(bench, asked)

    generation_id = await bench.close(session_id)
    await bench.ended(generation_id)

    stored = await bench.note(session_id)
    assert stored is not None
    assert not stored.note.fallback
    assert list(asked.requests) == ["early-1.1"]


async def test_a_word_ends_the_note_that_was_begun(bench: Bench) -> None:
    asked = Asked()
    await bench.start_worker(asked, early=SOON, delay=0.01)
    session_id = await silent_session(bench, asked)
    await until(lambda: speaking(bench))

    with capture_logs() as logs:
        await speak(bench, session_id)

    dropped = [line for line in logs if line["event"] == "inference"]
    assert [line["outcome"] for line in dropped] == ["not_asked_for"]
    assert dropped[0]["output_characters"] > 0
    assert "exam" not in str(dropped)
    await begun(bench, asked, "early-1.2")
    generation_id = await bench.close(session_id)
    await bench.ended(generation_id)
    assert list(asked.requests) == ["early-1.1", "early-1.2"]
    assert bench.engines[0].stats().failures == 1


async def test_a_note_that_somebody_waits_for_ends_the_one_that_was_begun(bench: Bench) -> None:
    asked = Asked()
    await bench.start_worker(asked, early=SOON, delay=0.01)
    silent = await silent_session(bench, asked)

    _, generation_id = await bench.closed_session(SHORT_SESSION)
    await bench.ended(generation_id)

    assert list(asked.requests) == ["early-1.1", f"{generation_id}.1"]
    assert bench.engines[0].stats().failures == 1
    assert await bench.note(silent) is None


async def test_a_note_that_is_asked_for_in_another_way_is_written_so(bench: Bench) -> None:
    asked = Asked()
    await bench.start_worker(asked, early=SOON)
    session_id = await silent_session(bench, asked)
    async with bench.database.write() as db:
        session = await sessions.lock(db, session_id)
        assert session is not None
        row = await EDITING.request_generation(
            db, session, utc_now(), regenerate=False, keep_edited=True, note_format="soap"
        )
    bench.workers[0].wake()
    await bench.ended(row.id)

    stored = await bench.note(session_id)
    assert stored is not None
    assert stored.note.format == "soap"
    assert list(asked.requests) == ["early-1.1", f"{row.id}.1"]


async def test_a_note_that_failed_unasked_is_written_when_it_is_asked_for(bench: Bench) -> None:
    asked = Asked()
    await bench.start_worker(asked, early=SOON, failures={1: EngineFailure.DECODE})
    session_id = await silent_session(bench, asked)
    await until(lambda: failed(bench))

    generation_id = await bench.close(session_id)
    await bench.ended(generation_id)

    stored = await bench.note(session_id)
    assert stored is not None
    assert not stored.note.fallback
    assert list(asked.requests) == ["early-1.1", f"{generation_id}.1"]


async def test_without_a_silence_to_wait_for_nothing_is_begun(bench: Bench) -> None:
    asked = Asked()
    await bench.start_worker(asked)
    session_id = await bench.session(SHORT_SESSION)
    await speak(bench, session_id)
    await bench.servings[0].stop_reading()
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("early-")] == []
    assert asked.requests == {}
