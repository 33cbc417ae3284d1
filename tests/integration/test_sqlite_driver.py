"""What opening a SQLite database leaves behind when it is refused."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from server.db.database import Database


async def test_a_database_that_cannot_be_opened_leaves_no_thread_that_answers_later(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    for _ in range(50):
        database = Database(f"sqlite+aiosqlite:///{tmp_path}/no/such/folder.db")

        with pytest.raises(OperationalError):
            async with database.read() as db:
                await db.execute(text("SELECT 1"))

        left = [thread for thread in threading.enumerate() if thread not in before]
        await database.close()
        assert not [thread for thread in left if "_connection_worker_thread" in thread.name]
