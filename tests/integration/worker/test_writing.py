"""What the worker does with a closed session: writes, streams, stores, announces; and what becomes of it when that
fails."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from events.memory import MemoryBroker
from models.engine.api import Branch, EngineFailure, GenerationRequest
from models.formats import load_formats
from server.clock import utc_now
from server.db import generations, sessions
from server.db.sessions import NewSession
from server.notes.editing import Editing
from server.notes.state import Change
from server.sessions import intake
from server.stream.streams import NoteStreams
from server.worker import worker as module
from tests.integration.worker.conftest import GOOD, LIMITS, Bench, until
from tests.support.transcripts import SHORT_SESSION, sample_transcript

EDITING = Editing(formats=load_formats(), default_format="progress", with_text=False, queue_limit=64)


async def test_a_closed_session_gets_a_note_a_revision_and_an_event(bench: Bench) -> None:
    await bench.start_worker()

    session_id, generation_id = await bench.closed_session(SHORT_SESSION)
    row = await bench.ended(generation_id)

    stored = await bench.note(session_id)
    assert row.state == "done"
    assert stored is not None
    assert {section.id: section.text for section in stored.note.sections}["plan"].startswith("Homework")
    assert [revision.change for revision in await bench.revisions(session_id)] == ["generated"]
    told = [json.loads(message.payload) for message in await bench.outbox()]
    assert [event["data"]["change"] for event in told] == ["generated"]
    assert SHORT_SESSION.split("Patient: ")[1][:30] not in json.dumps(told)


async def test_readers_see_section_by_section_exactly_what_is_stored(bench: Bench) -> None:
    await bench.start_worker()
    session_id, generation_id = await bench.closed_session(SHORT_SESSION)
    await bench.ended(generation_id)

    events = await bench.events(session_id)

    texts: dict[str, str] = {}
    for event in events:
        if event.event == "token":
            texts[event.data["section"]] = texts.get(event.data["section"], "") + event.data["text"]
        elif event.event == "reset":
            texts.pop(event.data["section"])
    stored = await bench.note(session_id)
    assert stored is not None
    assert {section.id: section.text for section in stored.note.sections} == {
        section: text for section, text in texts.items() if section != "summary"
    }
    assert events[-1].event == "note"
    assert [event.position.number for event in events] == list(range(len(events)))


async def test_a_model_that_fails_is_replaced_by_the_fallback_which_says_so(bench: Bench) -> None:
    await bench.start_worker(failures={1: EngineFailure.DECODE})

    session_id, generation_id = await bench.closed_session(SHORT_SESSION)
    row = await bench.ended(generation_id)

    stored = await bench.note(session_id)
    assert row.state == "done"
    assert stored is not None
    assert stored.note.fallback is True
    assert stored.note.model is None
    assert "without the language model" in stored.note.text


@pytest.mark.parametrize("reason", [EngineFailure.DECODE, EngineFailure.DEADLINE, EngineFailure.OVERLOADED])
async def test_a_failure_without_fallback_leaves_the_note_as_it_was(bench: Bench, reason: EngineFailure) -> None:
    await bench.start_worker()
    session_id, generation_id = await bench.closed_session(SHORT_SESSION)
    await bench.ended(generation_id)
    before = await bench.note(session_id)
    await bench.workers[0].stop(0.0)

    await bench.start_worker(failures={1: reason}, name="two", allow_fallback=False)
    async with bench.database.write() as db:
        session = await sessions.lock(db, session_id)
        assert session is not None
        again = await EDITING.request_generation(db, session, utc_now(), regenerate=True)
    row = await bench.ended(again.id)

    assert (row.state, row.error) == ("failed", reason.value)
    assert await bench.note(session_id) == before
    assert len(await bench.revisions(session_id)) == 1
    last = json.loads((await bench.outbox())[-1].payload)
    assert (last["data"]["change"], last["data"]["version"]) == ("failed", 1)


async def test_a_section_that_copies_the_transcript_is_written_again(bench: Bench) -> None:
    asked: list[str] = []

    def script(request: GenerationRequest, branch: Branch) -> str:
        asked.append(branch.id)
        if branch.id == "intervention" and asked.count("intervention") == 1:
            return " Therapist: What would you like to talk about today? Patient: I could not sleep this week."
        return GOOD[branch.id]

    await bench.start_worker(script)
    session_id, generation_id = await bench.closed_session(SHORT_SESSION)
    await bench.ended(generation_id)

    stored = await bench.note(session_id)
    events = await bench.events(session_id)
    assert asked.count("intervention") == 2
    assert stored is not None
    intervention = stored.note.section("intervention")
    assert intervention is not None
    assert "Patient:" not in intervention.text
    assert any(event.event == "reset" and event.data["section"] == "intervention" for event in events)


async def test_a_worker_that_vanished_is_followed_by_another_attempt_that_resets_readers(bench: Bench) -> None:
    await bench.start_worker(delay=0.2, name="gone", lease=1.0)
    session_id, generation_id = await bench.closed_session(SHORT_SESSION)
    await until(lambda: _running(bench, generation_id))
    for task in [*bench.workers[0]._loops, *bench.workers[0]._tasks]:
        task.cancel()

    await bench.start_worker(name="heir")
    row = await bench.ended(generation_id)

    events = await bench.events(session_id)
    second = [event for event in events if event.position.attempt == 2]
    assert (row.state, row.attempt) == ("done", 2)
    assert second[0].event == "reset"
    assert len(await bench.revisions(session_id)) == 1
    assert len(await bench.outbox()) == 1


async def test_a_worker_whose_lease_was_lost_stores_nothing(bench: Bench) -> None:
    await bench.start_worker(delay=0.05, name="slow", lease=60.0)
    session_id, generation_id = await bench.closed_session(SHORT_SESSION)
    await until(lambda: _running(bench, generation_id))
    async with bench.database.write() as db:
        row = await generations.find(db, generation_id)
        assert row is not None
        row.owner, row.attempt = "another:1", 2

    await until(lambda: _idle(bench))

    assert await bench.note(session_id) is None
    assert await bench.outbox() == []


async def test_a_clock_that_is_put_forward_does_not_make_a_worker_begin_anew_what_it_is_writing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = await bench.start_worker(delay=0.05, lease=60.0)
    session_id, generation_id = await bench.closed_session(SHORT_SESSION)
    await until(lambda: _running(bench, generation_id))

    monkeypatch.setattr(module, "utc_now", lambda: utc_now() + timedelta(hours=1))
    worker.wake()
    row = await bench.ended(generation_id)

    stored = await bench.note(session_id)
    assert (row.state, row.attempt) == ("done", 1)
    assert stored is not None
    assert stored.note.fallback is False


async def test_a_worker_that_stops_hands_its_notes_back(bench: Bench) -> None:
    worker = await bench.start_worker(delay=0.2)
    session_id, generation_id = await bench.closed_session(sample_transcript())
    await until(lambda: _running(bench, generation_id))

    await worker.stop(0.0)
    handed_back = await bench.generation(generation_id)
    assert handed_back.state == "queued"
    await bench.start_worker(name="next")
    row = await bench.ended(generation_id)

    assert row.state == "done"
    assert len(await bench.revisions(session_id)) == 1


async def test_a_note_that_could_not_be_stored_is_written_again(bench: Bench) -> None:
    await _execute(bench, "CREATE TRIGGER full BEFORE INSERT ON revisions BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    await bench.start_worker(lease=1.0)
    session_id, generation_id = await bench.closed_session(SHORT_SESSION)
    await until(lambda: _running(bench, generation_id))
    await until(lambda: _idle(bench))
    await _execute(bench, "DROP TRIGGER full")

    row = await bench.ended(generation_id)

    assert row.state == "done"
    assert row.attempt > 1
    assert len(await bench.revisions(session_id)) == 1


async def test_a_queue_that_cannot_be_read_is_read_again(bench: Bench) -> None:
    worker = await bench.start_worker()
    async with bench.database.write() as db:
        session = await intake.create(
            db, NewSession(patient_id=7, original_transcription=SHORT_SESSION), LIMITS, utc_now()
        )
        await intake.close(db, session, utc_now())
        await db.execute(text("UPDATE generations SET options = '{'"))
    worker.wake()
    await until(lambda: _woken(bench))

    await _execute(bench, "UPDATE generations SET options = :options", options=json.dumps(intake.options()))

    assert await until(lambda: bench.note(session.id)) is not None


async def test_a_format_that_the_clinic_took_away_gives_way_to_the_default_one(bench: Bench) -> None:
    session_id, generation_id = await bench.closed_session(SHORT_SESSION)
    options = json.dumps(intake.options(note_format="taken-away"))
    await _execute(bench, "UPDATE generations SET options = :options", options=options)

    await bench.start_worker()
    row = await bench.ended(generation_id)

    stored = await bench.note(session_id)
    assert row.state == "done"
    assert stored is not None
    assert stored.note.format == "progress"


async def test_a_reader_gets_the_note_though_the_token_log_was_lost(bench: Bench) -> None:
    await bench.start_worker()
    session_id, generation_id = await bench.closed_session(SHORT_SESSION)
    await bench.ended(generation_id)
    emptied = MemoryBroker()
    await emptied.start()
    streams = NoteStreams(bench.database, emptied)

    events = await streams.open(session_id, f"{generation_id}.1.40", None)

    assert events is not None
    chunks = [chunk async for chunk in events]
    assert b"event: note\n" in chunks[-1]
    last = [line.removeprefix("id: ") for line in chunks[-1].decode().splitlines() if line.startswith("id: ")][-1]
    assert await streams.open(session_id, last, None) is None
    await streams.stop()
    await emptied.stop()


async def test_a_reader_gets_the_new_note_and_not_the_old_one_after_the_clock_was_put_back(bench: Bench) -> None:
    worker = await bench.start_worker()
    session_id, generation_id = await bench.closed_session(SHORT_SESSION)
    await bench.ended(generation_id)
    await worker.stop(0.0)
    streams = NoteStreams(bench.database, bench.broker)

    async with bench.database.write() as db:
        session = await sessions.lock(db, session_id)
        assert session is not None
        again = await EDITING.request_generation(db, session, utc_now() - timedelta(hours=1), regenerate=True)
    events = await streams.open(session_id, None, None)

    assert events is not None
    first = await asyncio.wait_for(anext(events), 5)
    assert f"id: {again.id}.0.0\n".encode() in first
    async with bench.database.read() as db:
        latest = await generations.latest(db, session_id)
        assert latest is not None
        assert latest.id == again.id
        assert [one.status for one in await sessions.listed(db)] == ["writing"]
    await events.aclose()
    await streams.stop()


async def test_a_person_who_writes_while_the_note_is_written_keeps_their_section(bench: Bench) -> None:
    await bench.start_worker(delay=0.05)
    session_id, generation_id = await bench.closed_session(SHORT_SESSION)
    await until(lambda: _running(bench, generation_id))
    async with bench.database.write() as db:
        session = await sessions.lock(db, session_id)
        assert session is not None
        await EDITING.change(db, session, EDITING.replacing_sections({"plan": "My own plan."}, "t1"))

    await bench.ended(generation_id)

    stored = await bench.note(session_id)
    assert stored is not None
    plan = stored.note.section("plan")
    assert plan is not None
    assert (plan.text, plan.author.value) == ("My own plan.", "person")
    assert dict(stored.note.suggestions or {})["plan"].startswith("Homework")
    assert [revision.change for revision in await bench.revisions(session_id)] == ["edited", "generated"]
    assert (stored.note.is_ai_generated, stored.note.edited_from_ai) == (True, True)


async def test_a_regeneration_of_one_section_leaves_the_others(bench: Bench) -> None:
    await bench.start_worker()
    session_id, generation_id = await bench.closed_session(SHORT_SESSION)
    await bench.ended(generation_id)
    before = await bench.note(session_id)
    await bench.workers[0].stop(0.0)
    await bench.start_worker({**GOOD, "progress": " Patient is less tight."}, name="two")
    async with bench.database.write() as db:
        session = await sessions.lock(db, session_id)
        assert session is not None
        again = await EDITING.request_generation(
            db, session, utc_now(), regenerate=True, keep_edited=True, only=["progress"]
        )
    bench.workers[1].wake()
    await bench.ended(again.id)

    after = await bench.note(session_id)
    assert before is not None
    assert after is not None
    changed = {s.id for s, t in zip(before.note.sections, after.note.sections, strict=True) if s != t}
    assert changed == {"progress"}
    assert after.note.summary == before.note.summary
    assert [revision.change for revision in await bench.revisions(session_id)] == ["generated", Change.REGENERATED]


async def test_a_cancelled_generation_ends_the_stream_and_changes_nothing(bench: Bench) -> None:
    await bench.start_worker(delay=0.2)
    session_id, generation_id = await bench.closed_session(sample_transcript())
    await until(lambda: _running(bench, generation_id))
    async with bench.database.write() as db:
        row = await generations.find(db, generation_id)
        assert row is not None
        row.cancel_requested = True
    bench.broker.notify("casenote.cancel", generation_id.encode())

    ended = await bench.ended(generation_id)
    events = await bench.events(session_id)

    assert ended.state == "cancelled"
    assert (events[-1].event, events[-1].data["reason"]) == ("error", "cancelled")
    assert await bench.note(session_id) is None


async def test_a_note_that_was_cancelled_unheard_is_not_stored_when_it_is_written(bench: Bench) -> None:
    await bench.start_worker(delay=0.02, lease=60.0)
    session_id, generation_id = await bench.closed_session(SHORT_SESSION)
    await until(lambda: _running(bench, generation_id))
    async with bench.database.write() as db:
        assert await generations.request_cancel(db, session_id, utc_now()) is not None

    ended = await bench.ended(generation_id)
    events = await bench.events(session_id)

    assert (ended.state, ended.error) == ("cancelled", "cancelled")
    assert (events[-1].event, events[-1].data["reason"]) == ("error", "cancelled")
    assert await bench.note(session_id) is None
    assert await bench.outbox() == []


async def test_a_note_that_was_cancelled_unheard_ends_so_also_where_the_model_fails(bench: Bench) -> None:
    await bench.start_worker(delay=0.2, lease=60.0, deadline=1.0, allow_fallback=False)
    session_id, generation_id = await bench.closed_session(SHORT_SESSION)
    await until(lambda: _running(bench, generation_id))
    async with bench.database.write() as db:
        assert await generations.request_cancel(db, session_id, utc_now()) is not None

    ended = await bench.ended(generation_id)

    assert (ended.state, ended.error) == ("cancelled", "cancelled")
    assert await bench.outbox() == []


async def test_a_broker_that_is_away_does_not_hold_the_note_up(bench: Bench) -> None:
    await bench.start_worker()
    bench.broker.available = False

    session_id, generation_id = await bench.closed_session(SHORT_SESSION)
    await bench.ended(generation_id)
    bench.broker.available = True

    assert await bench.note(session_id) is not None
    assert (await asyncio.wait_for(bench.events(session_id), 15))[-1].event == "note"


async def _running(bench: Bench, generation_id: str) -> bool:
    return (await bench.generation(generation_id)).state == "running" and any(w._running for w in bench.workers)


async def _execute(bench: Bench, statement: str, **values: str) -> None:
    async with bench.database.write() as db:
        await db.execute(text(statement), values)


async def _woken(bench: Bench) -> bool:
    """Whether the workers have seen to what woke them."""
    return not any(worker._wake.is_set() for worker in bench.workers)


async def _idle(bench: Bench) -> bool:
    return not any(worker._tasks for worker in bench.workers)
