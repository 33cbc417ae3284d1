"""Sessions longer than the model's context: reduced while they go on, whatever becomes of the worker meanwhile."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from events.broker import Delivery
from events.contracts import (
    CLOSED_TYPE,
    SEGMENT_TYPE,
    ClosedData,
    SegmentData,
    closed_subject,
    encode_event,
    new_event,
    segment_subject,
)
from events.outcome import Ack
from models.engine.api import Branch, EngineFailure, GenerationRequest, Priority
from models.engine.scripted import scripted_info
from models.transcript import Turn, render_transcript, render_turn
from server.db import generations
from server.db.tables import ReductionRow
from server.worker.handling import SessionEvents
from server.worker.worker import Worker
from tests.integration.worker.conftest import GOOD, LIMITS, Bench, until

SMALL = scripted_info(n_ctx=2400)
_ids = itertools.count(10_000_000, -1)


def spoken(count: int, begin: int = 0) -> list[Turn]:
    """Turns that differ from each other, a therapist's and a client's by turns."""
    said = (
        "Tell me what happened on day {n} when you went to the lake before work.",
        "On day {n} I walked to the lake, counted {n} boats, and felt calmer than before.",
    )
    return [Turn(n, ("therapist", "client")[n % 2], said[n % 2].format(n=n)) for n in range(begin, begin + count)]


@dataclass
class Asked:
    """A script that remembers what the model was asked. ``fails`` are windows, counted from 0, that get no text."""

    requests: list[GenerationRequest] = field(default_factory=list)

    def __call__(self, request: GenerationRequest, branch: Branch) -> str:
        if request not in self.requests:
            self.requests.append(request)
        return GOOD.get(branch.id) or " Patient walked to the lake on many days and felt calmer than before."

    @property
    def windows(self) -> list[GenerationRequest]:
        return [request for request in self.requests if request.branches[0].id == "window"]

    @property
    def note(self) -> GenerationRequest:
        return next(request for request in self.requests if request.branches[0].id != "window")


def prompt(request: GenerationRequest) -> str:
    return "".join(segment.text for segment in request.prefix)


def events_of(bench: Bench, worker: Worker) -> SessionEvents:
    return SessionEvents(bench.database, worker.live, LIMITS, worker.wake, lambda _session_id: None)


async def say(events: SessionEvents, session_id: int, turns: Sequence[Turn]) -> None:
    segments = [{"index": turn.index, "speaker": turn.speaker, "text": turn.text} for turn in turns]
    data = SegmentData.model_validate({"session_id": session_id, "patient_id": 7, "segments": segments})
    await _handle(events, segment_subject(session_id), SEGMENT_TYPE, data)


async def close(events: SessionEvents, session_id: int, transcript: str | None = None) -> None:
    data = ClosedData(session_id=session_id, patient_id=7, transcript=transcript, closed_at=datetime.now(UTC))
    await _handle(events, closed_subject(session_id), CLOSED_TYPE, data)


async def _handle(events: SessionEvents, subject: str, kind: str, data: Any) -> None:
    event = new_event(kind, data, source="/clinic", subject=str(data.session_id))
    payload, headers = encode_event(event)
    assert await events.handle(Delivery(subject, payload, headers, 1, 1)) == Ack()


async def reductions(bench: Bench, session_id: int) -> int:
    query = select(func.count()).where(ReductionRow.session_id == session_id)
    async with bench.database.read() as db:
        return (await db.execute(query)).scalar_one()


async def generation_of(bench: Bench, session_id: int) -> str:
    async def look() -> str | None:
        async with bench.database.read() as db:
            row = await generations.latest(db, session_id)
        return row.id if row else None

    return await until(look)


async def document_of(bench: Bench, session_id: int) -> dict[str, Any]:
    await bench.ended(await generation_of(bench, session_id), within=240)
    last = (await bench.events(session_id))[-1]
    assert last.event == "note", last.data
    return last.data


async def test_full_windows_are_reduced_while_the_session_goes_on_and_only_the_tail_is_left(bench: Bench) -> None:
    asked = Asked()
    worker = await bench.start_worker(asked, info=SMALL)
    events, session_id, turns = events_of(bench, worker), next(_ids), spoken(150)

    for begin in range(0, 150, 10):
        await say(events, session_id, turns[begin : begin + 10])
    await until(lambda: _idle(worker))
    ahead = len(asked.requests)
    await close(events, session_id)
    document = await document_of(bench, session_id)

    assert ahead == len(asked.windows) == await reductions(bench, session_id) > 1
    assert {request.priority for request in asked.windows} == {Priority.BACKFILL}
    assert asked.note.priority is Priority.WAITING
    assert document["fallback"] is False


async def test_the_note_says_which_turns_were_read_as_facts_and_its_prompt_holds_all_others(bench: Bench) -> None:
    asked = Asked()
    worker = await bench.start_worker(asked, info=SMALL)
    session_id, turns = next(_ids), spoken(150)

    await close(events_of(bench, worker), session_id, render_transcript(turns))
    reduced = (await document_of(bench, session_id))["coverage"]["reduced"]

    assert [part["first"] for part in reduced] == [0, *(part["last"] + 1 for part in reduced[:-1])]
    assert all(part["facts"] >= 1 for part in reduced)
    text = prompt(asked.note)
    for turn in turns:
        assert (f"\n{render_turn(turn)}\n" in text) == (turn.index > reduced[-1]["last"])
    seen = "".join(prompt(request) for request in asked.requests)
    assert all(f"{render_turn(turn)}\n" in seen for turn in turns)


async def test_a_session_that_fits_is_read_word_for_word_and_says_so(bench: Bench) -> None:
    asked = Asked()
    worker = await bench.start_worker(asked, info=SMALL)
    session_id, turns = next(_ids), spoken(20)

    await close(events_of(bench, worker), session_id, render_transcript(turns))

    assert (await document_of(bench, session_id))["coverage"]["reduced"] == []
    assert asked.windows == []


@pytest.mark.parametrize("step", [1, 7, 150])
async def test_a_long_session_gives_the_same_prompts_live_in_any_steps_and_at_once(bench: Bench, step: int) -> None:
    asked = Asked()
    worker = await bench.start_worker(asked, info=SMALL)
    events, turns = events_of(bench, worker), spoken(150)
    live, at_once = next(_ids), next(_ids)

    for begin in range(0, 150, step):
        await say(events, live, turns[begin : begin + step])
    await close(events, live)
    await document_of(bench, live)
    of_live, asked.requests = asked.requests, []
    await close(events, at_once, render_transcript(turns))
    await document_of(bench, at_once)

    prompts = [
        {(request.prefix, tuple(branch.prime for branch in request.branches)) for request in requests}
        for requests in (of_live, asked.requests)
    ]
    assert prompts[0] == prompts[1]


async def test_a_turn_that_comes_late_renews_only_the_windows_from_its_place_on(bench: Bench) -> None:
    asked = Asked()
    worker = await bench.start_worker(asked, info=SMALL)
    events, session_id, turns = events_of(bench, worker), next(_ids), spoken(200)
    late = 120

    await say(events, session_id, [turn for turn in turns if turn.index != late])
    await until(lambda: _idle(worker))
    before, asked.requests = asked.windows, []
    await say(events, session_id, [turns[late]])
    await close(events, session_id)
    await document_of(bench, session_id)

    untouched = {request.prefix for request in before if f"day {late + 1} " not in prompt(request)}
    again = {request.prefix for request in asked.windows}
    assert untouched
    assert not untouched & again
    assert sum(f"{render_turn(turns[late])}\n" in prompt(request) for request in asked.requests) == 1


async def test_a_close_while_a_window_is_being_read_does_not_wait_for_those_nobody_watches(bench: Bench) -> None:
    asked = Asked()
    worker = await bench.start_worker(asked, info=SMALL, delay=0.01)
    events, session_id = events_of(bench, worker), next(_ids)

    await say(events, session_id, spoken(300))
    await until(lambda: _some(asked.requests))
    await close(events, session_id)
    document = await document_of(bench, session_id)

    assert document["coverage"]["turns"] == 300
    assert Priority.WAITING in {request.priority for request in asked.windows}
    assert len({request.prefix for request in asked.windows}) == await reductions(bench, session_id)


async def test_a_worker_that_follows_a_dead_one_goes_on_from_the_windows_it_reduced(bench: Bench) -> None:
    first, second = Asked(), Asked()
    worker = await bench.start_worker(first, info=SMALL, delay=0.003, name="gone", lease=1.0)
    session_id = next(_ids)
    await close(events_of(bench, worker), session_id, render_transcript(spoken(300)))
    await until(lambda: reductions(bench, session_id))
    for task in [*worker._loops, *worker._tasks]:
        task.cancel()
    await until(lambda: _some(first.windows))
    reduced = await reductions(bench, session_id)

    await bench.start_worker(second, info=SMALL, name="heir")
    document = await document_of(bench, session_id)

    assert len(document["coverage"]["reduced"]) == reduced + len(second.windows)
    assert not {r.prefix for r in second.windows} & {r.prefix for r in first.windows[:reduced]}


async def test_a_turn_longer_than_a_window_is_read_in_pieces_and_nothing_of_it_is_left_out(bench: Bench) -> None:
    asked = Asked()
    worker = await bench.start_worker(asked, info=SMALL)
    session_id = next(_ids)
    words = [f"word{n}" for n in range(5000)]

    await close(events_of(bench, worker), session_id, "Therapist: Go on.\nPatient: " + " ".join(words))
    document = await document_of(bench, session_id)

    seen = set(" ".join(prompt(request) for request in asked.requests).split())
    assert set(words) <= seen
    assert (document["coverage"]["reduced"][0]["first"], document["coverage"]["reduced"][-1]["last"]) == (0, 1)


async def test_a_window_that_the_model_fails_on_is_told_in_its_own_words_and_tried_again_the_next_time(
    bench: Bench,
) -> None:
    worker = await bench.start_worker(Asked(), info=SMALL, failures={1: EngineFailure.DECODE})
    session_id = next(_ids)

    await close(events_of(bench, worker), session_id, render_transcript(spoken(150)))
    document = await document_of(bench, session_id)

    assert document["fallback"] is False
    assert document["coverage"]["reduced"][0]["facts"] >= 1
    assert await reductions(bench, session_id) == len(document["coverage"]["reduced"]) - 1


async def test_cancelling_ends_the_reading_of_a_long_session_at_once(bench: Bench) -> None:
    asked = Asked()
    worker = await bench.start_worker(asked, info=SMALL, delay=0.05)
    session_id = next(_ids)
    await close(events_of(bench, worker), session_id, render_transcript(spoken(2000)))
    generation_id = await generation_of(bench, session_id)
    await until(lambda: _some(asked.requests))

    async with bench.database.write() as db:
        row = await generations.find(db, generation_id)
        assert row is not None
        row.cancel_requested = True
    bench.broker.notify("casenote.cancel", generation_id.encode())

    assert (await bench.ended(generation_id)).state == "cancelled"
    assert await bench.note(session_id) is None


async def test_the_stream_tells_how_far_the_reading_is_in_tokens_that_only_grow(bench: Bench) -> None:
    worker = await bench.start_worker(Asked(), info=SMALL, delay=0.02)
    session_id = next(_ids)
    await close(events_of(bench, worker), session_id, render_transcript(spoken(300)))
    await document_of(bench, session_id)

    told = [event.data for event in await bench.events(session_id) if event.event == "status"]
    reading = [status for status in told if status["state"] == "prefill"]
    done = [status["prefill_done"] for status in reading]
    assert len(set(done)) > 3
    assert done == sorted(done)
    assert all(0 <= status["prefill_done"] <= status["prefill_total"] for status in reading)
    assert any(status["eta_seconds"] for status in reading)


async def test_a_context_too_small_for_any_reduction_ends_in_the_note_without_a_model(bench: Bench) -> None:
    worker = await bench.start_worker(Asked(), info=scripted_info(n_ctx=1500))
    session_id = next(_ids)

    await close(events_of(bench, worker), session_id, render_transcript(spoken(300)))

    assert (await document_of(bench, session_id))["fallback"] is True


async def test_a_worker_that_stops_ends_what_it_reads_ahead(bench: Bench) -> None:
    asked = Asked()
    worker = await bench.start_worker(asked, info=SMALL, delay=0.05)
    await say(events_of(bench, worker), next(_ids), spoken(900))
    await until(lambda: _some(asked.requests))

    await asyncio.wait_for(worker.stop(0.0), 5)

    assert await _idle(worker)


async def _idle(worker: Worker) -> bool:
    return not worker.live._following


async def _some(found: list[GenerationRequest]) -> bool:
    return bool(found)
