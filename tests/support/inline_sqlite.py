"""SQLite without a thread for each connection: the same library and the same files, each call done at once.

Most of the time of a test that makes many small transactions goes into waking threads. Only for tests of one process,
in which no connection ever waits for another's lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from server.db import driver


class _AtOnce:
    """Stands for the queue to a connection's thread."""

    def put_nowait(self, item: tuple[asyncio.Future[Any] | None, Callable[[], Any]]) -> None:
        future, function = item
        try:
            result = function()
        except Exception as error:
            if future is not None:
                future.set_exception(error)
            return
        if future is not None:
            future.set_result(result)


class _NoThread:
    daemon = True

    def __init__(self, **_: Any) -> None: ...

    def start(self) -> None: ...

    def join(self, _seconds: float) -> None: ...


@contextmanager
def inline_sqlite() -> Iterator[None]:
    """Connections that are opened inside the block work so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(driver._AIOSQLITE.core, "SimpleQueue", _AtOnce)
        patch.setattr(driver._AIOSQLITE.core, "Thread", _NoThread)
        yield
