"""Which SQLite the product runs on.

The SQLite of Debian 12 (3.40) has the WAL-reset bug: with several writers it can lose committed rows. The wheel
``sqlcipher3`` bundles a fixed one. aiosqlite finds its driver by the name ``sqlite3``, so that name points at the
bundled driver while aiosqlite is imported, and only then.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import sqlcipher3

# Fixed in 3.51.3; earlier releases lose committed rows in WAL mode with two or more connections.
WAL_SAFE = (3, 51, 3)


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
