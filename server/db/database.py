"""Connections and transactions. ``write`` and ``read`` are the only ways to the database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from server.db import driver


class Database:
    """A database by URL. Readers see one state of it and cannot write at all. On SQLite one connection writes, with
    ``BEGIN IMMEDIATE`` so that a transaction that reads and then writes waits for its turn instead of failing."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._writer = _sqlite_engine(url, begin="BEGIN IMMEDIATE", pool_size=1, query_only=False)
            self._reader = _sqlite_engine(url, begin="BEGIN", pool_size=4, query_only=True)
        else:
            self._writer = create_async_engine(
                url, pool_size=8, max_overflow=8, pool_pre_ping=True, hide_parameters=True
            )
            # Of the same pool. Without it each statement of a reader would see another state of the database.
            self._reader = self._writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @property
    def engine(self) -> AsyncEngine:
        """The engine that may write, for migrations."""
        return self._writer

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction that commits at the end of the block and rolls back on any exception."""
        async with AsyncSession(self._writer, expire_on_commit=False) as db, db.begin():
            yield db

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """One consistent view. Nothing in it can be changed."""
        async with AsyncSession(self._reader, expire_on_commit=False) as db, db.begin():
            yield db

    async def is_connected(self) -> bool:
        try:
            async with self.read() as db:
                await db.execute(text("SELECT 1"))
        except (DBAPIError, OSError):
            return False
        return True

    async def close(self) -> None:
        await self._writer.dispose()
        if self.is_sqlite:
            await self._reader.dispose()


def _sqlite_engine(url: str, *, begin: str, pool_size: int, query_only: bool) -> AsyncEngine:
    engine = create_async_engine(
        url,
        module=driver.sqlite_dbapi(),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=60,
        hide_parameters=True,
        connect_args={"timeout": 30.0, "async_creator_fn": driver.open_sqlite},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        # The driver's own transaction handling is off: the "begin" hook below says exactly what is sent.
        connection.isolation_level = None
        cursor = connection.cursor()
        mode = "WAL" if driver.wal_is_safe() else "TRUNCATE"
        if not query_only:
            cursor.execute(f"PRAGMA journal_mode={mode}")
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF", "secure_delete=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        if query_only:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine
