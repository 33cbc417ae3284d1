"""The digests of a patient's sessions: kept ones from the database, the others read now and then kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import structlog
from sqlalchemy.exc import DBAPIError

from models.formats import NoteFormat
from server.db import digests, notes, sessions
from server.db.database import Database
from server.db.digests import SessionState
from server.notes import digest
from server.notes.digest import Digest

# Sessions of which the digests are kept in one transaction; of so many at most the reading is lost when it breaks off.
_TOGETHER = 20

_log = structlog.get_logger()


async def digests_of(
    database: Database, formats: Mapping[str, NoteFormat], states: Sequence[SessionState]
) -> AsyncIterator[Digest]:
    """The digest of each session of ``states``, in their order, as it is read."""
    for begin in range(0, len(states), _TOGETHER):
        batch = states[begin : begin + _TOGETHER]
        async with database.read() as db:
            kept = await digests.find(db, [state.id for state in batch])
        fresh: list[tuple[int, str, Digest]] = []
        for state in batch:
            row = kept.get(state.id)
            if row is not None and row.basis == digest.basis(formats, state.version, state.turns):
                yield digest.from_json(row.content)
                continue
            basis, read = await _read(database, formats, state)
            fresh.append((state.id, basis, read))
            yield read
        await _keep(database, fresh)


async def _read(database: Database, formats: Mapping[str, NoteFormat], state: SessionState) -> tuple[str, Digest]:
    async with database.read() as db:
        stored = await notes.find(db, state.id)
        note = stored.note if stored is not None else None
        # A transcript is read only where no note says what was in it.
        turns = () if note is not None and note.text.strip() else await sessions.turns(db, state.id)
    # Long transcripts take a while to read: other calls go on meanwhile.
    read = await asyncio.to_thread(digest.digest_of, note, turns, formats)
    return digest.basis(formats, note.version if note else 0, len(turns) or state.turns), read


async def _keep(database: Database, fresh: Sequence[tuple[int, str, Digest]]) -> None:
    """Keeps what was read. The overview does not depend on it: a database that takes nothing now is asked again."""
    if not fresh:
        return
    try:
        async with database.write() as db:
            for session_id, basis, read in fresh:
                await digests.keep(db, session_id, basis, digest.to_json(read))
    except (DBAPIError, OSError) as error:
        _log.warning("digests of sessions cannot be kept", error=type(error).__name__)
