"""A note's next version: decided and held against the session before the transaction that stores it.

On SQLite everybody who writes waits for everybody else, and finding evidence for a long note takes seconds. So a change
is made on what was read, outside of any transaction, and stored where that is still the version that stands. Where it
is not, the change is made again on the one that is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from models.transcript import Turn
from server import announce
from server.clock import utc_now
from server.db import notes, sessions
from server.db.notes import Stored
from server.db.tables import SessionRow
from server.notes.document import evidence_of
from server.notes.state import Change, Note

# After so many versions that were not the last one any more, the change is made while nobody else can write. What was
# found of its sentences by then is known.
TRIES = 3


@dataclass(frozen=True, slots=True)
class Version:
    """What a change makes of a note, and how its revision tells of it."""

    note: Note
    change: Change
    author: dict[str, Any]


# What becomes of a note (None: there is none yet); None where nothing does. Pure, and may take its time.
Decide = Callable[[Note | None, datetime], Version | None]


@dataclass(frozen=True, slots=True)
class Ground:
    """What a change is made on: the note as it stands, and the session."""

    stored: Stored | None
    turns: Sequence[Turn]


@dataclass(frozen=True, slots=True)
class Made:
    """A change made on version ``on`` (0: no note). ``stored``: the note after it, None where there is none."""

    on: int
    version: Version | None
    stored: Stored | None


async def ground(db: AsyncSession, session_id: int) -> Ground:
    return Ground(await notes.find(db, session_id), await sessions.turns(db, session_id))


async def made(ground: Ground, decide: Decide) -> Made:
    """The change, with evidence for what it says, while other callers are served. Raises what ``decide`` raises."""
    return await asyncio.to_thread(_made, ground, decide, utc_now())


async def keep(db: AsyncSession, session: SessionRow, made: Made, *, with_text: bool) -> None:
    """Stores note, revision and event in the caller's transaction. Raises ``StaleVersionError`` unless the version
    that the change was made on is the one that is stored."""
    version, now = made.version, utc_now()
    if version is None or made.stored is None:
        return
    await notes.save(db, session.id, made.stored, change=version.change.value, author=version.author, now=now)
    session.updated_at = now
    announce.note_updated(db, session, version.note, version.change, now, with_text=with_text)


def _made(ground: Ground, decide: Decide, now: datetime) -> Made:
    before = ground.stored.note if ground.stored is not None else None
    version = decide(before, now)
    stored = ground.stored
    if version is not None:
        stored = Stored(version.note, evidence_of(version.note, ground.turns))
    return Made(before.version if before is not None else 0, version, stored)
