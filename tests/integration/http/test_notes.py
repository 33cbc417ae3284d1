"""Contract 3.2: the note as a document with versions that people change, sign and add to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from models.engine.scripted import ScriptedEngine
from tests.support.api import SCRIPT, RunningApi, running_api
from tests.support.asgi import opened
from tests.support.models import ObedientEngine
from tests.support.transcripts import SHORT_SESSION

DOCUMENT_MEMBERS = {
    "session_id", "patient_id", "version", "status", "format", "summary", "text", "sections", "risk", "coverage",
    "authorship", "model", "fallback", "inference_time",
}  # fmt: skip


async def generated(api: RunningApi) -> int:
    session_id = await api.create(original_transcription=SHORT_SESSION)
    answer = await api.http.post(f"/sessions/{session_id}/generate-notes")
    assert answer.status_code == 200, answer.text
    return session_id


async def put(api: RunningApi, session_id: int, match: str | None = None, **body: Any) -> httpx.Response:
    headers = {"If-Match": match} if match is not None else {}
    return await api.http.put(f"/sessions/{session_id}/notes", json=body, headers=headers)


async def test_the_document_has_evidence_for_every_sentence(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await generated(api)
        answer = await api.http.get(f"/sessions/{session_id}/notes")

        assert answer.status_code == 200
        assert answer.headers["etag"] == f'"{session_id}.1"'
        document = answer.json()
        assert document.keys() >= DOCUMENT_MEMBERS
        assert [section["id"] for section in document["sections"]] == [
            "chief_complaint", "emotional_state", "risk", "intervention", "progress", "plan",
        ]  # fmt: skip
        for section in document["sections"]:
            assert section["author"] == "ai"
            assert section["sentences"]
            assert all(s.keys() >= {"text", "turns", "support", "supported"} for s in section["sentences"])
        assert document["risk"][0].keys() >= {"term", "category", "negated", "speaker", "turn"}
        assert document["coverage"]["turns"] == 10
        assert document["model"].keys() >= {"name", "sha256", "adapter", "prompt_version"}
        assert document["generation"] is None


async def test_a_version_that_is_known_is_not_sent_again(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await generated(api)
        tag = (await api.http.get(f"/sessions/{session_id}/notes")).headers["etag"]
        same = await api.http.get(f"/sessions/{session_id}/notes", headers={"If-None-Match": f'"1.9", W/{tag}'})
        other = await api.http.get(f"/sessions/{session_id}/notes", headers={"If-None-Match": f'"{session_id}.9"'})

        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
        assert other.status_code == 200


async def test_a_session_without_note_has_no_document(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        before = await api.http.get(f"/sessions/{session_id}/notes")
        await api.http.post(f"/sessions/{session_id}/close")
        waiting = await api.http.get(f"/sessions/{session_id}/notes")

        assert (before.status_code, before.json()["generation"]) == (404, None)
        assert (waiting.status_code, waiting.json()["generation"]["state"]) == (404, "queued")


async def test_a_session_whose_note_failed_says_why_it_has_none(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create(original_transcription="Therapist: Hello.")
        path = f"/sessions/{session_id}/notes"
        before = (await api.http.get(path)).json()
        await api.http.post(f"/sessions/{session_id}/close")
        after = (await api.http.get(path)).json()

        assert before["failure"] is None
        assert after["failure"] == {
            "reason": "too_short",
            "detail": "Session transcription is too short for summarization",
        }
        await api.http.put(path, json={"sections": {"plan": "By hand."}})
        assert (await api.http.get(path)).status_code == 200


async def test_a_change_on_the_current_version_is_taken(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await generated(api)
        answer = await put(api, session_id, f'"{session_id}.1"', notes="Mine.")

        assert answer.status_code == 200
        assert answer.json()["version"] == 2
        assert answer.headers["etag"] == f'"{session_id}.2"'


async def test_a_change_on_an_older_version_is_refused_and_told_the_current_one(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await generated(api)
        await put(api, session_id, notes="First.")
        answer = await put(api, session_id, f'"{session_id}.1"', notes="Second.")

        assert answer.status_code == 412
        assert answer.headers["etag"] == f'"{session_id}.2"'
        assert answer.json()["current"]["text"] == "First."
        assert (await api.http.get(f"/sessions/{session_id}/notes")).json()["text"] == "First."


@pytest.mark.parametrize(
    ("match", "status"),
    [
        ("*", 200),
        ('"{id}.1"', 200),
        ('"9.9", "{id}.1"', 200),
        ('W/"{id}.1"', 412),
        ('"{id}.2"', 412),
        ("{id}.1", 412),
        ('"', 412),
        ('""', 412),
    ],
)
async def test_conditions_follow_rfc_9110(tmp_path: Path, match: str, status: int) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await generated(api)
        answer = await put(api, session_id, match.replace("{id}", str(session_id)), notes="Mine.")

        assert answer.status_code == status


async def test_any_version_matches_only_where_there_is_one(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        assert (await put(api, session_id, "*", notes="Mine.")).status_code == 412
        assert (await put(api, session_id, notes="Mine.")).status_code == 200


async def test_a_note_can_be_made_only_where_there_is_none(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        path, headers = f"/sessions/{session_id}/notes", {"If-None-Match": "*"}
        assert (await api.http.put(path, json={"notes": "A"}, headers=headers)).status_code == 200
        assert (await api.http.put(path, json={"notes": "B"}, headers=headers)).status_code == 412


async def test_the_same_text_again_is_no_new_version(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        versions = [(await put(api, session_id, notes="Mine.")).json()["version"] for _ in range(2)]

        assert versions == [1, 1]


async def test_a_persons_section_is_kept_where_asked_and_the_models_suggested(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await generated(api)
        await put(api, session_id, sections={"plan": "Call on Friday."})
        answer = await api.http.post(
            f"/sessions/{session_id}/generate-notes", json={"regenerate": True, "force": False}
        )
        document = (await api.http.get(f"/sessions/{session_id}/notes")).json()

        assert answer.status_code == 200
        by_id = {section["id"]: section for section in document["sections"]}
        assert (by_id["plan"]["text"], by_id["plan"]["author"]) == ("Call on Friday.", "both")
        assert document["suggestions"].keys() == {"plan"}
        assert document["authorship"]["edited_from_ai"] is True


async def test_what_a_person_writes_while_the_first_note_is_written_stays(tmp_path: Path) -> None:
    async with running_api(tmp_path, engine=ScriptedEngine(SCRIPT, delay=0.02)) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        path = f"/sessions/{session_id}/notes/stream"
        headers = {"Prefer": "respond-async"}
        await api.http.post(f"/sessions/{session_id}/generate-notes", headers=headers)
        async with opened(api.app, path) as stream:
            await stream.until(lambda s: any(name == "token" for name, _ in s.events))
            assert (await put(api, session_id, notes="Typed meanwhile.")).status_code == 200
            await stream.until(lambda s: s.ended)
        document = (await api.http.get(f"/sessions/{session_id}/notes")).json()

        assert document["text"] == "Typed meanwhile."
        assert document["authorship"]["is_ai_generated"] is False
        assert document["suggestions"]["plan"]


async def test_only_the_sections_asked_for_are_written_anew(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await generated(api)
        await put(api, session_id, sections={"plan": "Mine.", "progress": "Mine too."})
        body = {"regenerate": True, "sections": ["plan"]}
        answer = await api.http.post(f"/sessions/{session_id}/generate-notes", json=body)
        document = (await api.http.get(f"/sessions/{session_id}/notes")).json()

        assert answer.status_code == 200
        by_id = {section["id"]: section for section in document["sections"]}
        assert by_id["plan"]["author"] == "ai"
        assert by_id["progress"]["text"] == "Mine too."


async def test_a_section_or_format_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await generated(api)
        path = f"/sessions/{session_id}/generate-notes"
        section = await api.http.post(path, json={"regenerate": True, "sections": ["nonsense"]})
        unknown = await api.http.post(path, json={"regenerate": True, "format": "nonsense"})
        changed = await put(api, session_id, sections={"nonsense": "x"})

        assert (section.status_code, unknown.status_code, changed.status_code) == (400, 400, 400)


async def test_another_format_is_written_on_request(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        formats = (await api.http.get("/formats")).json()
        answer = await api.http.post(f"/sessions/{session_id}/generate-notes", json={"format": "soap"})
        document = (await api.http.get(f"/sessions/{session_id}/notes")).json()

        assert answer.status_code == 200
        assert formats["default"] == "progress"
        soap = next(one for one in formats["formats"] if one["id"] == "soap")
        assert document["format"] == "soap"
        assert [s["id"] for s in document["sections"]] == [s["id"] for s in soap["sections"]]


@pytest.mark.parametrize("body", [{}, {"notes": "a", "sections": {"plan": "b"}}, {"sections": {}}, {"notes": None}])
async def test_a_change_is_either_text_or_sections(tmp_path: Path, body: dict[str, Any]) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        assert (await put(api, session_id, **body)).status_code == 422


async def test_a_signed_note_changes_only_by_addenda(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await generated(api)
        path = f"/sessions/{session_id}/notes"
        signed = await api.http.post(f"{path}/sign", json={"name": "Dr. Lee"})
        changed = await put(api, session_id, notes="Other.")
        again = await api.http.post(f"{path}/sign")
        written = await api.http.post(f"/sessions/{session_id}/generate-notes", json={"regenerate": True})
        added = await api.http.post(f"{path}/addenda", json={"text": "Forgot to say."})

        assert signed.status_code == 200
        assert (signed.json()["status"], signed.json()["signed_by"]) == ("signed", "Dr. Lee")
        assert signed.headers["etag"] == f'"{session_id}.2"'
        assert (changed.status_code, again.status_code, written.status_code) == (423, 423, 423)
        assert added.status_code == 201
        assert [addendum["text"] for addendum in added.json()["addenda"]] == ["Forgot to say."]
        versions = (await api.http.get(f"/sessions/{session_id}/notes/revisions")).json()["revisions"]
        assert versions[-2]["addenda_texts"] == []
        assert versions[-1]["addenda_texts"] == added.json()["addenda"]
        assert added.json()["text"] == signed.json()["text"]


async def test_unlocking_needs_a_reason_that_is_kept(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create(notes="Mine.")
        path = f"/sessions/{session_id}/notes"
        early = await api.http.post(f"{path}/unlock", json={"reason": "Wrong name"})
        await api.http.post(f"{path}/sign")
        missing = await api.http.post(f"{path}/unlock", json={})
        blank = await api.http.post(f"{path}/unlock", json={"reason": "  "})
        opened = await api.http.post(f"{path}/unlock", json={"reason": "Wrong name"})
        changed = await put(api, session_id, notes="Corrected.")

        assert (early.status_code, missing.status_code, blank.status_code) == (400, 422, 400)
        assert (opened.status_code, opened.json()["status"]) == (200, "edited")
        assert changed.status_code == 200
        revisions = (await api.http.get(f"{path}/revisions")).json()["revisions"]
        assert [r["change"] for r in revisions] == ["edited", "signed", "unlocked", "edited"]
        assert revisions[2]["author"]["reason"] == "Wrong name"


async def test_an_addendum_needs_a_signed_note(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create(notes="Mine.")
        answer = await api.http.post(f"/sessions/{session_id}/notes/addenda", json={"text": "More."})

        assert answer.status_code == 400


@pytest.mark.parametrize("call", ["sign", "addenda", "unlock"])
async def test_there_must_be_a_note(tmp_path: Path, call: str) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        body = {"text": "x", "reason": "x"}
        assert (await api.http.post(f"/sessions/{session_id}/notes/{call}", json=body)).status_code == 404


async def test_signing_an_older_version_is_refused(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create(notes="One.")
        await put(api, session_id, notes="Two.")
        headers = {"If-Match": f'"{session_id}.1"'}
        answer = await api.http.post(f"/sessions/{session_id}/notes/sign", headers=headers)

        assert answer.status_code == 412
        assert answer.json()["current"]["status"] == "edited"


async def test_every_version_stays_with_its_author(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await generated(api)
        await put(api, session_id, notes="Mine.")
        await api.http.post(f"/sessions/{session_id}/generate-notes", json={"regenerate": True})
        path = f"/sessions/{session_id}/notes/revisions"
        revisions = (await api.http.get(path)).json()["revisions"]

        assert [(r["version"], r["change"], r["author"]["kind"]) for r in revisions] == [
            (1, "generated", "model"),
            (2, "edited", "person"),
            (3, "regenerated", "model"),
        ]
        assert revisions[1]["text"] == "Mine."
        assert revisions[0]["model"]["name"] == "scripted"
        assert revisions[2]["author"]["settings"] == {
            "density": "standard", "quoting": "key", "modality": "general", "sections": None, "kept_edited": False,
            "parallel": True, "temperature": 0.0, "beams": 1,
        }  # fmt: skip
        assert all(r.keys() >= {"version", "change", "author", "created_at", "text"} for r in revisions)
        assert (await api.http.get(f"{path}/2")).json() == revisions[1]
        assert (await api.http.get(f"{path}/4")).status_code == 404


async def test_density_and_modality_reach_the_model_and_the_revision(tmp_path: Path) -> None:
    engine = ObedientEngine()
    engine.says = {key: text for key, text in SCRIPT.items() if key != "plan"} | {"plan": " Breathing." * 60}
    async with running_api(tmp_path, engine=engine, note_modality="act") as api:  # type: ignore[arg-type]
        session_id = await api.create(original_transcription=SHORT_SESSION)
        body = {"density": "brief", "quoting": "many"}
        assert (await api.http.post(f"/sessions/{session_id}/generate-notes", json=body)).status_code == 200
        revisions = (await api.http.get(f"/sessions/{session_id}/notes/revisions")).json()["revisions"]
        options = (await api.http.get("/formats")).json()["options"]
        refused = await api.http.post(f"/sessions/{session_id}/generate-notes", json={"density": "endless"})

        settings = revisions[0]["author"]["settings"]
        assert (settings["density"], settings["quoting"], settings["modality"]) == ("brief", "many", "act")
        assert (await api.http.get(f"/sessions/{session_id}/notes")).json()["options"] == body
        asked = "".join(segment.text for branch in engine.asked[0].branches for segment in branch.prime)
        assert "acceptance and commitment therapy" in asked
        assert "own words in quotation marks" in asked
        assert options["modality"]["default"] == "act"
        assert options["density"]["choices"] == ["brief", "standard", "full"]
        assert refused.status_code == 422


async def test_a_change_of_format_keeps_what_a_person_wrote_and_brings_it_back(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await generated(api)
        await put(api, session_id, sections={"plan": "Call on Friday.", "emotional_state": "Calmer than last week."})
        path = f"/sessions/{session_id}/generate-notes"
        for note_format in ("soap", "progress"):
            body = {"regenerate": True, "force": False, "format": note_format}
            assert (await api.http.post(path, json=body)).status_code == 200
            document = (await api.http.get(f"/sessions/{session_id}/notes")).json()
            ids = [section["id"] for section in document["sections"]]
            texts = {section["id"]: section["text"] for section in document["sections"]}
            assert (texts["plan"], texts["emotional_state"]) == ("Call on Friday.", "Calmer than last week.")
            assert document["text"].count("**Plan:**") == 1
            assert ids.index("emotional_state") == (1 if note_format == "progress" else 5)


async def test_single_sections_are_written_anew_only_in_a_note_of_that_format(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        path = f"/sessions/{session_id}/generate-notes"
        first = await api.http.post(path, json={"sections": ["plan"]})
        await api.http.post(path, json={})
        other = await api.http.post(path, json={"regenerate": True, "format": "soap", "sections": ["plan"]})

        assert (first.status_code, other.status_code) == (400, 400)
        assert "leave 'sections' out" in first.json()["detail"]


async def test_what_a_person_leaves_out_is_not_said_to_be_absent(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        answer = await put(api, session_id, sections={"plan": "Call on Friday."})

        assert answer.json()["notes"] == "**Plan:** Call on Friday."
