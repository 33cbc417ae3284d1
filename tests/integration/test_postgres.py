"""What only a database with several writers shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models.formats import load_formats
from server import audit
from server.clock import utc_now
from server.db import migrate, sessions
from server.db.database import Database
from server.db.sessions import NewSession
from server.notes.editing import Editing
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


async def test_whoever_reads_sees_one_state_whatever_is_written_meanwhile(database: Database) -> None:
    session_id, _ = await _add(database)
    async with database.read() as db:
        before = await sessions.of_patient(db, 7, None)
        await _add(database)
        async with database.write() as other:
            await other.execute(text("UPDATE sessions SET language = 'german'"))
        db.expunge_all()
        assert len(await sessions.of_patient(db, 7, None)) == len(before) == 1
        row = await sessions.find(db, session_id)
        assert row is not None
        assert row.language is None
    async with database.read() as db:
        assert [one.language for one in await sessions.of_patient(db, 7, None)] == ["german", "german"]


async def test_whoever_reads_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match="read-only"):
        async with database.read() as db:
            await sessions.add(db, NewSession(patient_id=7), utc_now())

    # The connection goes back to those who may.
    assert (await _add(database))[1] == 1


async def test_a_note_that_is_changed_while_the_audit_looks_is_no_finding(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    editing = Editing(formats=load_formats(), default_format="progress", with_text=False, queue_limit=64)
    close = audit._close

    async def write(words: str) -> None:
        async with database.write() as db:
            session = await sessions.lock(db, session_id)
            assert session is not None
            await editing.change(db, session, editing.replacing_text(words, None))

    async def changed_just_before(*rest: Any) -> None:
        await write(f"Changed at {utc_now()}.")
        await close(*rest)

    session_id, _ = await _add(database)
    await write("By hand.")
    monkeypatch.setattr(audit, "_close", changed_just_before)

    assert (await audit.examine(database)).broken == []


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
