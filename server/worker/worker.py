"""The worker: takes generations from the queue, runs them, stores what they wrote.

A generation is leased while it runs. A worker that stops hands its generations back; one that dies loses the lease,
and the next worker begins a new attempt.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import structlog

from events.broker import MessageBroker
from events.wake import CANCEL, SESSION_CHANGED, WAKE_RELAY, WAKE_WORKER, WORKER_STATS
from models.engine.api import EngineFailure, Sampling
from models.formats import NO_WISHES, NoteFormat, NoteOptions, with_options
from models.formats.format import DEFAULT_FORMAT
from server import announce
from server.clock import utc_now
from server.db import generations, notes, sessions
from server.db.database import Database
from server.db.generations import Try
from server.db.tables import GenerationRow
from server.errors import LockedError
from server.notes import merging, text, versions
from server.notes.document import document
from server.notes.state import Change, Draft, Note
from server.notes.versions import Decide, Made, Version
from server.stream.terminal import failure_problem
from server.worker.drafting import Drafting, Task
from server.worker.failure import GenerationFailedError, TooManyAttemptsError
from server.worker.frames import FrameWriter
from server.worker.report import report
from server.worker.serving import Desk, Serving

_IDLE_LOOK = 2.0
_STATS_EVERY = 2.0
# After this many attempts that ended with the process the model is not asked again: something in this session may be
# what ends it. The last of them was made while no other note was written.
_CRASHES = 3


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """``owner`` names the process; ``name`` is what stays the same when the process is started again. ``note_format``
    and ``style`` are the site's, for notes of which nobody said otherwise."""

    name: str
    owner: str
    slots: int
    lease: float
    deadline: float
    parallel: bool
    allow_fallback: bool
    with_text: bool
    note_format: str = DEFAULT_FORMAT
    style: NoteOptions = NO_WISHES


