"""Failures at a chosen point: of a statement, of a commit, after a commit, at an await."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Generator
from contextlib import asynccontextmanager
from enum import StrEnum
from types import coroutine
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.database import Database

T = TypeVar("T")


class At(StrEnum):
    """Where a database fails. ``COMMITTED``: what was asked is done, and nobody hears of it."""

    STATEMENT = "statement"
    COMMIT = "commit"
    COMMITTED = "committed"


class DatabaseFaults:
    """Fails a database's n-th statement or transaction. ``fired``: whether that point was reached;
    ``seen``: how many such points were."""

    def __init__(self, database: Database) -> None:
        self._at: At | None = None
        self._left = 0
        self.fired = False
        self.seen = 0
        self._original = database.write
        database.write = self._write  # type: ignore[method-assign]
        for engine in {database._writer, database._reader}:
            event.listen(engine.sync_engine, "before_cursor_execute", self._statement)
            event.listen(engine.sync_engine, "commit", self._commit)

    def arm(self, at: At, number: int) -> None:
        """From now on the ``number``-th such point fails, counted from 1; all others hold."""
        self._at, self._left, self.fired, self.seen = at, number, False, 0

    def disarm(self) -> None:
        self._at = None

    def _statement(self, *_: Any) -> None:
        self._reach(At.STATEMENT)

    def _commit(self, _connection: Any) -> None:
        self._reach(At.COMMIT)

    @asynccontextmanager
    async def _write(self) -> AsyncIterator[AsyncSession]:
        async with self._original() as db:
            yield db
        self._reach(At.COMMITTED)

    def _reach(self, at: At) -> None:
        if self._at is not at:
            return
        self._left -= 1
        self.seen += 1
        if self._left == 0:
            self.fired = True
            raise OperationalError("a statement", None, Exception("database or disk is full"))


async def cut_at(work: Coroutine[Any, Any, T], number: int) -> bool:
    """Runs ``work`` and cancels it at its ``number``-th await. Whether it got there; the result is left out."""
    reached = False

    @coroutine
    def driven() -> Generator[Any, Any, None]:
        nonlocal reached
        value: Any = None
        error: BaseException | None = None
        count = 0
        while True:
            try:
                awaited = work.send(value) if error is None else work.throw(error)
            except StopIteration:
                return
            value, error = None, None
            count += 1
            if count == number:
                reached = True
                error = asyncio.CancelledError()
                continue
            try:
                value = yield awaited
            except BaseException as raised:
                error = raised

    try:
        await driven()
    except asyncio.CancelledError:
        if not reached:
            raise
    return reached
