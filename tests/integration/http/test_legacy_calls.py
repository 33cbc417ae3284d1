"""Contract 3.1: the calls of clients that cannot change, by their exact members, codes and texts."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from models.engine.api import EngineFailure
from models.engine.scripted import ScriptedEngine
from server.clock import utc_now
from server.db import generations
from server.http.calls import generate
from tests.support.api import SCRIPT, running_api
from tests.support.transcripts import SHORT_SESSION

SESSION_MEMBERS = {
    "id", "patient_id", "session_number", "session_date", "duration", "language", "original_transcription",
    "translated_transcription", "translation_language", "audio_file_path", "audio_file_size", "notes", "diagnosis",
    "treatment_plan", "is_completed", "created_at", "updated_at", "notes_metadata",
}  # fmt: skip
METADATA_MEMBERS = {"is_ai_generated", "edited_from_ai", "generated_at", "last_edited_at"}
HEADINGS = ["Chief Complaint", "Emotional State", "Risk", "Intervention", "Progress", "Plan"]
OVERVIEW = [
    "Latest Session", "Chief Complaint", "Emotional State", "Risk Assessment", "Intervention", "Progress", "Plan",
]  # fmt: skip


def headings_of(text: str) -> list[str]:
    return [line[2:].partition(":**")[0] for line in text.splitlines() if line.startswith("**")]


async def test_creating_a_session_answers_it_whole(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        body = {
            "patient_id": 7,
            "language": "english",
            "duration": 3000,
            "original_transcription": SHORT_SESSION,
            "notes": None,
        }
        answer = await api.http.post("/sessions/", json=body)

        assert answer.status_code == 200
        assert answer.json().keys() == {"success", "message", "session"}
        assert answer.json()["success"] is True
        assert answer.json()["message"] == "Session created successfully"
        session = answer.json()["session"]
        assert session.keys() == SESSION_MEMBERS
        assert session["notes_metadata"].keys() == METADATA_MEMBERS
        assert (session["patient_id"], session["session_number"], session["duration"]) == (7, 1, 3000)
        assert (session["language"], session["notes"], session["is_completed"]) == ("english", None, False)
        assert session["original_transcription"] == SHORT_SESSION
        for member in ("session_date", "created_at", "updated_at"):
            assert datetime.fromisoformat(session[member]).tzinfo is not None


@pytest.mark.parametrize("path", ["/sessions", "/sessions/"])
async def test_a_session_can_be_created_with_and_without_the_last_slash(tmp_path: Path, path: str) -> None:
    async with running_api(tmp_path) as api:
        assert (await api.http.post(path, json={"patient_id": 1})).status_code == 200


async def test_sessions_are_numbered_for_each_patient(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        numbers = []
        for patient in (7, 7, 8, 7):
            answer = await api.http.post("/sessions/", json={"patient_id": patient})
            numbers.append(answer.json()["session"]["session_number"])

        assert numbers == [1, 2, 1, 3]


async def test_a_session_is_read_as_it_was_created(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        created = await api.http.post("/sessions/", json={"patient_id": 7, "original_transcription": SHORT_SESSION})
        read = await api.http.get(f"/sessions/{created.json()['session']['id']}")

        assert read.json() == {"success": True, "session": created.json()["session"]}


async def test_a_patients_sessions_come_newest_first(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        ids = [await api.create(session_date=f"2026-03-0{day}T10:00:00") for day in (2, 3, 1)]
        await api.create(patient_id=8)
        answer = (await api.http.get("/sessions/patient/7")).json()

        assert answer.keys() == {"success", "count", "sessions"}
        assert (answer["success"], answer["count"]) == (True, 3)
        assert [session["id"] for session in answer["sessions"]] == [ids[1], ids[0], ids[2]]
        assert all(session.keys() == SESSION_MEMBERS for session in answer["sessions"])


async def test_a_patient_without_sessions_has_an_empty_list(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        assert (await api.http.get("/sessions/patient/99")).json() == {"success": True, "count": 0, "sessions": []}


async def test_notes_given_with_a_session_are_a_persons(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create(notes="Written by hand.")
        session = (await api.http.get(f"/sessions/{session_id}")).json()["session"]

        assert session["notes"] == "Written by hand."
        assert session["notes_metadata"]["is_ai_generated"] is False
        assert session["notes_metadata"]["edited_from_ai"] is False
        assert session["notes_metadata"]["generated_at"] is None


async def test_generating_notes_waits_for_them(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        answer = await api.http.post(f"/sessions/{session_id}/generate-notes", json={"regenerate": False})

        assert answer.status_code == 200
        body = answer.json()
        assert body.keys() == {"success", "session_id", "generated_notes", "can_edit", "inference_time"}
        assert (body["success"], body["session_id"], body["can_edit"]) == (True, session_id, True)
        assert headings_of(body["generated_notes"]) == HEADINGS
        assert isinstance(body["inference_time"], float)
        assert body["inference_time"] > 0
        session = (await api.http.get(f"/sessions/{session_id}")).json()["session"]
        assert session["notes"] == body["generated_notes"]
        assert session["notes_metadata"]["is_ai_generated"] is True
        assert session["notes_metadata"]["edited_from_ai"] is False
        assert datetime.fromisoformat(session["notes_metadata"]["generated_at"])


@pytest.mark.parametrize("content", [None, b"", b"{}", b"  "])
async def test_generating_needs_no_body(tmp_path: Path, content: bytes | None) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        answer = await api.http.post(f"/sessions/{session_id}/generate-notes", content=content)

        assert answer.status_code == 200


async def test_generating_for_an_unknown_session_is_refused(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        answer = await api.http.post("/sessions/12345/generate-notes", json={})

        assert (answer.status_code, answer.json()["detail"]) == (404, "Session not found")


async def test_generating_over_notes_needs_regenerate(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION, notes="Mine.")
        refused = await api.http.post(f"/sessions/{session_id}/generate-notes", json={"regenerate": False})
        allowed = await api.http.post(f"/sessions/{session_id}/generate-notes", json={"regenerate": True})

        assert refused.status_code == 400
        assert refused.json()["detail"] == "Notes already exist. Set regenerate=true to overwrite."
        assert allowed.status_code == 200
        assert headings_of(allowed.json()["generated_notes"]) == HEADINGS


@pytest.mark.parametrize("text", [None, "", "Too short.", " " * 80, "x" * 49, "  " + "x" * 49 + "\n\n"])
async def test_a_short_transcription_makes_no_notes(tmp_path: Path, text: str | None) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await api.create(original_transcription=text)
        answer = await api.http.post(f"/sessions/{session_id}/generate-notes", json={})

        assert answer.status_code == 400
        assert answer.json()["detail"] == "Session transcription is too short for summarization"


async def test_fifty_characters_are_enough(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await api.create(original_transcription="  " + "x" * 50 + "\n")
        answer = await api.http.post(f"/sessions/{session_id}/generate-notes")

        assert answer.status_code == 200


async def test_without_model_and_without_fallback_it_is_503_and_nothing_changes(tmp_path: Path) -> None:
    engine = ScriptedEngine(SCRIPT, failures=dict.fromkeys(range(1, 9), EngineFailure.DECODE))
    async with running_api(tmp_path, engine=engine, allow_fallback=False) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        answer = await api.http.post(f"/sessions/{session_id}/generate-notes", json={})

        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert (await api.http.get(f"/sessions/{session_id}")).json()["session"]["notes"] is None


async def test_a_failed_regeneration_leaves_note_and_metadata(tmp_path: Path) -> None:
    engine = ScriptedEngine(SCRIPT, failures=dict.fromkeys(range(2, 9), EngineFailure.DECODE))
    async with running_api(tmp_path, engine=engine, allow_fallback=False) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        assert (await api.http.post(f"/sessions/{session_id}/generate-notes")).status_code == 200
        before = (await api.http.get(f"/sessions/{session_id}")).json()["session"]
        answer = await api.http.post(f"/sessions/{session_id}/generate-notes", json={"regenerate": True})
        after = (await api.http.get(f"/sessions/{session_id}")).json()["session"]

        assert answer.status_code == 503
        assert (after["notes"], after["notes_metadata"]) == (before["notes"], before["notes_metadata"])


async def test_a_model_that_fails_is_replaced_by_the_fallback(tmp_path: Path) -> None:
    engine = ScriptedEngine(SCRIPT, failures=dict.fromkeys(range(1, 9), EngineFailure.DECODE))
    async with running_api(tmp_path, engine=engine) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        answer = await api.http.post(f"/sessions/{session_id}/generate-notes", json={})
        document = (await api.http.get(f"/sessions/{session_id}/notes")).json()

        assert answer.status_code == 200
        assert document["fallback"] is True


async def test_callers_at_the_same_time_get_the_same_note(tmp_path: Path) -> None:
    async with running_api(tmp_path, engine=ScriptedEngine(SCRIPT, delay=0.02)) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        path = f"/sessions/{session_id}/generate-notes"
        answers = await asyncio.gather(*(api.http.post(path) for _ in range(5)))
        revisions = (await api.http.get(f"/sessions/{session_id}/notes/revisions")).json()["revisions"]

        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.text for answer in answers}) == 1
        assert len(revisions) == 1


async def test_editing_generated_notes_sets_both_flags(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        await api.http.post(f"/sessions/{session_id}/generate-notes")
        body = {"notes": "**Risk:** Changed by hand.", "is_ai_generated": False, "edited_from_ai": False}
        answer = await api.http.put(f"/sessions/{session_id}/notes", json=body)

        assert answer.status_code == 200
        assert answer.json().keys() == {
            "success", "session_id", "notes", "updated_at", "notes_metadata", "version",
        }  # fmt: skip
        assert answer.json()["success"] is True
        assert answer.json()["session_id"] == session_id
        assert answer.json()["notes"] == "**Risk:** Changed by hand."
        assert answer.json()["notes_metadata"] == {"is_ai_generated": True, "edited_from_ai": True}
        assert datetime.fromisoformat(answer.json()["updated_at"])


async def test_notes_written_by_hand_set_no_flag(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        answer = await api.http.put(f"/sessions/{session_id}/notes", json={"notes": "By hand."})

        assert answer.json()["notes_metadata"] == {"is_ai_generated": False, "edited_from_ai": False}


async def test_regenerating_resets_the_edit_flag_and_the_time(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        await api.http.post(f"/sessions/{session_id}/generate-notes")
        first = (await api.http.get(f"/sessions/{session_id}")).json()["session"]["notes_metadata"]
        await api.http.put(f"/sessions/{session_id}/notes", json={"notes": "Mine now."})
        await api.http.post(f"/sessions/{session_id}/generate-notes", json={"regenerate": True})
        second = (await api.http.get(f"/sessions/{session_id}")).json()["session"]["notes_metadata"]

        assert (second["is_ai_generated"], second["edited_from_ai"]) == (True, False)
        assert second["generated_at"] > first["generated_at"]
        texts = [r["text"] for r in (await api.http.get(f"/sessions/{session_id}/notes/revisions")).json()["revisions"]]
        assert "Mine now." in texts


async def test_older_risk_markers_are_read_and_normalised(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        await api.http.put(f"/sessions/{session_id}/notes", json={"notes": "Talk of {{RED}}suicide{{/REDC}} today."})
        session = (await api.http.get(f"/sessions/{session_id}")).json()["session"]

        assert session["notes"] == "Talk of {{RED:suicide}} today."


async def test_summarizing_a_patient_without_sessions(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        answer = await api.http.post("/summarize-sessions", json={"patient_id": 7})

        assert answer.status_code == 200
        assert answer.json() == {"success": False, "message": "No sessions found for this patient"}


async def test_summarizing_a_patients_sessions(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        for _ in range(3):
            await api.create(original_transcription=SHORT_SESSION)
        answer = await api.http.post("/summarize-sessions", json={"patient_id": 7})

        assert answer.status_code == 200
        assert answer.json().keys() == {"success", "summary", "session_count", "key_points"}
        assert (answer.json()["success"], answer.json()["session_count"]) == (True, 3)
        assert headings_of(answer.json()["summary"]) == OVERVIEW
        assert 1 <= len(answer.json()["key_points"]) <= 5
        assert all(isinstance(point, str) for point in answer.json()["key_points"])


async def test_a_note_that_a_worker_holds_is_waited_for_though_nothing_is_heard_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "SILENT_AFTER", 0.1)
    monkeypatch.setattr(generate, "_LOOK_EVERY", 0.05)
    async with running_api(tmp_path) as api:
        address = f"/sessions/{await api.create(original_transcription=SHORT_SESSION)}/generate-notes"
        await api.http.post(address, headers={"Prefer": "respond-async"})
        async with api.parts.database.write() as db:
            held = await generations.claim(db, "somebody:1", 60.0, utc_now())
        assert held is not None
        waiting = asyncio.create_task(api.http.post(address, json={"allow_fallback": False}))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(waiting), 1.0)

        async with api.parts.database.write() as db:
            row = await generations.hold(db, held.id, "somebody:1", held.attempt)
            assert row is not None
            row.lease_until = utc_now() - timedelta(seconds=1)
        answer = await waiting

        assert answer.status_code == 503
        assert answer.json()["type"] == "/problems/no-model"
