"""Bringing a database to the schema of this release. ``python -m server.db.migrate check`` compares the migrations
with the tables; ``… revision MESSAGE`` writes the next migration."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from enum import Enum, auto
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text

from server.db.database import Database

# Any number will do, as long as all processes of the product use the same.
_LOCK = 5_128_406_147


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


class Schema(Enum):
    """How the schema of a database stands to this release."""

    EMPTY = auto()
    OLDER = auto()
    CURRENT = auto()
    NEWER = auto()


class NewerSchemaError(Exception):
    """A newer release has changed the database; this one does not know how, and a schema does not go back."""


def _schema(connection: Connection) -> Schema:
    scripts = ScriptDirectory.from_config(_config(connection))
    found = set(MigrationContext.configure(connection).get_current_heads())
    if not found:
        return Schema.EMPTY
    if found - {script.revision for script in scripts.walk_revisions()}:
        return Schema.NEWER
    return Schema.CURRENT if found == set(scripts.get_heads()) else Schema.OLDER


async def schema_of(database: Database) -> Schema:
    """Looks, and changes nothing."""
    async with database.read() as db:
        return await (await db.connection()).run_sync(_schema)


async def upgrade(database: Database) -> None:
    """Applies every migration that is missing. Safe to call again, and from several processes at once: on SQLite a
    transaction that writes is alone, on PostgreSQL a lock of the transaction makes it so. Raises
    ``NewerSchemaError``."""
    async with database.engine.begin() as connection:
        if not database.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if await connection.run_sync(_schema) is Schema.NEWER:
            raise NewerSchemaError
        await connection.run_sync(lambda sync: command.upgrade(_config(sync), "head"))


async def _against_tables(action: str, message: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{folder}/check.db")
        try:
            await upgrade(database)
            async with database.engine.begin() as connection:
                if action == "check":
                    await connection.run_sync(lambda sync: command.check(_config(sync)))
                else:
                    await connection.run_sync(
                        lambda sync: command.revision(_config(sync), message=message, autogenerate=True)
                    )
        finally:
            await database.close()


if __name__ == "__main__":
    try:
        asyncio.run(_against_tables(sys.argv[1], " ".join(sys.argv[2:])))
    except CommandError as error:
        sys.exit(f"{error}")
