"""Queries for reductions: what the windows of long sessions were reduced to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.tables import ReductionRow


async def find(db: AsyncSession, session_id: int, keys: Iterable[str]) -> dict[str, list[Any]]:
    """The stored facts of a session by key, of those ``keys`` that are known."""
    rows = await db.execute(
        select(ReductionRow.key, ReductionRow.facts).where(
            ReductionRow.session_id == session_id, ReductionRow.key.in_(list(keys))
        )
    )
    return dict(rows.all())


async def add(db: AsyncSession, session_id: int, key: str, facts: list[Any], now: datetime) -> None:
    """Stores facts; those that another worker stored first stay."""
    if await db.get(ReductionRow, (session_id, key)) is None:
        db.add(ReductionRow(session_id=session_id, key=key, facts=facts, created_at=now))
