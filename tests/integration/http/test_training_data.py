"""From a signed note to training data and to a comparison of models, over the API and the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.api import SCRIPT, RunningApi, running_api
from tests.support.transcripts import SHORT_SESSION


async def _signed(api: RunningApi, plan: str) -> int:
    session_id = await api.create(original_transcription=SHORT_SESSION)
    answer = await api.http.post(f"/sessions/{session_id}/generate-notes", json={})
    assert answer.status_code == 200, answer.text
    edited = await api.http.put(f"/sessions/{session_id}/notes", json={"sections": {"plan": plan}})
    assert edited.status_code == 200, edited.text
    signed = await api.http.post(f"/sessions/{session_id}/notes/sign", json={"name": "Dr. Lee"})
    assert signed.status_code == 200, signed.text
    return session_id


def _casenote(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CASENOTE_HOME": str(folder / "home"), "DATABASE_URL": ""}
    command = [sys.executable, "-m", "server", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


async def _consent(api: RunningApi, session_id: int, consent: bool) -> None:
    answer = await api.http.put(f"/sessions/{session_id}/training-consent", json={"consent": consent})
    assert answer.json() == {"session_id": session_id, "consent": consent}
    kept = await api.http.get(f"/sessions/{session_id}/training-consent")
    assert kept.json() == answer.json()


async def test_signed_notes_with_consent_become_pairs_and_models_are_compared(
    tmp_path: Path,
) -> None:
    async with running_api(tmp_path / "home", script=SCRIPT) as api:
        with_consent = await _signed(api, "Homework: only the sleep diary.")
        withdrawn = await _signed(api, "Homework: nothing.")
        await _consent(api, with_consent, True)
        await _consent(api, withdrawn, True)
        await _consent(api, withdrawn, False)

    collected = _casenote(tmp_path, "train", "collect", "--out", str(tmp_path / "signed.jsonl"))
    compared = _casenote(tmp_path, "model", "outcomes", "--since", "2020-01-01")

    assert collected.returncode == 0, collected.stderr
    rows = [json.loads(line) for line in (tmp_path / "signed.jsonl").read_text().splitlines()]
    assert [(row["id"], row["consent"]) for row in rows] == [(str(with_consent), True), (str(withdrawn), False)]
    assert rows[0]["sections"]["plan"] == "Homework: only the sleep diary."
    assert "sleep diary" in rows[0]["draft"]["sections"]["plan"]
    assert "transcript" not in rows[1]
    assert compared.returncode == 0, compared.stderr
    assert "# What became of 2 notes" in compared.stdout
    assert "sleep" not in compared.stdout


async def test_the_consent_of_a_session_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    async with running_api(tmp_path / "home") as api:
        for answer in (
            await api.http.put("/sessions/77/training-consent", json={"consent": True}),
            await api.http.get("/sessions/77/training-consent"),
        ):
            assert answer.status_code == 404


async def test_without_a_word_nobody_trains_on_a_session(tmp_path: Path) -> None:
    async with running_api(tmp_path / "home", script=SCRIPT) as api:
        session_id = await _signed(api, "Homework: only the sleep diary.")
        answer = await api.http.get(f"/sessions/{session_id}/training-consent")
        assert answer.json() == {"session_id": session_id, "consent": False}
