"""Which SQLite the product runs on.

The SQLite of Debian 12 (3.40) has the WAL-reset bug: with several writers it can lose committed rows. The wheel
``sqlcipher3`` bundles a fixed one. aiosqlite finds its driver by the name ``sqlite3``, so that name points at the
bundled driver while aiosqlite is imported, and only then.
"""

from __future__ import annotations

import asyncio
import sys
from types import ModuleType
from typing import Any

import sqlcipher3

# Fixed in 3.51.3; earlier releases lose committed rows in WAL mode with two or more connections.
WAL_SAFE = (3, 51, 3)

# How long a connection that was refused is waited for. Its thread has one answer left to give.
_SECONDS_TO_END = 5.0


def _import_aiosqlite() -> ModuleType:
    original = {name: sys.modules.get(name) for name in ("sqlite3", "sqlite3.dbapi2")}
    sys.modules["sqlite3"] = sqlcipher3
    sys.modules["sqlite3.dbapi2"] = sqlcipher3.dbapi2
    try:
        import aiosqlite
    finally:
        for name, module in original.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
    return aiosqlite


_AIOSQLITE = _import_aiosqlite()


def sqlite_version() -> tuple[int, ...]:
    """The version of the SQLite library in use."""
    return tuple(int(part) for part in sqlcipher3.sqlite_version.split("."))


def wal_is_safe() -> bool:
    return sqlite_version() >= WAL_SAFE


def sqlite_dbapi() -> Any:
    """The DB-API module to give to ``create_async_engine(module=…)``."""
    from sqlalchemy.dialects.sqlite.aiosqlite import AsyncAdapt_aiosqlite_dbapi

    return AsyncAdapt_aiosqlite_dbapi(_AIOSQLITE, sqlcipher3.dbapi2)


async def open_sqlite(*args: Any, **kwargs: Any) -> Any:
    """A connection, for ``connect_args={"async_creator_fn": …}``. Raises what the driver raises, after the thread of
    the connection has ended: aiosqlite does not wait for it, and a thread that answers to a loop that a failed start
    has closed by then prints a traceback."""
    connection = _AIOSQLITE.connect(*args, **kwargs)
    thread = connection._thread
    # As SQLAlchemy does where it opens the connection: a process that ends does not wait for it.
    thread.daemon = True
    try:
        return await connection
    except BaseException:
        await asyncio.to_thread(thread.join, _SECONDS_TO_END)
        raise
