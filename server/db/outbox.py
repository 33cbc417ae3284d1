"""The outbox and the inbox: events to publish, and events that were handled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from events.outbox import OutboxMessage
from server.clock import utc_now
from server.db.database import Database
from server.db.tables import InboxRow, OutboxRow
from server.errors import ConflictError


def enqueue(db: AsyncSession, message_id: str, subject: str, payload: bytes, now: datetime) -> None:
    """Leaves an event to be published once the transaction has committed."""
    db.add(OutboxRow(id=message_id, subject=subject, payload=payload.decode(), created_at=now))


async def is_first_time(db: AsyncSession, source: str, event_id: str, subject: str, now: datetime) -> bool:
    """Whether this event was not handled before; from now on it was, if the transaction commits. Raises
    ``ConflictError`` for one that came on another subject: it is no redelivery, and would be lost as one."""
    known = await db.get(InboxRow, (source, event_id))
    if known is not None:
        if known.subject not in (None, subject):
            raise ConflictError("This id was used for another event, on another subject.")
        return False
    db.add(InboxRow(source=source, event_id=event_id, subject=subject, received_at=now))
    await db.flush()
    return True


class DatabaseOutbox:
    """``events.outbox.OutboxStore`` over the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unpublished(self, limit: int, after: int = 0) -> Sequence[OutboxMessage]:
        async with self._database.read() as db:
            rows = await db.execute(
                select(OutboxRow.position, OutboxRow.id, OutboxRow.subject, OutboxRow.payload)
                .where(OutboxRow.published_at.is_(None), OutboxRow.position > after)
                .order_by(OutboxRow.position)
                .limit(limit)
            )
            return [OutboxMessage(p, i, subject, payload.encode()) for p, i, subject, payload in rows]

    async def mark_published(self, positions: Sequence[int]) -> None:
        values: dict[str, Any] = {"published_at": utc_now()}
        async with self._database.write() as db:
            await db.execute(update(OutboxRow).where(OutboxRow.position.in_(list(positions))).values(**values))

    async def lag(self) -> int:
        async with self._database.read() as db:
            return (await db.execute(select(func.count()).where(OutboxRow.published_at.is_(None)))).scalar_one()

    async def waiting(self) -> float:
        """For how many seconds the oldest unpublished event has waited."""
        async with self._database.read() as db:
            oldest = select(func.min(OutboxRow.created_at)).where(OutboxRow.published_at.is_(None))
            first = (await db.execute(oldest)).scalar_one()
        return max(0.0, (utc_now() - first).total_seconds()) if first is not None else 0.0