class Worker:
    def __init__(
        self,
        database: Database,
        broker: MessageBroker,
        serving: Serving,
        formats: dict[str, NoteFormat],
        options: WorkerOptions,
    ) -> None:
        self._database = database
        self._broker = broker
        self._serving = serving
        self._formats = formats
        self._options = options
        self._claimed: set[Try] = set()
        self._suspect: Try | None = None
        self._running: dict[Try, Drafting] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []
        self._wake = asyncio.Event()
        self._stopping = False
        self._log = structlog.get_logger().bind(owner=options.owner)

    async def start(self) -> None:
        """Takes back what this worker held when it died, and begins."""
        async with self._database.write() as db:
            released = await generations.release_all(db, f"{self._options.name}:")
        if released:
            self._log.info("took back generations of an earlier process", count=released)
        self._broker.listen(WAKE_WORKER, lambda _subject, _payload: self._wake.set())
        self._broker.listen(CANCEL, self._on_cancel)
        for loop in (self._draw, self._renew, self._report):
            self._loops.append(asyncio.create_task(loop(), name=f"worker-{loop.__name__}"))

    async def stop(self, patience: float) -> None:
        """Lets running notes finish for ``patience`` seconds, then hands the others back."""
        self._stopping = True
        self._wake.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience)
        for drafting in self._running.values():
            drafting.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=10)
        await self._serving.stop_reading()
        for task in [*self._loops, *self._tasks]:
            task.cancel()
        await asyncio.gather(*self._loops, *self._tasks, return_exceptions=True)

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    async def _draw(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                while len(self._tasks) < self._options.slots and not self._stopping and await self._begin_one():
                    pass
            except Exception as error:
                self._log.warning("the queue cannot be read", error=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _IDLE_LOOK)

    async def _begin_one(self) -> bool:
        if self._suspect is not None:
            # What ends the process would take with it, and be confused with, whatever else is written.
            return False
        async with self._database.write() as db:
            # A clock that was put forward, or a machine that slept, makes leases run out that are held here.
            row = await generations.claim(db, self._options.owner, self._options.lease, utc_now(), self._claimed)
        if row is None:
            return False
        this = row.id, row.attempt
        self._claimed.add(this)
        if generations.crashes(row) >= generations.SUSPECT_FROM:
            self._suspect = this
        task = asyncio.create_task(self._run(row), name=f"generation-{row.id}")
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._on_done(done, this))
        return True

    def _on_done(self, task: asyncio.Task[None], this: Try) -> None:
        self._tasks.discard(task)
        # From here on the lease is not renewed: what did not end is tried again once it has run out.
        self._claimed.discard(this)
        if self._suspect == this:
            self._suspect = None
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            # The type alone: a message may quote the session.
            self._log.error("a generation ended with an error", error=type(error).__name__)

    async def _run(self, row: GenerationRow) -> None:
        frames = FrameWriter(self._broker, str(row.session_id), row.id, row.attempt)
        try:
            with self._serving.writing(row.session_id) as desk:
                draft = await self._write(row, desk, frames)
            await self._store(row, draft, desk.info.beams, frames)
        except GenerationFailedError as error:
            await self._fail(row, error.reason, frames)
        except TooManyAttemptsError:
            await self._fail(row, "attempts", frames)
        finally:
            self._running.pop((row.id, row.attempt), None)
            await frames.close(patience=10.0)
            self._changed(row.session_id)

    async def _write(self, row: GenerationRow, desk: Desk, frames: FrameWriter) -> Draft:
        task = await self._task(row)
        drafting = Drafting(
            desk.engine,
            desk.reader,
            task,
            frames,
            parallel=self._options.parallel,
            deadline=self._options.deadline,
            model=desk.written_by,
            early=desk.early,
        )
        self._running[row.id, row.attempt] = drafting
        if row.cancel_requested:
            drafting.cancel()
        self._changed(row.session_id)
        if generations.crashes(row) >= _CRASHES:
            if not task.allow_fallback:
                raise TooManyAttemptsError
            return await drafting.write_fallback("attempts")
        await desk.live.leave(row.session_id)
        return await drafting.write()

    async def _task(self, row: GenerationRow) -> Task:
        async with self._database.read() as db:
            turns = await sessions.turns(db, row.session_id)
        options = row.options
        only = options.get("only")
        return Task(
            generation_id=row.id,
            session_id=row.session_id,
            attempt=row.attempt,
            turns=turns,
            note_format=self._format(options),
            only=frozenset(only) if only else None,
            allow_fallback=self._options.allow_fallback and options.get("allow_fallback", True),
        )

    def _format(self, options: Mapping[str, Any]) -> NoteFormat:
        """The format as this note is to have it. A clinic's own can be gone since the note was asked for."""
        chosen = self._formats.get(options["format"] or self._options.note_format) or self._formats[DEFAULT_FORMAT]
        return with_options(chosen, self._options.style.but(options.get("style", {})))

    def _settings(self, options: Mapping[str, Any], beams: int) -> dict[str, Any]:
        """How this note was asked for: with the model and the prompt's version, enough to have it written again."""
        return {
            **asdict(self._options.style.but(options.get("style", {}))),
            "sections": options.get("only"),
            "kept_edited": options["keep_edited"],
            "parallel": self._options.parallel,
            "temperature": Sampling().temperature,
            "beams": beams if self._options.parallel else 1,
        }

    async def _store(self, row: GenerationRow, draft: Draft, beams: int, frames: FrameWriter) -> None:
        """The note, its revision, its event and the end of the generation, in one transaction. What a person stores
        while the draft is held against the session is the ground for another try. Raises ``GenerationFailedError``
        where its end was asked for meanwhile."""
        decide = self._merged(row, draft, beams)
        for _ in range(versions.TRIES):
            async with self._database.read() as db:
                ground = await versions.ground(db, row.session_id)
            if await self._keep(row, await versions.made(ground, decide), draft, frames):
                return
        await self._keep(row, decide, draft, frames)

    def _merged(self, row: GenerationRow, draft: Draft, beams: int) -> Decide:
        """What the draft makes of the note; nothing where that was signed."""
        options = row.options
        author = {
            "kind": "fallback" if draft.fallback else "model",
            "generation": row.id,
            "settings": self._settings(options, beams),
        }
        only = frozenset(options["only"]) if options.get("only") else None

        def decide(before: Note | None, now: datetime) -> Version | None:
            try:
                keeps = options["keep_edited"]
                note = merging.generated(before, draft, text.render, now, keep_edited=keeps, only=only)
            except LockedError:
                return None
            return Version(note, Change(row.change), author)

        return decide

    async def _keep(self, row: GenerationRow, change: Made | Decide, draft: Draft, frames: FrameWriter) -> bool:
        """Stores what was made of the draft; what is still to be made is made while others wait. False where the note
        moved on meanwhile."""
        async with self._database.write() as db:
            session = await sessions.lock(db, row.session_id)
            held = await generations.hold(db, row.id, self._options.owner, row.attempt)
            if held is None or session is None:
                self._log.warning("the lease was lost", generation_id=row.id, session_id=row.session_id)
                return True
            if held.cancel_requested:
                # Whoever asked was told that nothing comes of it, perhaps just now and while no notice got through.
                raise GenerationFailedError(EngineFailure.CANCELLED, "cancelled while its end was being stored")
            made = change
            if not isinstance(made, Made):
                made = await versions.made(await versions.ground(db, session.id), made)
            if made.on != await notes.version(db, session.id):
                return False
            if made.version is None or made.stored is None:
                generations.finish(held, "failed", utc_now(), error="signed")
                frames.add("error", failure_problem("signed"))
                frames.flush()
                return True
            await versions.keep(db, session, made, with_text=self._options.with_text)
            note, evidence = made.stored.note, made.stored.evidence
            generations.finish(held, "done", utc_now(), version=note.version, inference_time=draft.inference_time)
            body = document(session.id, session.patient_id, note, evidence, row.options.get("style") or {})
        self._broker.notify(WAKE_RELAY)
        frames.add("note", body)
        frames.flush()
        return True

    async def _fail(self, row: GenerationRow, reason: str, frames: FrameWriter) -> None:
        """Ends or hands back a generation that wrote nothing. The note stays as it was."""
        stopping = self._stopping and reason in (EngineFailure.CANCELLED, EngineFailure.STOPPED)
        now = utc_now()
        async with self._database.write() as db:
            session = await sessions.lock(db, row.session_id)
            held = await generations.hold(db, row.id, self._options.owner, row.attempt)
            if held is None or session is None:
                return
            if (stopping or reason is EngineFailure.STOPPED) and not held.cancel_requested:
                generations.hand_back(held, in_order=stopping)
                return
            if held.cancel_requested:
                reason = EngineFailure.CANCELLED
            cancelled = reason is EngineFailure.CANCELLED
            generations.finish(held, "cancelled" if cancelled else "failed", now, error=str(reason))
            session.updated_at = now
            if not cancelled:
                stored = await notes.find(db, row.session_id)
                announce.note_updated(db, session, stored.note if stored else None, Change.FAILED, now, with_text=False)
        self._broker.notify(WAKE_RELAY)
        frames.add("error", failure_problem(str(reason)))
        frames.flush()

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._options.lease / 3)
            before = dict(self._running)
            try:
                async with self._database.write() as db:
                    held = await generations.renew(
                        db, self._options.owner, self._claimed, self._options.lease, utc_now()
                    )
            except Exception as error:
                self._log.warning("leases cannot be renewed", error=type(error).__name__)
                continue
            for this, drafting in before.items():
                if held.get(this, True):
                    # Cancelled, or another worker's by now.
                    drafting.cancel()

    def _on_cancel(self, _subject: str, payload: bytes) -> None:
        wanted = payload.decode(errors="replace")
        for (generation_id, _), drafting in self._running.items():
            if generation_id == wanted:
                drafting.cancel()

    async def _report(self) -> None:
        while True:
            desk = self._serving.current
            body = report(
                self._options.owner,
                desk.info,
                self._serving.stats(),
                self._serving.reducing(),
                demonstration=desk.demonstration,
            )
            self._broker.notify(WORKER_STATS, body)
            await asyncio.sleep(_STATS_EVERY)

    def _changed(self, session_id: int) -> None:
        self._broker.notify(SESSION_CHANGED, str(session_id).encode())
