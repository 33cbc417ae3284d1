"""``casenote audit``: what was changed behind the service's back shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from server import audit
from tests.support.api import SCRIPT, RunningApi, running_api
from tests.support.service import ROOT
from tests.support.transcripts import SHORT_SESSION

TAMPERED = {
    "its text": "UPDATE revisions SET text = 'Another.' WHERE session_id = 1 AND version = 2",
    "its state": "UPDATE revisions SET state = replace(state, 'Friday', 'Monday') WHERE session_id = 1 AND version = 2",
    "its author": 'UPDATE revisions SET author = \'{"kind": "model"}\' WHERE session_id = 1 AND version = 2',
    "what it was": "UPDATE revisions SET change = 'generated' WHERE session_id = 1 AND version = 2",
    "its time": "UPDATE revisions SET created_at = '2001-01-01 00:00:00.000000' WHERE session_id = 1 AND version = 2",
    "its hash": "UPDATE revisions SET chain = NULL WHERE session_id = 1 AND version = 2",
    "one version gone": "DELETE FROM revisions WHERE session_id = 1 AND version = 2",
    "every version gone": "DELETE FROM revisions WHERE session_id = 1",
    "the note itself": "UPDATE notes SET state = replace(state, 'Friday', 'Monday') WHERE session_id = 1",
}


async def lived(api: RunningApi) -> None:
    """Two notes: generated, edited, signed; and written by hand."""
    session_id = await api.create(original_transcription=SHORT_SESSION)
    path = f"/sessions/{session_id}/notes"
    assert (await api.http.post(f"/sessions/{session_id}/generate-notes")).status_code == 200
    assert (await api.http.put(path, json={"sections": {"plan": "Call on Friday."}})).status_code == 200
    assert (await api.http.post(f"{path}/sign")).status_code == 200
    await api.create(notes="By hand.")


async def execute(api: RunningApi, statement: str) -> None:
    async with api.parts.database.write() as db:
        await db.execute(text(statement))


async def test_notes_that_only_the_service_wrote_stand(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        await lived(api)
        found = await audit.examine(api.parts.database)
        told = (await api.http.get("/sessions/1/notes/revisions")).json()["revisions"]

    assert (found.notes, found.versions, found.unchained, found.broken) == (2, 4, 0, [])
    assert found.heads[1, 3] == told[-1]["chain"]


@pytest.mark.parametrize("statement", TAMPERED.values(), ids=TAMPERED)
async def test_whatever_is_changed_behind_its_back_shows(tmp_path: Path, statement: str) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        await lived(api)
        await execute(api, statement)
        found = await audit.examine(api.parts.database)

    assert found.broken
    assert all(one.startswith("session 1, version ") for one in found.broken)


async def test_a_cut_off_end_and_a_forged_chain_show_against_hashes_that_were_kept(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        await lived(api)
        before = await audit.examine(api.parts.database)
        held = audit.read_heads(f"{session} {version} {digest}" for (session, version), digest in before.heads.items())
        await execute(api, "DELETE FROM revisions WHERE session_id = 2")
        await execute(api, "DELETE FROM notes WHERE session_id = 2")
        await execute(api, "UPDATE revisions SET chain = NULL WHERE session_id = 1")
        unseen = await audit.examine(api.parts.database)
        seen = await audit.examine(api.parts.database, held)

    assert unseen.broken == []
    assert unseen.unchained == 3
    assert seen.broken == [
        "session 1, version 3: another hash than the one that was kept",
        "session 2, version 1: gone",
    ]


async def test_the_command_says_what_it_found(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        await lived(api)

        def command(*words: str) -> subprocess.CompletedProcess[str]:
            clean = {key: value for key, value in os.environ.items() if not key.startswith(("CASENOTE_", "PHI3_"))}
            environment = {**clean, "CASENOTE_HOME": str(tmp_path)}
            asked = [sys.executable, "-m", "server", "audit", *words]
            return subprocess.run(
                asked, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
            )

        kept = tmp_path / "heads"
        kept.write_text(command("heads").stdout)
        whole = command("verify", "--against", str(kept))
        await execute(api, TAMPERED["its text"])
        broken = command("verify")
        nonsense = tmp_path / "nonsense"
        nonsense.write_text("no hashes at all, these\n")
        refused = command("verify", "--against", str(nonsense))

    assert (whole.returncode, whole.stdout) == (0, "4 versions of 2 notes; none not as written.\n")
    assert broken.returncode == 1
    assert "BAD  session 1, version 2: not as it was written" in broken.stdout
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
