"""Contract 3.2: sessions that are spoken segment by segment, closed and listed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from server.clock import utc_now
from server.db import generations
from server.db.outbox import DatabaseOutbox
from tests.support.api import SCRIPT, RunningApi, eventually, running_api
from tests.support.transcripts import SHORT_SESSION

TURNS = [
    {"index": 0, "speaker": "therapist", "text": "How was your week?", "start": 0.5},
    {"index": 1, "speaker": "client", "text": "I could not sleep, three nights in a row, because of the exam."},
]


async def events_of(api: RunningApi) -> list[dict[str, Any]]:
    waiting = await DatabaseOutbox(api.parts.database).unpublished(100)
    return [json.loads(message.payload) for message in waiting]


async def test_segments_are_appended_and_announced(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        answer = await api.http.post(f"/sessions/{session_id}/segments", json={"segments": TURNS})

        assert (answer.status_code, answer.json()) == (201, {"added": 2, "turns": 2})
        turns = (await api.http.get(f"/sessions/{session_id}/turns")).json()
        assert turns == {"session_id": session_id, "status": "live", "turns": [TURNS[0], {**TURNS[1], "start": None}]}
        [event] = await events_of(api)
        assert event["type"] == "casenote.session.segment.v1"
        assert [segment["index"] for segment in event["data"]["segments"]] == [0, 1]


async def test_a_whole_number_is_an_index_however_it_is_written(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        path = f"/sessions/{session_id}/segments"
        whole = await api.http.post(path, json={"segments": [{**TURNS[0], "index": 3.0}]})
        again = await api.http.post(path, json={"segments": [{**TURNS[0], "index": 3}]})
        parts = await api.http.post(path, json={"segments": [{**TURNS[0], "index": 3.5}]})

        assert (whole.status_code, again.status_code, parts.status_code) == (201, 200, 422)
        [event] = await events_of(api)
        assert event["data"]["segments"][0]["index"] == 3


async def test_the_same_segment_twice_is_a_no_op(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        await api.http.post(f"/sessions/{session_id}/segments", json={"segments": TURNS})
        again = await api.http.post(f"/sessions/{session_id}/segments", json={"segments": TURNS})

        assert (again.status_code, again.json()) == (200, {"added": 0, "turns": 2})
        assert len(await events_of(api)) == 1


async def test_the_same_words_twice_in_one_call_are_one_turn_whenever_they_began(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        twice = [TURNS[0], {**TURNS[0], "start": 7.5}]
        answer = await api.http.post(f"/sessions/{session_id}/segments", json={"segments": twice})

        assert (answer.status_code, answer.json()) == (201, {"added": 1, "turns": 1})


@pytest.mark.parametrize("text", ["Something else.", "   "])
async def test_another_text_for_a_stored_index_is_a_conflict(tmp_path: Path, text: str) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        await api.http.post(f"/sessions/{session_id}/segments", json={"segments": TURNS})
        other = {**TURNS[0], "text": text}
        answer = await api.http.post(f"/sessions/{session_id}/segments", json={"segments": [other]})

        assert answer.status_code == 409
        assert answer.json()["index"] == 0
        assert "Something else" not in answer.text


async def test_many_long_segments_become_several_events(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        segments = [{"index": i, "speaker": "client", "text": f"{i} " + "word " * 3000} for i in range(20)]
        answer = await api.http.post(f"/sessions/{session_id}/segments", json={"segments": segments})

        assert answer.json() == {"added": 20, "turns": 20}
        events = await events_of(api)
        assert len(events) > 1
        assert [s["index"] for event in events for s in event["data"]["segments"]] == list(range(20))


async def test_a_closed_session_takes_no_more_segments(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        await api.http.post(f"/sessions/{session_id}/segments", json={"segments": TURNS})
        await api.http.post(f"/sessions/{session_id}/close")
        known = await api.http.post(f"/sessions/{session_id}/segments", json={"segments": TURNS})
        new = await api.http.post(f"/sessions/{session_id}/segments", json={"segments": [{**TURNS[0], "index": 2}]})

        assert (known.status_code, new.status_code) == (200, 409)


async def test_closing_points_at_the_stream_and_announces_it_once(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        answers = [await api.http.post(f"/sessions/{session_id}/close") for _ in range(2)]

        for answer in answers:
            assert answer.status_code == 202
            assert answer.headers["location"] == f"/sessions/{session_id}/notes/stream"
            assert answer.json() == {
                "session_id": session_id,
                "status": "closed",
                "stream": f"/sessions/{session_id}/notes/stream",
            }
        assert [event["type"] for event in await events_of(api)] == ["casenote.session.closed.v1"]


async def test_a_closed_session_gets_its_note(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await api.create()
        for turn in TURNS:
            await api.http.post(f"/sessions/{session_id}/segments", json={"segments": [turn]})
        await api.http.post(f"/sessions/{session_id}/close")

        async def note() -> dict[str, Any] | None:
            answer = await api.http.get(f"/sessions/{session_id}/notes")
            return answer.json() if answer.status_code == 200 else None

        document = await eventually(note)
        assert document["coverage"]["turns"] == 2
        assert document["status"] == "draft"


async def test_a_session_whose_note_was_cancelled_while_it_went_on_gets_one_at_its_end(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        async with api.parts.database.write() as db:
            row = await generations.add(db, session_id, "generated", {}, utc_now())
            generations.finish(row, "cancelled", utc_now(), error="cancelled")
        await api.http.post(f"/sessions/{session_id}/close")

        answer = await api.http.get(f"/sessions/{session_id}/notes/stream")
        assert "event: note" in answer.text


async def test_a_note_without_words_is_no_note_when_the_session_ends(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        assert (await api.http.put(f"/sessions/{session_id}/notes", json={"notes": ""})).status_code == 200
        await api.http.post(f"/sessions/{session_id}/close")

        async def written() -> bool:
            text: str = (await api.http.get(f"/sessions/{session_id}/notes")).json()["text"]
            return text.startswith("**Chief Complaint:**")

        assert await eventually(written)


async def test_the_list_goes_on_where_it_stopped(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        ids = [await api.create(patient_id=n) for n in range(1, 8)]
        seen: list[int] = []
        cursor = None
        while True:
            params = {"limit": 3, **({"cursor": cursor} if cursor else {})}
            page = (await api.http.get("/sessions", params=params)).json()
            seen += [entry["id"] for entry in page["sessions"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break

        assert seen == ids[::-1]


async def pages(api: RunningApi, **query: str) -> AsyncIterator[list[int]]:
    """The ids of each page of three."""
    cursor: str | None = None
    while True:
        params = {"limit": "3", **query, **({"cursor": cursor} if cursor else {})}
        page = (await api.http.get("/sessions", params=params)).json()
        yield [entry["id"] for entry in page["sessions"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return


async def test_each_session_is_listed_once_while_sessions_change(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        ids = [await api.create() for _ in range(10)]
        seen: list[int] = []
        async for page in pages(api):
            seen += page
            # One that was listed, one that was not yet, and a new one.
            for changed in (ids[-1], ids[0], await api.create()):
                await api.http.put(f"/sessions/{changed}/notes", json={"notes": f"after {len(seen)}"})

        assert seen == ids[::-1]


async def test_parameters_without_a_value_are_as_left_out(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        answer = await api.http.get("/sessions?status=&patient_id=&limit=&cursor=")

        assert answer.status_code == 200
        assert [entry["id"] for entry in answer.json()["sessions"]] == [session_id]


async def test_the_list_by_change_begins_with_what_changed_last(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        ids = [await api.create() for _ in range(4)]
        await api.http.put(f"/sessions/{ids[1]}/notes", json={"notes": "By hand."})

        listed = [page async for page in pages(api, order="changed")]

        assert listed == [[ids[1], ids[3], ids[2]], [ids[0]]]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("live", {"a"}),
        ("closed", {"b", "c"}),
        ("failed", {"b"}),
        ("signed", {"c"}),
        ("draft", set()),
        ("edited", set()),
    ],
)
async def test_the_list_filters_by_status(tmp_path: Path, status: str, expected: set[str]) -> None:
    async with running_api(tmp_path) as api:
        ids = {"a": await api.create(), "b": await api.create(), "c": await api.create(notes="By hand.")}
        await api.http.post(f"/sessions/{ids['b']}/close")
        await api.http.post(f"/sessions/{ids['c']}/close")
        await api.http.post(f"/sessions/{ids['c']}/notes/sign")
        page = (await api.http.get("/sessions", params={"status": status})).json()

        assert {entry["id"] for entry in page["sessions"]} == {ids[name] for name in expected}


async def test_the_list_filters_by_patient(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        mine = await api.create(patient_id=1)
        await api.create(patient_id=2)
        page = (await api.http.get("/sessions?patient_id=1")).json()

        assert [entry["id"] for entry in page["sessions"]] == [mine]
        assert page["sessions"][0].keys() >= {"id", "patient_id", "status", "turns", "note_version", "updated_at"}


async def test_the_list_holds_no_text_of_a_session(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        await api.create(original_transcription="Patient: A secret.", notes="Another secret.")
        assert "secret" not in (await api.http.get("/sessions")).text


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=1000", "status=unknown", "patient_id=x", "cursor=abc"])
async def test_a_wrong_query_is_named(tmp_path: Path, query: str) -> None:
    async with running_api(tmp_path) as api:
        answer = await api.http.get(f"/sessions?{query}")

        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == query.partition("=")[0]
