"""Sessions longer than the model's context: reduced while they go on, whatever becomes of the worker meanwhile."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

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
from models.engine.api import Branch, GenerationRequest
from models.engine.scripted import scripted_info
from models.transcript import Turn, render_transcript, render_turn
from server.db import generations
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
    """A script that remembers what the model was asked."""

    requests: list[GenerationRequest] = field(default_factory=list)

    def __call__(self, request: GenerationRequest, branch: Branch) -> str:
        if request not in self.requests:
            self.requests.append(request)
        return GOOD[branch.id]

    @property
    def note(self) -> GenerationRequest:
        return self.requests[0]


def prompt(request: GenerationRequest) -> str:
    return "".join(segment.text for segment in request.prefix)


def events_of(bench: Bench, worker: Worker) -> SessionEvents:
    return SessionEvents(bench.database, worker._serving, LIMITS, worker.wake, lambda _session_id: None)


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


async def test_a_long_session_is_in_the_engine_but_for_its_end_before_it_closes(bench: Bench) -> None:
    asked = Asked()
    worker = await bench.start_worker(asked, info=SMALL)
    events, session_id, turns = events_of(bench, worker), next(_ids), spoken(200)
    for begin in range(0, 200, 10):
        await say(events, session_id, turns[begin : begin + 10])
    await until(lambda: _idle(worker))

    await close(events, session_id)
    document = await document_of(bench, session_id)

    prefill = next(e.data for e in await bench.events(session_id) if e.event == "status" and e.data["prefill_total"])
    assert document["coverage"]["reduced"]
    assert prefill["prefill_done"] >= prefill["prefill_total"] - 20


async def test_the_note_says_which_turns_were_read_as_facts_and_its_prompt_holds_all_others(bench: Bench) -> None:
    asked = Asked()
    worker = await bench.start_worker(asked, info=SMALL)
    session_id, turns = next(_ids), spoken(200)

    await close(events_of(bench, worker), session_id, render_transcript(turns))
    reduced = (await document_of(bench, session_id))["coverage"]["reduced"]

    assert [part["first"] for part in reduced] == [0, *(part["last"] + 1 for part in reduced[:-1])]
    text = prompt(asked.note)
    for turn in turns:
        assert (f"\n{render_turn(turn)}\n" in text) == (turn.index > reduced[-1]["last"])
    facts = [line for line in text.splitlines() if line.startswith("Turn")]
    assert len(facts) == sum(part["facts"] for part in reduced)
    assert all(part["facts"] >= 1 for part in reduced)


async def test_a_session_that_fits_is_read_word_for_word_and_says_so(bench: Bench) -> None:
    asked = Asked()
    worker = await bench.start_worker(asked, info=SMALL)
    session_id, turns = next(_ids), spoken(20)

    await close(events_of(bench, worker), session_id, render_transcript(turns))

    assert (await document_of(bench, session_id))["coverage"]["reduced"] == []
    assert all(f"{render_turn(turn)}\n" in prompt(asked.note) for turn in turns)


@pytest.mark.parametrize("step", [1, 7, 150])
async def test_a_long_session_gives_the_same_prompt_live_in_any_steps_and_at_once(bench: Bench, step: int) -> None:
    asked = Asked()
    worker = await bench.start_worker(asked, info=SMALL)
    events, turns = events_of(bench, worker), spoken(150)
    live, at_once = next(_ids), next(_ids)

    for begin in range(0, 150, step):
        await say(events, live, turns[begin : begin + step])
    await close(events, live)
    assert (await document_of(bench, live))["coverage"]["reduced"]
    await close(events, at_once, render_transcript(turns))
    await document_of(bench, at_once)

    first, second = asked.requests
    assert first.prefix == second.prefix
    assert [branch.prime for branch in first.branches] == [branch.prime for branch in second.branches]


async def test_a_turn_that_comes_late_takes_its_place_in_the_prompt(bench: Bench) -> None:
    asked = Asked()
    worker = await bench.start_worker(asked, info=SMALL)
    events, turns = events_of(bench, worker), spoken(200)
    late, in_order = next(_ids), next(_ids)

    await say(events, late, [turn for turn in turns if turn.index != 3])
    await until(lambda: _idle(worker))
    await say(events, late, [turns[3]])
    await close(events, late)
    await document_of(bench, late)
    await say(events, in_order, turns)
    await close(events, in_order)
    await document_of(bench, in_order)

    assert asked.requests[0].prefix == asked.requests[1].prefix


async def test_a_worker_that_follows_a_dead_one_reads_the_session_as_that_did(bench: Bench) -> None:
    first, second = Asked(), Asked()
    worker = await bench.start_worker(first, info=SMALL, delay=0.05, name="gone", lease=1.0)
    session_id = next(_ids)
    await close(events_of(bench, worker), session_id, render_transcript(spoken(300)))
    await until(lambda: _some(first.requests))
    for task in [*worker._loops, *worker._tasks]:
        task.cancel()

    await bench.start_worker(second, info=SMALL, name="heir")
    await document_of(bench, session_id)

    assert second.note.prefix == first.note.prefix


async def test_a_turn_longer_than_a_window_is_read_in_pieces_and_its_end_stands_in_the_prompt(bench: Bench) -> None:
    asked = Asked()
    worker = await bench.start_worker(asked, info=SMALL)
    session_id = next(_ids)
    said = " ".join(f"On day {n} I walked to the lake number {n}." for n in range(700))

    await close(events_of(bench, worker), session_id, f"Therapist: Go on.\nPatient: {said}")
    coverage = (await document_of(bench, session_id))["coverage"]

    assert (coverage["reduced"][0]["first"], coverage["reduced"][-1]["last"]) == (0, 1)
    assert "On day 699 I walked to the lake number 699.\n" in prompt(asked.note)
    assert "Turn 1: " in prompt(asked.note)


async def test_a_word_longer_than_the_context_ends_in_a_note(bench: Bench) -> None:
    await _noted(bench, "Therapist: Go on.\nPatient: " + "x" * 60_000)


async def test_a_session_of_fifty_thousand_words_at_once_ends_in_a_note_that_covers_all_of_it(bench: Bench) -> None:
    turns = spoken(3600)
    transcript = render_transcript(turns)
    assert len(transcript.split()) > 50_000

    coverage = (await _noted(bench, transcript))["coverage"]

    assert coverage["turns"] == 3600
    assert sum(part["last"] - part["first"] + 1 for part in coverage["reduced"]) > 3500


async def test_a_context_too_small_for_any_reduction_ends_in_the_note_without_a_model(bench: Bench) -> None:
    worker = await bench.start_worker(Asked(), info=scripted_info(n_ctx=1500))
    session_id = next(_ids)

    await close(events_of(bench, worker), session_id, render_transcript(spoken(300)))

    assert (await document_of(bench, session_id))["fallback"] is True


async def test_a_worker_that_stops_reads_nothing_ahead_any_more(bench: Bench) -> None:
    worker = await bench.start_worker(Asked(), info=SMALL)
    events, session_id = events_of(bench, worker), next(_ids)
    await say(events, session_id, spoken(900))

    await asyncio.wait_for(worker.stop(0.0), 5)
    await say(events, session_id, spoken(10, begin=900))

    assert await _idle(worker)


async def _noted(bench: Bench, transcript: str) -> dict[str, Any]:
    worker = await bench.start_worker(Asked(), info=SMALL, lease=15.0)
    session_id = next(_ids)
    await close(events_of(bench, worker), session_id, transcript)
    document = await document_of(bench, session_id)
    assert document["fallback"] is False
    return document


async def _idle(worker: Worker) -> bool:
    return not worker._serving.current.live._following


async def _some(found: list[GenerationRequest]) -> bool:
    return bool(found)
