"""A note as long as it may be holds nobody up: what takes long is done before anything is stored."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server.notes import editing, versions
from server.notes.document import evidence_of
from server.notes.editing import LONGEST_NOTE
from tests.support.api import SCRIPT, RunningApi, eventually, running_api
from tests.support.transcripts import SHORT_SESSION

PATIENCE = 10.0


class Held:
    """Stands for a function that takes long: its first call waits until it is let go."""

    def __init__(self, original: Callable[..., Any]) -> None:
        self._original = original
        self.calls = 0
        self.go = threading.Event()

    def __call__(self, *args: Any) -> Any:
        self.calls += 1
        if self.calls == 1:
            assert self.go.wait(PATIENCE), "nobody was served meanwhile"
        return self._original(*args)

    async def reached(self) -> bool:
        return self.calls > 0


@pytest.fixture
def evidence(monkeypatch: pytest.MonkeyPatch) -> Held:
    held = Held(evidence_of)
    monkeypatch.setattr(versions, "evidence_of", held)
    return held


def put(api: RunningApi, session_id: int, text: str, **headers: str) -> asyncio.Task[Any]:
    path = f"/sessions/{session_id}/notes"
    return asyncio.create_task(api.http.put(path, json={"notes": text}, headers=headers))


async def test_others_write_while_evidence_is_found_for_a_note(tmp_path: Path, evidence: Held) -> None:
    async with running_api(tmp_path) as api:
        session_id, other = await api.create(original_transcription=SHORT_SESSION), await api.create()
        changed = put(api, session_id, "Slept badly.")
        await eventually(evidence.reached)
        segments = {"segments": [{"index": 0, "speaker": "client", "text": "I slept better."}]}
        assert (await api.http.post(f"/sessions/{other}/segments", json=segments)).status_code == 201
        evidence.go.set()

        assert (await changed).status_code == 200


async def test_others_write_while_a_session_comes_with_a_note(tmp_path: Path, evidence: Held) -> None:
    async with running_api(tmp_path) as api:
        coming = asyncio.create_task(api.create(original_transcription=SHORT_SESSION, notes="Slept badly."))
        await eventually(evidence.reached)
        await api.create()
        evidence.go.set()

        document = (await api.http.get(f"/sessions/{await coming}/notes")).json()
        assert document["text"] == "Slept badly."
        assert document["coverage"]["turns"] == 10


async def test_others_are_answered_while_a_text_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = Held(editing.normalise_markers)
    monkeypatch.setattr(editing, "normalise_markers", reading)
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        changed = put(api, session_id, "Mine.")
        await eventually(reading.reached)
        assert (await api.http.get("/health/live")).status_code == 200
        reading.go.set()

        assert (await changed).status_code == 200


async def test_a_change_that_was_overtaken_on_its_way_is_refused_where_it_names_its_version(
    tmp_path: Path, evidence: Held
) -> None:
    async with running_api(tmp_path) as api:
        evidence.go.set()
        session_id = await api.create(notes="One.")
        evidence.go.clear()
        evidence.calls = 0
        slow = put(api, session_id, "Slow.", **{"If-Match": f'"{session_id}.1"'})
        await eventually(evidence.reached)
        assert (await put(api, session_id, "Quick.")).status_code == 200
        evidence.go.set()
        answer = await slow

        assert answer.status_code == 412
        assert answer.headers["etag"] == f'"{session_id}.2"'
        assert answer.json()["current"]["text"] == "Quick."


async def test_a_first_note_that_was_overtaken_is_refused_where_it_was_to_be_the_first(
    tmp_path: Path, evidence: Held
) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        slow = put(api, session_id, "Slow.", **{"If-None-Match": "*"})
        await eventually(evidence.reached)
        assert (await put(api, session_id, "Quick.")).status_code == 200
        evidence.go.set()

        assert (await slow).status_code == 412


async def test_a_legacy_clients_change_that_was_overtaken_is_made_on_the_newer_version(
    tmp_path: Path, evidence: Held
) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        slow = put(api, session_id, "Slow.")
        await eventually(evidence.reached)
        assert (await put(api, session_id, "Quick.")).status_code == 200
        evidence.go.set()

        assert (await slow).json()["version"] == 2
        revisions = (await api.http.get(f"/sessions/{session_id}/notes/revisions")).json()["revisions"]
        assert [one["text"] for one in revisions] == ["Quick.", "Slow."]


async def test_a_change_that_is_overtaken_again_and_again_is_made_at_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        original, others = versions.ground, 0

        async def overtaken(*args: Any) -> Any:
            nonlocal others
            found = await original(*args)
            if asyncio.current_task() is slow and others < versions.TRIES:
                others += 1
                assert (await put(api, session_id, f"Quick {others}.")).status_code == 200
            return found

        monkeypatch.setattr(versions, "ground", overtaken)
        slow = put(api, session_id, "Slow.")

        assert (await slow).json()["version"] == versions.TRIES + 1


async def test_a_person_who_stores_a_text_while_the_models_is_held_against_the_session_keeps_it(
    tmp_path: Path, evidence: Held
) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        path = f"/sessions/{session_id}/generate-notes"
        written = asyncio.create_task(api.http.post(path))
        await eventually(evidence.reached)
        stored = await api.http.put(f"/sessions/{session_id}/notes", json={"sections": {"plan": "Call on Friday."}})
        evidence.go.set()

        assert (stored.status_code, (await written).status_code) == (200, 200)
        document = (await api.http.get(f"/sessions/{session_id}/notes")).json()
        texts = {section["id"]: section["text"] for section in document["sections"]}
        assert document["version"] == 2
        assert texts["plan"] == "Call on Friday."
        assert texts["progress"]


async def test_signing_waits_for_a_note_that_is_asked_for_meanwhile(tmp_path: Path, evidence: Held) -> None:
    async with running_api(tmp_path) as api:
        evidence.go.set()
        session_id = await api.create(original_transcription=SHORT_SESSION, notes="Mine.")
        evidence.go.clear()
        evidence.calls = 0
        signed = asyncio.create_task(api.http.post(f"/sessions/{session_id}/notes/sign"))
        await eventually(evidence.reached)
        later, body = {"Prefer": "respond-async"}, {"regenerate": True}
        await api.http.post(f"/sessions/{session_id}/generate-notes", json=body, headers=later)
        evidence.go.set()

        assert (await signed).status_code == 423


@pytest.mark.parametrize(
    "body", [{"notes": "x" * (LONGEST_NOTE + 1)}, {"sections": {"plan": "x" * (LONGEST_NOTE + 1)}}]
)
async def test_a_text_that_is_too_long_is_refused(tmp_path: Path, body: dict[str, Any]) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        answer = await api.http.put(f"/sessions/{session_id}/notes", json=body)

        assert answer.status_code == 422
        assert str(LONGEST_NOTE) in answer.json()["detail"]
        assert (await api.http.get(f"/sessions/{session_id}/notes")).status_code == 404


async def test_sections_that_together_are_too_long_are_refused_and_can_be_made_shorter(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        path, half = f"/sessions/{session_id}/notes", "x" * (LONGEST_NOTE // 2)
        both = await api.http.put(path, json={"sections": {"plan": half, "progress": half}})
        one = await api.http.put(path, json={"sections": {"plan": half}})
        other = await api.http.put(path, json={"sections": {"progress": half}})
        shorter = await api.http.put(path, json={"sections": {"plan": "Call on Friday."}})

        assert [answer.status_code for answer in (both, one, other, shorter)] == [413, 200, 413, 200]
        assert str(LONGEST_NOTE) in both.json()["detail"]


async def test_a_session_with_a_note_that_is_too_long_is_not_stored(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        answer = await api.http.post("/sessions/", json={"patient_id": 7, "notes": "x" * (LONGEST_NOTE + 1)})

        assert answer.status_code == 422
        assert (await api.http.get("/sessions/patient/7")).json()["count"] == 0
