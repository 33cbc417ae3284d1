"""A session far longer than the model's context, through the whole service with the embedded model."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from models.transcript import Turn, render_transcript
from tests.support.clinic import Clinic
from tests.support.rounds import rounds
from tests.support.service import Service, eventually
from tests.support.stream import read_stream, shown
from tests.support.transcripts import sample_turns

WORDS = rounds(5_000, 50_000)
_ids = itertools.count(9_000_000, -1)


def long_session(words: int) -> list[Turn]:
    """The samples again and again, each time told of another week."""
    names = ("safety-plan", "sleep-after-layoff", "panic-on-the-train")
    said = ((week, turn) for week in itertools.count(1) for name in names for turn in sample_turns(name))
    turns: list[Turn] = []
    spoken = 0
    for week, turn in said:
        turns.append(Turn(len(turns), turn.speaker, f"{turn.text} That was in week {week}."))
        spoken += len(turns[-1].text.split())
        if spoken >= words:
            return turns
    return turns


def test_a_session_of_very_many_words_in_one_event_becomes_a_note_that_covers_it(service: Service) -> None:
    session_id, turns = next(_ids), long_session(WORDS)

    async def send() -> None:
        async with Clinic(service.clinic_url) as clinic:
            await clinic.close_session(session_id, render_transcript(turns), event_id=f"long-{session_id}")

    asyncio.run(send())

    _check(service, session_id, turns)


@pytest.mark.slow
def test_a_session_of_very_many_words_said_live_becomes_a_note_that_covers_it(service: Service) -> None:
    session_id, turns = next(_ids), long_session(WORDS)

    async def say() -> None:
        async with Clinic(service.clinic_url) as clinic:
            for begin in range(0, len(turns), 50):
                await clinic.say(session_id, turns[begin : begin + 50], event_id=f"long-{session_id}-{begin}")

    asyncio.run(say())
    eventually(lambda: _turns(service, session_id) == len(turns), within=300, what="all that was said")
    service.close(session_id)

    _check(service, session_id, turns)


def _check(service: Service, session_id: int, turns: list[Turn]) -> None:
    events = read_stream(service.base, session_id, wait=300)
    note = shown(events).note
    assert note is not None
    assert note["fallback"] is False
    coverage = note["coverage"]
    assert coverage["turns"] == len(turns)
    assert [part["first"] for part in coverage["reduced"]] == [0, *(p["last"] + 1 for p in coverage["reduced"][:-1])]
    assert all(part["facts"] >= 1 for part in coverage["reduced"])
    reading = [event.data for event in events if event.event == "status" and event.data["state"] == "prefill"]
    assert [status["prefill_done"] for status in reading] == sorted(status["prefill_done"] for status in reading)
    assert all(status["prefill_done"] <= status["prefill_total"] for status in reading)


def _turns(service: Service, session_id: int) -> int:
    answer = service.http.get(f"/sessions/{session_id}/turns")
    return len(answer.json()["turns"]) if answer.status_code == 200 else 0
