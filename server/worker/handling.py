"""What the worker does with an event of a session: stores what it brings, and says so to the drafter.

Handling is quick: the note itself is written by the drafter, from the queue in the database. So an event can be
acknowledged as soon as its transaction has committed, and delivering it again changes nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

import structlog
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from events.broker import Delivery
from events.contracts import ClosedData, SegmentData, SessionEvent, UnreadableEventError, read_session_event
from events.outcome import Ack, Outcome, Reject, Retry
from events.subjects import closed_subject, segment_subject
from models.transcript import Turn
from server.clock import utc_now
from server.db import outbox, sessions
from server.db.database import Database
from server.errors import ConflictError, TooLargeError
from server.sessions import intake
from server.sessions.intake import Limits

# Seconds between tries while the database is away, and how long one delivery waits for it. The wait is here and not
# in the broker, whose every delivery is one of few attempts: twenty waits are hours, twenty quick tries under a minute.
_AWAY_RETRY = 2.0
_AWAY_PATIENCE = 600.0
_ERROR_RETRY = 2.0

# The end of a session that is not known yet: another worker may be about to store its first turns.
_UNKNOWN_RETRY = 1.0
_UNKNOWN_ATTEMPTS = 3


class Following(Protocol):
    """Who reads live sessions."""

    def follow(self, session_id: int, turns: tuple[Turn, ...]) -> None: ...


class _UnknownSessionError(ConflictError):
    """The end of a session that is not stored, without its transcript."""


class SessionEvents:
    """Handler of the stream SESSIONS. ``on_closed`` and ``on_change`` are called after the commit."""

    def __init__(
        self,
        database: Database,
        live: Following,
        limits: Limits,
        on_closed: Callable[[], None],
        on_change: Callable[[int], None],
        *,
        patience: float = _AWAY_PATIENCE,
    ) -> None:
        self._database = database
        self._live = live
        self._limits = limits
        self._on_closed = on_closed
        self._on_change = on_change
        self._patience = patience
        self._log = structlog.get_logger()

    async def handle(self, delivery: Delivery) -> Outcome:
        """Decides about one delivery; what it brought is committed when this returns ``Ack``."""
        try:
            event = read_session_event(delivery.subject, delivery.payload, delivery.headers)
        except UnreadableEventError as error:
            return Reject(error.reason)
        try:
            await self._when_the_database_answers(event)
        except _UnknownSessionError as error:
            if delivery.attempt < _UNKNOWN_ATTEMPTS:
                return Retry(_UNKNOWN_RETRY, error.detail)
            return Reject(error.detail)
        except (ConflictError, TooLargeError) as error:
            return Reject(error.detail)
        except IntegrityError:
            # Two workers stored the same session at once; the second look finds it there.
            return Retry(0.2, "stored by another worker at the same time")
        except (DBAPIError, OSError) as error:
            self._log.warning("an event could not be stored", error=type(error).__name__)
            return Retry(_ERROR_RETRY, "database")
        return Ack()

    async def _when_the_database_answers(self, event: SessionEvent) -> None:
        """Takes the event, however long the database is away: stopped, started anew, or its disk full."""
        give_up_at = time.monotonic() + self._patience
        while True:
            try:
                return await self._take(event)
            except (OperationalError, InterfaceError, OSError) as error:
                if time.monotonic() >= give_up_at:
                    raise
                self._log.warning("the database cannot be used", error=type(error).__name__)
            await asyncio.sleep(_AWAY_RETRY)

    async def _take(self, event: SessionEvent) -> None:
        if isinstance(event.data, SegmentData):
            await self._segments(event.event.source, event.event.id, event.data)
        else:
            await self._closed(event.event.source, event.event.id, event.data)

    async def _segments(self, source: str, event_id: str, data: SegmentData) -> None:
        turns = [Turn(s.index, s.speaker, s.text, s.start) for s in data.segments]
        now = utc_now()
        async with self._database.write() as db:
            session = await intake.of_event(db, data.session_id, data.patient_id, data.therapist_id, now)
            if await outbox.is_first_time(db, source, event_id, segment_subject(data.session_id), now):
                # They were on their way when the session was closed by a call, which does not wait for the stream.
                await intake.append(db, session, turns, self._limits, now, until_begun=True)
            live = session.status == "live"
            every = await sessions.turns(db, session.id)
        if live:
            self._live.follow(data.session_id, every)
        self._on_change(data.session_id)

    async def _closed(self, source: str, event_id: str, data: ClosedData) -> None:
        now = utc_now()
        async with self._database.write() as db:
            if data.transcript is None and await sessions.find(db, data.session_id) is None:
                raise _UnknownSessionError("The session is not known here, and the event brings no transcript of it.")
            session = await intake.of_event(db, data.session_id, data.patient_id, data.therapist_id, now)
            if await outbox.is_first_time(db, source, event_id, closed_subject(data.session_id), now):
                if data.transcript is not None:
                    await intake.take_transcript(db, session, data.transcript, self._limits, now)
                await intake.close(db, session, now, closed_at=data.closed_at)
        self._on_change(data.session_id)
        self._on_closed()
