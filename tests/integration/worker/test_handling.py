"""What the worker does with events of sessions that it cannot carry out."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from events.broker import Delivery
from events.contracts import (
    CLOSED_TYPE,
    SEGMENT_TYPE,
    ClosedData,
    SegmentData,
    SegmentIn,
    closed_subject,
    encode_event,
    new_event,
    segment_subject,
)
from events.outcome import Ack, Reject, Retry
from models.engine.scripted import ScriptedEngine
from models.transcript import parse_transcript
from server.clock import utc_now
from server.db import generations, sessions
from server.db.database import Database
from server.db.tables import InboxRow
from server.sessions import intake
from server.worker.ahead import LiveReading
from server.worker.handling import SessionEvents
from server.worker.reading import Reader
from tests.integration.worker.conftest import GOOD, LIMITS, Bench
from tests.support.faults import At, DatabaseFaults
from tests.support.transcripts import SHORT_SESSION


def closed(session_id: int, transcript: str | None, patient_id: int = 7, therapist_id: str | None = None) -> Delivery:
    data = ClosedData(
        session_id=session_id,
        patient_id=patient_id,
        therapist_id=therapist_id,
        transcript=transcript,
        closed_at=datetime.now(UTC),
    )
    event = new_event(CLOSED_TYPE, data, source="/clinic", subject=str(session_id))
    payload, headers = encode_event(event)
    return Delivery(closed_subject(session_id), payload, headers, 1, 1)


def said(session_id: int, therapist_id: str | None) -> Delivery:
    turn = SegmentIn(index=0, speaker="client", text="I slept through on three nights.")
    data = SegmentData(session_id=session_id, patient_id=7, therapist_id=therapist_id, segments=[turn])
    return spoken(session_id, data)


def segment(session_id: int, index: int, text: str) -> Delivery:
    turn = SegmentIn(index=index, speaker="client", text=text)
    return spoken(session_id, SegmentData(session_id=session_id, patient_id=7, segments=[turn]))


def spoken(session_id: int, data: SegmentData) -> Delivery:
    payload, headers = encode_event(new_event(SEGMENT_TYPE, data, source="/clinic", subject=str(session_id)))
    return Delivery(segment_subject(session_id), payload, headers, 1, 1)


def events_of(bench: Bench, database: Database | None = None, patience: float = 0.0) -> SessionEvents:
    engine = ScriptedEngine(GOOD)
    live = LiveReading(engine, Reader(engine))
    changed = (lambda: None, lambda _session_id: None)
    return SessionEvents(database or bench.database, live, LIMITS, *changed, patience=patience)


async def test_the_end_of_an_unknown_session_without_transcript_is_refused_and_stores_nothing(bench: Bench) -> None:
    outcome = await events_of(bench).handle(replace(closed(41, None), attempt=3))

    assert isinstance(outcome, Reject)
    assert "not known" in outcome.reason
    async with bench.database.read() as db:
        assert await sessions.find(db, 41) is None
    assert await bench.outbox() == []


async def test_the_end_of_a_session_waits_for_turns_that_another_worker_is_about_to_store(bench: Bench) -> None:
    end = closed(49, None)
    early = await events_of(bench).handle(end)
    now = utc_now()
    async with bench.database.write() as db:
        row = await intake.of_event(db, 49, 7, None, now)
        await intake.append(db, row, parse_transcript(SHORT_SESSION), LIMITS, now)

    assert isinstance(early, Retry)
    assert await events_of(bench).handle(replace(end, attempt=2)) == Ack()
    async with bench.database.read() as db:
        assert await generations.active(db, 49) is not None


async def test_the_end_of_an_unknown_session_with_transcript_queues_its_note(bench: Bench) -> None:
    assert await events_of(bench).handle(closed(42, SHORT_SESSION)) == Ack()

    async with bench.database.read() as db:
        assert await generations.active(db, 42) is not None


@pytest.mark.parametrize(("patient_id", "therapist_id", "named"), [(8, "3", "patient_id"), (7, "4", "therapist_id")])
async def test_an_event_that_gives_a_session_to_somebody_else_is_refused(
    bench: Bench, patient_id: int, therapist_id: str, named: str
) -> None:
    await events_of(bench).handle(closed(43, SHORT_SESSION, therapist_id="3"))

    outcome = await events_of(bench).handle(closed(43, SHORT_SESSION, patient_id, therapist_id))

    assert isinstance(outcome, Reject)
    assert named in outcome.reason
    async with bench.database.read() as db:
        row = await sessions.find(db, 43)
    assert row is not None
    assert (row.patient_id, row.therapist_id) == (7, "3")


async def test_a_session_without_therapist_gets_the_one_that_the_event_names(bench: Bench) -> None:
    await events_of(bench).handle(closed(44, SHORT_SESSION))

    assert await events_of(bench).handle(closed(44, SHORT_SESSION, therapist_id="3")) == Ack()
    assert await events_of(bench).handle(closed(44, SHORT_SESSION)) == Ack()

    async with bench.database.read() as db:
        row = await sessions.find(db, 44)
    assert row is not None
    assert row.therapist_id == "3"


async def test_a_live_session_belongs_to_the_therapist_whom_its_turns_name(bench: Bench) -> None:
    assert await events_of(bench).handle(said(45, "3")) == Ack()
    assert await events_of(bench).handle(said(45, None)) == Ack()
    assert isinstance(await events_of(bench).handle(said(45, "4")), Reject)

    async with bench.database.read() as db:
        row = await intake.found(db, 45, "3")
    assert row.status == "live"


async def test_a_session_that_was_closed_empty_gets_its_note_when_its_transcript_comes(bench: Bench) -> None:
    assert await events_of(bench).handle(closed(46, "")) == Ack()
    async with bench.database.read() as db:
        assert await generations.active(db, 46) is None

    assert await events_of(bench).handle(closed(46, SHORT_SESSION)) == Ack()

    async with bench.database.read() as db:
        assert await generations.active(db, 46) is not None


async def test_an_end_with_an_empty_transcript_ends_a_session_whose_turns_came_before(bench: Bench) -> None:
    now = utc_now()
    async with bench.database.write() as db:
        row = await intake.of_event(db, 47, 7, None, now)
        await intake.append(db, row, parse_transcript(SHORT_SESSION), LIMITS, now)

    assert await events_of(bench).handle(closed(47, " \n")) == Ack()

    async with bench.database.read() as db:
        assert await generations.active(db, 47) is not None


async def test_turns_that_were_on_their_way_when_a_call_closed_the_session_join_the_note_until_it_is_begun(
    bench: Bench,
) -> None:
    session_id, generation_id = await bench.closed_session(SHORT_SESSION)
    index = await bench.turns(session_id)

    assert await events_of(bench).handle(segment(session_id, index, "And I forgot my diary.")) == Ack()
    assert await bench.turns(session_id) == index + 1
    async with bench.database.write() as db:
        await generations.claim(db, "a worker", 60.0, utc_now())
    late = await events_of(bench).handle(segment(session_id, index + 1, "One more thing."))

    assert isinstance(late, Reject)
    assert await bench.turns(session_id) == index + 1
    assert (await bench.generation(generation_id)).attempt == 1


async def test_events_that_come_again_after_they_were_forgotten_change_nothing(bench: Bench) -> None:
    said = "I slept badly again this week and the exam frightens me a lot."
    sent = [segment(50, 0, said), segment(50, 1, "And I forgot my diary."), closed(50, None), closed(51, SHORT_SESSION)]
    assert [await events_of(bench).handle(one) for one in sent] == [Ack()] * 4
    async with bench.database.write() as db:
        before = await generations.totals(db)
        for number in (50, 51):
            assert await generations.request_cancel(db, number, utc_now()) is not None
        await db.execute(text("DELETE FROM inbox"))

    assert [await events_of(bench).handle(one) for one in sent] == [Ack()] * 4

    async with bench.database.read() as db:
        assert (before, await generations.totals(db)) == ({"queued": 2}, {"cancelled": 2})
    assert await bench.turns(50) == 2


def renamed(delivery: Delivery, event_id: str) -> Delivery:
    payload = json.dumps({**json.loads(delivery.payload), "id": event_id}).encode()
    return replace(delivery, payload=payload, headers={**delivery.headers, "Nats-Msg-Id": event_id})


async def test_an_id_that_was_used_for_another_session_is_refused_and_loses_nothing_in_silence(bench: Bench) -> None:
    first, second = renamed(closed(60, SHORT_SESSION), "visit-1"), renamed(closed(61, SHORT_SESSION), "visit-1")
    assert await events_of(bench).handle(first) == Ack()
    assert await events_of(bench).handle(first) == Ack()

    outcome = await events_of(bench).handle(second)

    assert isinstance(outcome, Reject)
    assert "id was used for another event" in outcome.reason
    async with bench.database.read() as db:
        assert await generations.active(db, 60) is not None
        assert await sessions.find(db, 61) is None


async def test_an_end_under_the_id_of_a_segment_is_refused(bench: Bench) -> None:
    data = SegmentData(session_id=62, patient_id=7, segments=[SegmentIn(index=0, speaker="client", text="Better.")])
    payload, headers = encode_event(new_event(SEGMENT_TYPE, data, source="/clinic", subject="62"))
    segment = renamed(Delivery(segment_subject(62), payload, headers, 1, 1), "visit-2")
    assert await events_of(bench).handle(segment) == Ack()

    assert isinstance(await events_of(bench).handle(renamed(closed(62, None), "visit-2")), Reject)


async def test_an_event_that_an_earlier_release_handled_changes_nothing_when_it_comes_again(bench: Bench) -> None:
    delivery = renamed(closed(63, SHORT_SESSION), "visit-3")
    async with bench.database.write() as db:
        db.add(InboxRow(source="/clinic", event_id="visit-3", subject=None, received_at=utc_now()))

    assert await events_of(bench).handle(delivery) == Ack()

    async with bench.database.read() as db:
        assert await generations.active(db, 63) is None


async def test_an_event_waits_while_the_database_is_away_and_costs_no_delivery(bench: Bench) -> None:
    failing = Database(bench.database.url)
    faults = DatabaseFaults(failing)
    faults.arm(At.STATEMENT, 1)

    outcome = await events_of(bench, failing, patience=60.0).handle(closed(48, SHORT_SESSION))

    assert faults.fired
    assert outcome == Ack()
    async with bench.database.read() as db:
        assert await generations.active(db, 48) is not None
    await failing.close()


@pytest.mark.parametrize("at", [At.STATEMENT, At.COMMIT])
async def test_an_event_that_fails_at_any_point_stores_nothing_and_is_taken_when_it_comes_again(
    bench: Bench, at: At
) -> None:
    failing = Database(bench.database.url)
    faults = DatabaseFaults(failing)
    outcome, number = None, 0
    while outcome != Ack():
        number += 1
        delivery = closed(45, SHORT_SESSION)
        faults.arm(at, number)
        outcome = await events_of(bench, failing).handle(delivery)
        faults.disarm()
        if outcome != Ack():
            assert isinstance(outcome, Retry)
            async with bench.database.read() as db:
                assert await sessions.find(db, 45) is None
                assert await generations.active(db, 45) is None
    assert number > 1
    assert await events_of(bench).handle(delivery) == Ack()
    async with bench.database.read() as db:
        assert len(await generations.totals(db)) == 1
        assert await generations.queue_length(db) == 1
    await failing.close()
