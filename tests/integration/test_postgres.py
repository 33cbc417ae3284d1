"""What only a database with several writers shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.clock import utc_now
from server.db import migrate, sessions
from server.db.database import Database
from server.db.sessions import NewSession
from tests.support.api import SCRIPT, running_api
from tests.support.postgres import PostgresServer
from tests.support.transcripts import SHORT_SESSION


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    server = PostgresServer(tmp_path / "postgres")
    try:
        await asyncio.to_thread(server.start)
        database = Database(server.url)
        await migrate.upgrade(database)
        yield database
        await database.close()
    finally:
        server.stop()


async def _add(database: Database, **new: int) -> tuple[int, int]:
    async with database.write() as db:
        row = await sessions.add(db, NewSession(patient_id=7, **new), utc_now())
        return row.id, row.session_number


async def test_sessions_made_at_the_same_moment_have_numbers_and_ids_of_their_own(database: Database) -> None:
    made = await asyncio.gather(*(_add(database) for _ in range(12)))

    assert sorted(number for _, number in made) == list(range(1, 13))
    assert len({session_id for session_id, _ in made}) == 12


async def test_an_id_from_outside_never_takes_the_sequence_back(database: Database) -> None:
    await _add(database, id=40)
    async with database.write() as db:
        unseen = (await sessions.add(db, NewSession(patient_id=8), utc_now())).id
        await _add(database, id=20)
        later, _ = await _add(database)

    assert (unseen, later) == (41, 42)


async def test_a_note_lives_there_as_it_does_on_sqlite(database: Database, tmp_path: Path) -> None:
    async with running_api(tmp_path / "api", script=SCRIPT, database_url=str(database.url)) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        await api.create(original_transcription=SHORT_SESSION)
        path, asked = f"/sessions/{session_id}/notes", {"patient_id": 7}
        assert (await api.http.post(f"/sessions/{session_id}/generate-notes")).status_code == 200
        # Nobody has read these sessions yet: all who ask at once read them.
        overviews = await asyncio.gather(*(api.http.post("/summarize-sessions", json=asked) for _ in range(8)))
        assert {answer.status_code for answer in overviews} == {200}
        assert len({answer.text for answer in overviews}) == 1
        assert (await api.http.put(path, json={"sections": {"plan": "Call on Friday."}})).status_code == 200
        assert (await api.http.post(f"{path}/sign")).json()["status"] == "signed"
        assert (await api.http.post(f"{path}/addenda", json={"text": "Moved to Monday."})).status_code == 201
        summary = (await api.http.post("/summarize-sessions", json=asked)).json()["summary"]
        changes = [one["change"] for one in (await api.http.get(f"{path}/revisions")).json()["revisions"]]

    assert "Call on Friday (session 1)." in summary
    assert "Moved to Monday (session 1)." in summary
    assert changes == ["generated", "edited", "signed", "addendum"]
