"""What was published or handled long ago leaves the database; what is still to be sent never does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from server import pruning
from server.clock import utc_now
from server.db import migrate, outbox
from server.db.database import Database
from server.db.outbox import DatabaseOutbox
from server.db.tables import InboxRow, OutboxRow
from server.pruning import keep_pruning, prune
from tests.integration.worker.conftest import until
from tests.support.postgres import PostgresServer

LONG_AGO = timedelta(days=40)


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    server = PostgresServer(tmp_path / "postgres") if request.param == "postgresql" else None
    try:
        if server is not None:
            await asyncio.to_thread(server.start)
        database = Database(server.url if server is not None else f"sqlite+aiosqlite:///{tmp_path}/test.db")
        await migrate.upgrade(database)
        yield database
        await database.close()
    finally:
        if server is not None:
            server.stop()


async def leave(database: Database, message_id: str, written: datetime, published: datetime | None) -> None:
    async with database.write() as db:
        outbox.enqueue(db, message_id, "sessions.1.segment", b"{}", written)
        await db.flush()
        await db.execute(update(OutboxRow).where(OutboxRow.id == message_id).values(published_at=published))


async def handle(database: Database, event_id: str, at: datetime) -> bool:
    async with database.write() as db:
        return await outbox.is_first_time(db, "/clinic", event_id, "sessions.1.segment", at)


async def kept(database: Database) -> tuple[set[str], set[str]]:
    """The ids in the outbox and in the inbox."""
    async with database.read() as db:
        sent = (await db.execute(select(OutboxRow.id))).scalars().all()
        return set(sent), set((await db.execute(select(InboxRow.event_id))).scalars().all())


async def test_only_what_was_published_or_handled_long_ago_is_taken_out(database: Database) -> None:
    now = utc_now()
    await leave(database, "published long ago", now - LONG_AGO, now - LONG_AGO)
    await leave(database, "published just now", now - LONG_AGO, now)
    await leave(database, "still to be sent", now - LONG_AGO, None)
    await handle(database, "handled long ago", now - LONG_AGO)
    await handle(database, "may come again", now - timedelta(days=14))

    assert await prune(database, now) is False

    assert await kept(database) == ({"published just now", "still to be sent"}, {"may come again"})
    assert [message.id for message in await DatabaseOutbox(database).unpublished(10)] == ["still to be sent"]
    assert await handle(database, "may come again", now) is False


async def test_what_is_written_after_everything_was_taken_out_is_sent_in_order(database: Database) -> None:
    now = utc_now()
    await leave(database, "first", now, None)
    await leave(database, "old", now, now - LONG_AGO)
    await prune(database, now)
    await leave(database, "second", now, None)

    assert [message.id for message in await DatabaseOutbox(database).unpublished(10)] == ["first", "second"]


async def test_much_is_taken_out_little_by_little(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "BATCH", 2)
    monkeypatch.setattr(pruning, "BETWEEN_BATCHES", 0.0)
    old = utc_now() - LONG_AGO
    for number in range(5):
        await leave(database, str(number), old, old)
        await handle(database, str(number), old)

    assert await prune(database, utc_now()) is True
    assert [len(ids) for ids in await kept(database)] == [3, 3]
    going_on = asyncio.create_task(keep_pruning(database))

    async def is_empty() -> bool:
        return await kept(database) == (set(), set())

    await until(is_empty)
    going_on.cancel()
