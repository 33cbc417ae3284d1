"""The keys under which browsers seal unsaved words: one for each person, made when it is first asked for."""

from __future__ import annotations

import base64
import secrets

from sqlalchemy.exc import IntegrityError

from server.clock import utc_now
from server.db.database import Database
from server.db.tables import UnsavedKeyRow

_BYTES = 32


async def key_of(database: Database, subject: str) -> str:
    """The person's key: 32 random bytes, base64url without padding. The same on every replica and at every time."""
    known = await _stored(database, subject)
    if known is not None:
        return known
    key = base64.urlsafe_b64encode(secrets.token_bytes(_BYTES)).rstrip(b"=").decode()
    try:
        async with database.write() as db:
            db.add(UnsavedKeyRow(subject=subject, key=key, created_at=utc_now()))
    except IntegrityError:
        # Another call made it at the same time: theirs is the one that counts.
        return await key_of(database, subject)
    return key


async def _stored(database: Database, subject: str) -> str | None:
    async with database.read() as db:
        row = await db.get(UnsavedKeyRow, subject)
        return row.key if row is not None else None
