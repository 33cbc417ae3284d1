"""Property 14: the same session gives the same prompt, whether it came by REST, by one event, or by live segments."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from events.broker import Delivery
from events.contracts import CLOSED_TYPE, ClosedData, closed_subject, encode_event, new_event
from events.outcome import Ack
from events.wake import WAKE_WORKER
from models.engine.api import GenerationRequest
from models.segments import Segment
from models.transcript import Turn, render_transcript
from server.worker.ahead import LiveReading
from server.worker.handling import SessionEvents
from server.worker.reading import Reader
from tests.support.api import RunningApi, eventually
from tests.support.models import ObedientEngine, Run

SPEAKERS = st.sampled_from(["therapist", "client", "Dr. Lee", "Speaker 2", "Patient", "mother"])
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=60)
FIRST = "Three nights in a row I lay awake until four and thought about the exam."
SPOKEN = st.lists(st.tuples(SPEAKERS, WORDS | st.just("Therapist: he said: go.") | st.just(" \n ")), max_size=8)
# Far apart: the database numbers its own sessions after the highest id.
IDS = itertools.count(1_000_000, 10_000)


def session_of(spoken: Sequence[tuple[str, str]]) -> list[Turn]:
    return [Turn(index, speaker, words) for index, (speaker, words) in enumerate([("client", FIRST), *spoken])]


async def by_rest(api: RunningApi, turns: list[Turn]) -> int:
    session_id = await api.create(original_transcription=render_transcript(turns))
    assert (await api.http.post(f"/sessions/{session_id}/generate-notes")).status_code == 200
    return session_id


async def by_segments(api: RunningApi, turns: list[Turn], cut: int) -> int:
    """Live: in two batches, the later turns first."""
    session_id = await api.create()
    for batch in (turns[cut:], turns[:cut]):
        if batch:
            segments = [{"index": t.index, "speaker": t.speaker, "text": t.text} for t in batch]
            answer = await api.http.post(f"/sessions/{session_id}/segments", json={"segments": segments})
            assert answer.status_code in (200, 201), answer.text
    await api.http.post(f"/sessions/{session_id}/close")
    return session_id


async def by_event(api: RunningApi, engine: ObedientEngine, turns: list[Turn]) -> int:
    """One event that brings all, for a session that nobody spoke of before."""
    session_id = next(IDS)
    data = ClosedData(
        session_id=session_id, patient_id=7, transcript=render_transcript(turns), closed_at=datetime.now(UTC)
    )
    event = new_event(CLOSED_TYPE, data, source="/clinic", subject=str(session_id))
    payload, headers = encode_event(event)
    live = LiveReading(engine, Reader(engine))
    events = SessionEvents(
        api.parts.database, live, api.parts.limits, lambda: api.parts.broker.notify(WAKE_WORKER), lambda _id: None
    )
    assert await events.handle(Delivery(closed_subject(session_id), payload, headers, 1, 1)) == Ack()
    return session_id


async def prompt_of(
    api: RunningApi, engine: ObedientEngine, session_id: int
) -> tuple[tuple[Segment, ...], list[tuple[Segment, ...]]]:
    """What the model was asked for a session: the prefix, and how each section begins."""

    async def done() -> bool:
        return (await api.http.get(f"/sessions/{session_id}/notes")).status_code == 200

    await eventually(done)
    request: GenerationRequest = next(one for one in engine.asked if one.session == f"session-{session_id}")
    return request.prefix, [branch.prime for branch in request.branches]


@given(spoken=SPOKEN, cut=st.integers(0, 9))
def test_every_way_in_gives_the_same_prompt(run: Run, spoken: list[tuple[str, str]], cut: int) -> None:
    async def example(api: RunningApi, engine: ObedientEngine) -> None:
        engine.asked, engine.fails, engine.says = [], False, {}
        turns = session_of(spoken)
        ids = [await by_rest(api, turns), await by_segments(api, turns, cut), await by_event(api, engine, turns)]
        rest, live, event = [await prompt_of(api, engine, session_id) for session_id in ids]

        assert live == rest
        assert event == rest

    run(example)
