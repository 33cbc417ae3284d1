"""The overview of a patient: whose sessions it tells, that none is read twice, and that many are no trouble."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from server.clock import utc_now
from server.db.sessions import NewSession
from server.notes import digest
from server.sessions import intake
from tests.support.api import SCRIPT, SECRET, RunningApi, bearer_of, running_api
from tests.support.asgi import events_of
from tests.support.transcripts import SHORT_SESSION

FIRST = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What has been read so far for an overview: a note, or None for a transcript."""
    seen: list[Any] = []
    original = digest.digest_of

    def noticed(note: Any, turns: Any, formats: Any) -> Any:
        seen.append(note)
        return original(note, turns, formats)

    monkeypatch.setattr(digest, "digest_of", noticed)
    return seen


async def overview(api: RunningApi, **headers: str) -> dict[str, Any]:
    answer = await api.http.post("/summarize-sessions", json={"patient_id": 7}, headers=headers)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_a_session_that_has_not_changed_is_not_read_twice(tmp_path: Path, read: list[Any]) -> None:
    async with running_api(tmp_path) as api:
        by_hand = await api.create(notes="**Plan:** Call on Friday.")
        spoken = await api.create(original_transcription=SHORT_SESSION)
        first = await overview(api)
        assert len(read) == 2
        assert await overview(api) == first
        assert len(read) == 2

        await api.http.put(f"/sessions/{by_hand}/notes", json={"notes": "**Plan:** Call on Monday."})
        changed = await overview(api)
        assert [note.text for note in read[2:]] == ["**Plan:** Call on Monday."]
        assert "Call on Monday (session 1)." in changed["summary"]

        segments = [{"index": 50, "speaker": "client", "text": "One more thing: I was promoted at work."}]
        await api.http.post(f"/sessions/{spoken}/segments", json={"segments": segments})
        await overview(api)
        assert read[3:] == [None]


async def test_another_releases_digests_are_read_anew(
    tmp_path: Path, read: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_api(tmp_path) as api:
        await api.create(original_transcription=SHORT_SESSION)
        await overview(api)
        monkeypatch.setattr(digest, "VERSION", "another")
        await overview(api)

        assert len(read) == 2


async def test_it_tells_of_the_callers_sessions_only(tmp_path: Path) -> None:
    async with running_api(tmp_path, casenote_auth="jwt", auth_jwt_secret=SECRET) as api:
        for therapist, plan in (("1", "Call on Friday."), ("2", "Write a letter.")):
            body = {"patient_id": 7, "notes": f"**Plan:** {plan}"}
            assert (await api.http.post("/sessions/", json=body, headers=bearer_of(therapist))).status_code == 200
        # The first caller's reading is kept; it must not reach the second one.
        first, second = await overview(api, **bearer_of("1")), await overview(api, **bearer_of("2"))
        third = await overview(api, **bearer_of("3"))

        assert (first["session_count"], second["session_count"]) == (1, 1)
        assert "Call on Friday" in first["summary"]
        assert "Call on Friday" not in second["summary"]
        assert third == {"success": False, "message": "No sessions found for this patient"}


async def test_a_note_that_is_not_written_yet_is_told_from_the_transcript(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        await api.http.post(f"/sessions/{session_id}/close")
        body = await overview(api)

        assert body["session_count"] == 1
        assert "sleep" in body["summary"]
        assert body["key_points"]


async def test_generated_edited_and_signed_notes_are_told_as_they_are_now(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        ids = [await api.create(original_transcription=SHORT_SESSION) for _ in range(3)]
        for session_id in ids:
            assert (await api.http.post(f"/sessions/{session_id}/generate-notes")).status_code == 200
        await api.http.put(f"/sessions/{ids[2]}/notes", json={"sections": {"plan": "Call on Friday."}})
        await api.http.post(f"/sessions/{ids[1]}/notes/sign")
        await api.http.post(f"/sessions/{ids[1]}/notes/addenda", json={"text": "The exam was passed."})
        summary = (await overview(api))["summary"]

        assert "**Plan:** Call on Friday (session 3)." in summary
        assert "sleep diary" in summary.split("**Plan:**")[1]
        assert "The exam was passed (session 2)." in summary


async def test_a_database_that_keeps_nothing_new_still_gives_the_overview(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        await api.create(original_transcription=SHORT_SESSION)
        async with api.parts.database.write() as db:
            await db.execute(
                text("CREATE TRIGGER full BEFORE INSERT ON digests BEGIN SELECT RAISE(ABORT, 'disk full'); END")
            )

        assert (await overview(api))["success"] is True


async def test_a_stream_that_cannot_go_on_ends_with_a_problem(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        await api.create(original_transcription=SHORT_SESSION)
        async with api.parts.database.write() as db:
            await db.execute(text("DROP TABLE digests"))
        asked = {"patient_id": 7}
        whole = await api.http.post("/summarize-sessions", json=asked)
        stream = await api.http.post("/summarize-sessions", json=asked, headers={"Accept": "text/event-stream"})

        assert whole.status_code == 503
        assert events_of(stream.text)[-1] == ("error", whole.json())


async def test_200_sessions_are_read_once_and_told_in_few_words(tmp_path: Path, read: list[Any]) -> None:
    async with running_api(tmp_path) as api:
        async with api.parts.database.write() as db:
            for number in range(200):
                said = f"Patient: In week {number} I thought of suicide and then called my brother, and we talked.\n"
                new = NewSession(7, original_transcription=said * 3, session_date=FIRST + timedelta(days=7 * number))
                await intake.create(db, new, api.parts.limits, utc_now())
        answer = await api.http.post(
            "/summarize-sessions", json={"patient_id": 7}, headers={"Accept": "text/event-stream"}
        )
        events = events_of(answer.text)
        body = await overview(api)

        assert len(read) == 200
        assert events[-1] == ("summary", body)
        told = [data["prefill_done"] for name, data in events if name == "status"]
        assert told == list(range(0, 200, 10))
        assert body["session_count"] == 200
        assert len(body["key_points"]) <= 5
        assert len(body["summary"].split()) < 600
        assert re.search(r"\*\*Latest Session:\*\* .*\(session 200\)", body["summary"])
