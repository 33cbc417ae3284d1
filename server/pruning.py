"""Takes out of the database what is needed no more: events that were published, and names of events that were handled.

A published event lies in its stream; here it is a second copy of what was said, or of a note's text. Only events that
the broker has confirmed go, and none of them is ever published again. An event whose name is forgotten and that comes
all the same changes nothing either: its turns are stored, its session is closed. The names only keep it from being held
against the session once more, so they stay longer than the stream can deliver an event again.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select, tuple_

from events.streams import SESSIONS
from server.clock import utc_now
from server.db.database import Database
from server.db.tables import InboxRow, OutboxRow

# For whoever looks into what was sent yesterday; the stream needs none of it.
OUTBOX_KEPT = timedelta(days=1)
INBOX_KEPT = 2 * timedelta(seconds=SESSIONS.max_age)

# Rows in one transaction: others write meanwhile, and on SQLite they wait for it.
BATCH = 500
BETWEEN_BATCHES = 1.0
EVERY = 3600.0


async def prune(database: Database, now: datetime) -> bool:
    """One batch of each; what there is to take out is looked up without holding anybody up. True when there may be
    more."""
    async with database.read() as db:
        published = select(OutboxRow.position).where(OutboxRow.published_at < now - OUTBOX_KEPT)
        positions = (await db.execute(published.order_by(OutboxRow.position).limit(BATCH))).scalars().all()
        handled = select(InboxRow.source, InboxRow.event_id).where(InboxRow.received_at < now - INBOX_KEPT)
        names = [(source, event_id) for source, event_id in await db.execute(handled.limit(BATCH))]
    if positions or names:
        async with database.write() as db:
            await db.execute(delete(OutboxRow).where(OutboxRow.position.in_(positions)))
            await db.execute(delete(InboxRow).where(tuple_(InboxRow.source, InboxRow.event_id).in_(names)))
    return BATCH in (len(positions), len(names))


async def keep_pruning(database: Database) -> None:
    """Until it is cancelled. A database that is away or full is tried again the next time."""
    log = structlog.get_logger()
    while True:
        more = False
        try:
            more = await prune(database, utc_now())
        except Exception as error:
            log.warning("old events could not be taken out of the database", error=type(error).__name__)
        await asyncio.sleep(BETWEEN_BATCHES if more else EVERY)
