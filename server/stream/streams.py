"""The streams of notes that the API serves: one log for each note that is watched, any number of watchers over it.

What is being written comes from the token log in the broker, so that every replica of the API serves the same
events under the same ids. How it ended is in the database: when the last frame of a note was lost with its worker,
the end is taken from there.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog

from events.broker import MessageBroker
from events.frames import Frame, Position, parse_event_id
from server.clock import utc_now
from server.db import generations, notes
from server.db.database import Database
from server.db.tables import GenerationRow, SessionRow
from server.errors import NotFoundError
from server.notes.document import document
from server.sessions.intake import own
from server.stream.ending import failed_end, is_partial, written_end
from server.stream.log import NoteLog, encode
from server.stream.shared_reads import SharedReads
from server.stream.standing import Standing, read_standing
from server.stream.terminal import failure_problem

# How long after its end a generation can be read again from the token log.
REPLAY = timedelta(minutes=10)
_LOOK_EVERY = 1.0
_HISTORY_PATIENCE = 3.0
_IDLE = 30.0
_NOTHING = "No note is being written for this session, and none is stored"


@dataclass(slots=True)
class _Watched:
    log: NoteLog
    follower: asyncio.Task[None]
    watchers: int = 0
    left_at: float = field(default_factory=time.monotonic)


class NoteStreams:
    """Watchers of notes."""

    def __init__(self, database: Database, broker: MessageBroker) -> None:
        self._database = database
        self._broker = broker
        self._standings = SharedReads(partial(read_standing, database))
        self._watched: dict[int, _Watched] = {}
        self._log = structlog.get_logger()

    @property
    def watchers(self) -> int:
        return sum(watched.watchers for watched in self._watched.values())

    async def open(
        self, session_id: int, last_event_id: str | None, caller: str | None
    ) -> AsyncGenerator[bytes, None] | None:
        """The encoded server-sent events from after ``last_event_id``; None when nothing came after it and nothing
        will. Raises ``NotFoundError`` where the session is not the ``caller``'s, and where nothing runs and nothing
        is stored."""
        standing = await self._standings.of(session_id)
        own(standing.session, caller)
        latest, version = standing.latest, standing.version
        seen = parse_event_id(last_event_id) if last_event_id else None
        known = latest is not None and seen is not None and seen[0] == latest.id
        if latest is not None and self._is_live(latest, standing, known=known):
            return await self._open_log(session_id, latest, standing.position, seen)
        if version == 0:
            if latest is not None and _failed_lately(latest):
                end = failed_end(latest.id, latest.attempt, failure_problem(latest.error or ""))
                return None if last_event_id == end.id else _whole(encode(end.id, end.event, end.data))
            raise NotFoundError(_NOTHING)
        final = f"note.{session_id}.{version}"
        if last_event_id == final:
            return None
        note = encode(final, "note", await self._document(session_id))
        if latest is not None and seen is not None and known and latest.attempt and _is_recent(latest):
            note = await self._rest(session_id, latest, seen[1]) + note
        return _whole(note)

    async def look(self, session_id: int, caller: str | None) -> None:
        """Opens nothing. Raises ``NotFoundError`` where ``open`` does."""
        standing = await self._standings.of(session_id)
        own(standing.session, caller)
        latest = standing.latest
        tells = latest is not None and (self._is_live(latest, standing, known=False) or _failed_lately(latest))
        if not tells and standing.version == 0:
            raise NotFoundError(_NOTHING)

    async def stop(self) -> None:
        """Ends every watcher."""
        for watched in self._watched.values():
            watched.log.close()
        tasks = [watched.follower for watched in self._watched.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._watched.clear()

    def _is_live(self, row: GenerationRow, standing: Standing, *, known: bool) -> bool:
        """Whether a generation is what is streamed: it runs, or it ended lately and nobody stored a note since.
        ``known``: the reader has seen some of it. Who saw some of one that failed hears how it ended."""
        if row.state in generations.ACTIVE:
            return True
        if row.attempt == 0 or row.finished_at is None or not _is_recent(row):
            return False
        if row.state == "done":
            return row.note_version == standing.version
        return known or standing.stored_at is None or standing.stored_at <= row.finished_at

    async def _rest(self, session_id: int, row: GenerationRow, seen: Position) -> bytes:
        """What came after ``seen`` of a generation that is over, up to its note, which is another one by now."""
        log = self._watch(session_id, row.id, row.created_at).log
        await self._fill(session_id, log)
        if log.generation != row.id or not log.ended:
            return b""
        if is_partial(seen):
            return _foreign_reset(row) + log.read_before_end(0)
        return log.read_before_end(log.after(seen))

    async def _open_log(
        self, session_id: int, row: GenerationRow, place: int | None, seen: tuple[str, Position] | None
    ) -> AsyncGenerator[bytes, None] | None:
        watched = self._watch(session_id, row.id, row.created_at)
        log = watched.log
        if row.state not in generations.ACTIVE:
            await self._fill(session_id, log)
        if seen is None:
            first = _queued(row, place) if place is not None else b""
            return self._follow(watched, row.id, 0, first=first)
        generation, position = seen
        if generation != row.id or is_partial(position):
            # The reader holds text of another generation, or text that is not told in this order here.
            return self._follow(watched, row.id, 0, first=_foreign_reset(row))
        cursor = log.after(position)
        if log.ended and cursor >= len(log):
            return None
        return self._follow(watched, row.id, cursor, after=position)

    def _watch(self, session_id: int, generation: str, begun: datetime) -> _Watched:
        watched = self._watched.get(session_id)
        if watched is None or watched.follower.done():
            log = NoteLog()
            follower = asyncio.create_task(self._feed(session_id, log), name=f"stream-{session_id}")
            watched = self._watched[session_id] = _Watched(log, follower)
        watched.log.begin(generation, begun)
        # Whoever opens a stream may be gone before its first event is asked for: watching begins with that.
        watched.left_at = time.monotonic()
        return watched

    async def _feed(self, session_id: int, log: NoteLog) -> None:
        """Fills a log from the broker, and from the database when a note ended without telling."""
        look = asyncio.create_task(self._look_at_database(session_id, log))
        try:
            async with contextlib.aclosing(self._broker.follow_frames(str(session_id))) as frames:
                async for payload in frames:
                    with contextlib.suppress(ValueError):
                        log.take(Frame.decode(payload))
        finally:
            look.cancel()

    async def _look_at_database(self, session_id: int, log: NoteLog) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            watched = self._watched.get(session_id)
            if watched is None or watched.log is not log:
                return
            if watched.watchers == 0 and time.monotonic() - watched.left_at > _IDLE:
                del self._watched[session_id]
                watched.follower.cancel()
                return
            if watched.watchers and log.generation is not None and not log.ended:
                try:
                    await self._end_from_database(session_id, log)
                except Exception as error:
                    self._log.warning("a note cannot be looked at", error=type(error).__name__)

    async def _end_from_database(self, session_id: int, log: NoteLog) -> None:
        """Ends a log whose generation is over in the database though its last frame never came."""
        async with self._database.read() as db:
            row = await generations.find(db, log.generation or "")
        if row is None or row.state in generations.ACTIVE or row.finished_at is None:
            return
        if utc_now() - row.finished_at < timedelta(seconds=_HISTORY_PATIENCE) or log.ended:
            return
        await self._append_end(session_id, log, row)

    async def _append_end(self, session_id: int, log: NoteLog, row: GenerationRow) -> None:
        attempt = max(log.last.attempt, row.attempt)
        if row.state != "done":
            log.append(failed_end(row.id, attempt, failure_problem(row.error or "")))
            return
        document = await self._document(session_id)
        for event in written_end(row.id, attempt, log.told(), document):
            log.append(event)

    async def _fill(self, session_id: int, log: NoteLog) -> None:
        """Waits until the log of a generation that is over holds its end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HISTORY_PATIENCE):
                while not log.ended and not log.closed:
                    await log.grown(len(log))
        if not log.ended and log.generation is not None:
            async with self._database.read() as db:
                row = await generations.find(db, log.generation)
            if row is not None:
                await self._append_end(session_id, log, row)

    async def _follow(
        self,
        watched: _Watched,
        generation: str,
        cursor: int,
        *,
        first: bytes = b"",
        after: Position | None = None,
    ) -> AsyncGenerator[bytes, None]:
        log = watched.log
        watched.watchers += 1
        try:
            if first:
                yield first
            while not log.closed and log.generation == generation:
                if after is not None:
                    cursor = max(cursor, log.after(after))
                chunk = log.read(cursor)
                if chunk:
                    cursor, after = len(log), None
                    yield chunk
                elif log.ended:
                    return
                else:
                    await log.grown(cursor)
        finally:
            watched.watchers -= 1
            watched.left_at = time.monotonic()

    async def _document(self, session_id: int) -> dict[str, object]:
        async with self._database.read() as db:
            stored = await notes.find(db, session_id)
            session = await db.get(SessionRow, session_id)
            style = await generations.style_written(db, session_id)
        if stored is None or session is None:
            raise NotFoundError("The session has no note")
        return document(session_id, session.patient_id, stored.note, stored.evidence, style)


def _queued(row: GenerationRow, place: int) -> bytes:
    """What a reader sees before any worker has taken the note up."""
    status = {
        "generation_id": row.id,
        "attempt": max(1, row.attempt),
        "state": "queued",
        "position": place,
        "prefill_done": 0,
        "prefill_total": 0,
        "tokens_per_second": None,
        "eta_seconds": None,
    }
    return encode(f"{row.id}.0.0", "status", status)


def _is_recent(row: GenerationRow) -> bool:
    """Whether a generation ended so lately that its readers may still come back."""
    return row.finished_at is not None and utc_now() - row.finished_at <= REPLAY


def _failed_lately(row: GenerationRow) -> bool:
    return row.state in ("failed", "cancelled") and _is_recent(row)


def _foreign_reset(row: GenerationRow) -> bytes:
    return encode(f"{row.id}.0.0", "reset", {"attempt": max(1, row.attempt), "reason": "another generation"})


async def _whole(events: bytes) -> AsyncGenerator[bytes, None]:
    yield events
