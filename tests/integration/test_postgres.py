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
from tests.support.postgres import PostgresServer


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
