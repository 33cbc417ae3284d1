"""Queries for generations: the work queue that every worker draws from.

A running generation is leased. Every write of a worker names its owner and attempt, so that one whose lease has
passed to another changes nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, and_, case, false, func, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from server.db.tables import GenerationRow

ACTIVE = ("queued", "running")

# From so many crashes on a generation is suspected of them, and written while nothing else is.
SUSPECT_FROM = 2

# One attempt at a generation: its id, and which attempt it is.
Try = tuple[str, int]


async def add(
    db: AsyncSession, session_id: int, change: str, options: dict[str, Any], now: datetime, *, error: str | None = None
) -> GenerationRow:
    """A generation to be done; with ``error``, one that could not even begin. It is dated after the session's others,
    also where the clock was put back: their dates say which of them is the latest. The caller holds the session."""
    before = await db.scalar(select(func.max(GenerationRow.created_at)).where(GenerationRow.session_id == session_id))
    row = GenerationRow(
        id=uuid.uuid4().hex,
        session_id=session_id,
        change=change,
        options=options,
        state="failed" if error else "queued",
        attempt=0,
        handed_back=0,
        error=error,
        cancel_requested=False,
        created_at=now if before is None else max(now, before + timedelta(microseconds=1)),
        finished_at=now if error else None,
    )
    db.add(row)
    await db.flush()
    return row


async def find(db: AsyncSession, generation_id: str) -> GenerationRow | None:
    return await db.get(GenerationRow, generation_id)


async def latest(db: AsyncSession, session_id: int) -> GenerationRow | None:
    return (
        await db.execute(
            select(GenerationRow)
            .where(GenerationRow.session_id == session_id)
            .order_by(GenerationRow.created_at.desc(), GenerationRow.id.desc())
            .limit(1)
        )
    ).scalar_one_or_none()


async def style_written(db: AsyncSession, session_id: int) -> dict[str, str]:
    """The wishes that the session's note was last written with, beside the site's."""
    query = (
        select(GenerationRow.options)
        .where(GenerationRow.session_id == session_id, GenerationRow.state == "done")
        .order_by(GenerationRow.created_at.desc(), GenerationRow.id.desc())
        .limit(1)
    )
    options: dict[str, Any] = (await db.execute(query)).scalar_one_or_none() or {}
    style: dict[str, str] = options.get("style") or {}
    return style


async def active(db: AsyncSession, session_id: int) -> GenerationRow | None:
    """The generation of a session that waits or runs. There is at most one."""
    return (
        (
            await db.execute(
                select(GenerationRow).where(GenerationRow.session_id == session_id, GenerationRow.state.in_(ACTIVE))
            )
        )
        .scalars()
        .first()
    )


async def queue_length(db: AsyncSession) -> int:
    return (await db.execute(select(func.count()).where(GenerationRow.state == "queued"))).scalar_one()


async def position(db: AsyncSession, row: GenerationRow) -> int:
    """The place of a waiting generation in the queue, from 1."""
    ahead = await db.execute(
        select(func.count()).where(GenerationRow.state == "queued", GenerationRow.created_at < row.created_at)
    )
    return ahead.scalar_one() + 1


async def claim(
    db: AsyncSession, owner: str, lease: float, now: datetime, in_hand: Collection[Try] = ()
) -> GenerationRow | None:
    """Takes the oldest generation that waits, or whose worker has gone, for ``owner``; None when there is none. What
    the owner has ``in_hand`` has a worker, whatever the clock says of its lease. While there is anything, one that is
    suspected of ending its process is left for later, and so is all that came after it."""
    row = (
        await db.execute(
            select(GenerationRow)
            .where(
                or_(
                    GenerationRow.state == "queued",
                    and_(GenerationRow.state == "running", GenerationRow.lease_until < now, not_(_is_any(in_hand))),
                )
            )
            .order_by(GenerationRow.created_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
    ).scalar_one_or_none()
    if row is None or (in_hand and row.attempt - row.handed_back >= SUSPECT_FROM):
        return None
    row.state = "running"
    row.owner = owner
    row.attempt += 1
    row.lease_until = now + timedelta(seconds=lease)
    await db.flush()
    return row


def crashes(row: GenerationRow) -> int:
    """How many attempts before the one that runs ended with their process, as far as is known."""
    return max(0, row.attempt - 1 - row.handed_back)


async def release_all(db: AsyncSession, owner_prefix: str) -> int:
    """Gives back what a worker of this name held before it died, at once instead of when the lease ends."""
    result = await db.execute(
        update(GenerationRow)
        .where(GenerationRow.state == "running", GenerationRow.owner.startswith(owner_prefix, autoescape=True))
        .values(state="queued", owner=None, lease_until=None)
    )
    return cast("CursorResult[Any]", result).rowcount


async def renew(db: AsyncSession, owner: str, tries: Iterable[Try], lease: float, now: datetime) -> dict[Try, bool]:
    """Extends the leases of ``owner`` on ``tries``. Those it still holds, and whether each is to be cancelled."""
    its_own = (_is_any(tries), GenerationRow.state == "running", GenerationRow.owner == owner)
    await db.execute(update(GenerationRow).where(*its_own).values(lease_until=now + timedelta(seconds=lease)))
    rows = await db.execute(
        select(GenerationRow.id, GenerationRow.attempt, GenerationRow.cancel_requested).where(*its_own)
    )
    return {(generation_id, attempt): cancel for generation_id, attempt, cancel in rows}


def _is_any(tries: Iterable[Try]) -> ColumnElement[bool]:
    return or_(false(), *(and_(GenerationRow.id == one, GenerationRow.attempt == attempt) for one, attempt in tries))


async def hold(db: AsyncSession, generation_id: str, owner: str, attempt: int) -> GenerationRow | None:
    """The generation if it is still this owner's in this attempt, locked for the transaction. Whoever locks the
    session too locks that first: in another order two transactions could wait for each other for ever."""
    return (
        await db.execute(
            select(GenerationRow)
            .where(
                GenerationRow.id == generation_id,
                GenerationRow.state == "running",
                GenerationRow.owner == owner,
                GenerationRow.attempt == attempt,
            )
            .with_for_update()
        )
    ).scalar_one_or_none()


async def hold_unbegun(db: AsyncSession, session_id: int) -> bool:
    """Whether a note of the session waits that no worker has begun; none begins it until the transaction ends."""
    found = await db.execute(
        select(GenerationRow.id)
        .where(
            GenerationRow.session_id == session_id,
            GenerationRow.change == "generated",  # turns that come before a note is written anew come too late
            GenerationRow.state == "queued",
            GenerationRow.attempt == 0,
        )
        .with_for_update()
    )
    return found.scalar_one_or_none() is not None


async def request_cancel(db: AsyncSession, session_id: int, now: datetime) -> GenerationRow | None:
    """Asks for the end of a session's generation; None when there is none. One that no worker holds ends at once, the
    others when their worker sees it."""
    row = await active(db, session_id)
    if row is None:
        return None
    row.cancel_requested = True
    if row.state == "queued" or (row.lease_until is not None and row.lease_until < now):
        finish(row, "cancelled", now, error="cancelled")
    await db.flush()
    return row


async def average_inference_time(db: AsyncSession) -> float | None:
    """Seconds that writing a note took, over all that were written."""
    result = await db.execute(select(func.avg(GenerationRow.inference_time)).where(GenerationRow.state == "done"))
    seconds = result.scalar_one()
    return float(seconds) if seconds is not None else None


def finish(
    row: GenerationRow,
    state: str,
    now: datetime,
    *,
    error: str | None = None,
    version: int | None = None,
    inference_time: float | None = None,
) -> None:
    """Ends a generation: ``done``, ``failed`` or ``cancelled``."""
    row.state = state
    row.error = error
    row.note_version = version
    row.inference_time = inference_time
    row.finished_at = now
    row.lease_until = None


def hand_back(row: GenerationRow, *, in_order: bool) -> None:
    """Puts a generation back into the queue; ``in_order``: through no fault of its own."""
    row.handed_back += int(in_order)
    row.state = "queued"
    row.owner = None
    row.lease_until = None


async def totals(db: AsyncSession) -> dict[str, int]:
    """How many generations are in each state. ``refused`` are those that no worker was given: too short a session."""
    state = case(
        ((GenerationRow.state == "failed") & (GenerationRow.attempt == 0), "refused"), else_=GenerationRow.state
    )
    rows = await db.execute(select(state.label("as_counted"), func.count()).group_by("as_counted"))
    return dict(rows.all())
