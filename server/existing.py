"""The database as a command finds it that only reads: nothing is made, and what stands in the way is one line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from server.db.database import Database
from server.db.migrate import Schema, schema_of
from server.errors import SettingsError
from server.settings import Settings, shown_address

NEWER = (
    "the database is of a newer release; run that release, "
    "or restore the backup that was made before the upgrade (docs/deployment.md)"
)
MIGRATE = "'casenote migrate' brings it to the schema of this release"
_UNFIT = {
    Schema.EMPTY: f"there are no tables in it yet; {MIGRATE}",
    Schema.OLDER: f"the database is of an older release; {MIGRATE}",
    Schema.NEWER: NEWER,
}


@asynccontextmanager
async def existing_database(settings: Settings) -> AsyncIterator[Database]:
    """The database, at the schema of this release. Raises ``SettingsError`` where it is not, and for what goes wrong
    while the block reads from it."""
    if (schema := await found_schema(settings)) in _UNFIT:
        raise _unusable(settings, _UNFIT[schema])
    async with _opened(settings) as database:
        yield database


async def found_schema(settings: Settings) -> Schema:
    """The schema of the database. Raises ``SettingsError`` when it cannot be read, or is not there."""
    file = sqlite_file(settings)
    # SQLite makes the file that it does not find.
    if file is not None and not file.is_file():
        raise _unusable(settings, "there is no such file; set CASENOTE_HOME or DATABASE_URL to where it is")
    async with _opened(settings) as database:
        return await schema_of(database)


def sqlite_file(settings: Settings) -> Path | None:
    """The file of the database; None where it is a server's."""
    url = make_url(settings.database)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Database]:
    database = Database(settings.database)
    try:
        yield database
    except OSError as error:
        raise _unusable(
            settings, f"it does not answer ({error.strerror or type(error).__name__}); start it, or name another"
        ) from error
    except DBAPIError as error:
        # The kind of error says enough; its words can hold the statement and what is stored.
        kind = type((error.orig and error.orig.__cause__) or error.orig).__name__
        raise _unusable(settings, f"it cannot be read ({kind}); {_advice(settings)}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise _unusable(
            settings, f"what is stored cannot be read ({type(error).__name__}); restore a backup"
        ) from error
    finally:
        await database.close()


def _advice(settings: Settings) -> str:
    if sqlite_file(settings) is not None:
        return "it must be a whole database of SQLite that this user may read: else restore a backup"
    return "check that it exists and that user and password are right"


def _unusable(settings: Settings, why: str) -> SettingsError:
    return SettingsError(f"DATABASE_URL is {shown_address(settings.database)}: {why}")
