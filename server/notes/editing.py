"""What people do to notes: change, sign, unlock, add, and ask for a new one. Each call is one transaction's work:
note, revision and event stand or fall together. On which version a change was made is the caller's to check, inside
the same transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from models.clinical.markers import normalise_markers
from models.formats import NoteFormat
from server import announce
from server.db import generations, notes, sessions
from server.db.notes import Stored
from server.db.tables import GenerationRow, SessionRow
from server.errors import BadRequestError, LockedError, NotFoundError, TooBusyError
from server.notes import state, text
from server.notes.document import evidence_of
from server.notes.state import Change, Note, Status
from server.sessions import intake

NOTES_EXIST = "Notes already exist. Set regenerate=true to overwrite."


@dataclass(frozen=True, slots=True)
class Editing:
    """The use cases. ``formats`` are the formats by id; ``with_text`` puts note text into events."""

    formats: Mapping[str, NoteFormat]
    default_format: str
    with_text: bool
    queue_limit: int

    async def replace_text(
        self, db: AsyncSession, session: SessionRow, new: str, by: str | None, now: datetime
    ) -> Note:
        """A legacy client's whole text. The same text as the stored one changes nothing."""
        before = await _current(db, session)
        words = normalise_markers(new)
        if before is not None and before.text == words:
            return before
        after = state.edited_text(before, self._format(before), words, text.parse, now)
        return await self._store(db, session, after, Change.EDITED, {"kind": "person", "id": by}, now)

    async def replace_sections(
        self,
        db: AsyncSession,
        session: SessionRow,
        texts: Mapping[str, str],
        by: str | None,
        now: datetime,
        *,
        still_open: Mapping[str, str] | None = None,
    ) -> Note:
        """A person's text for some sections; ``still_open``: what they have not settled of the suggestions for these.

        The same text makes a version only where that settles something.
        """
        before = await _current(db, session)
        words = {section_id: normalise_markers(value) for section_id, value in texts.items()}
        after = state.edited_sections(before, self._format(before), words, text.render, now, still_open or {})
        settled = still_open is not None and before is not None and after.suggestions != before.suggestions
        if before is not None and not settled and state.same_words(before, after):
            return before
        return await self._store(db, session, after, Change.EDITED, {"kind": "person", "id": by}, now)

    async def sign(
        self, db: AsyncSession, session: SessionRow, name: str | None, by: str | None, now: datetime
    ) -> Note:
        """Signs and locks the note. Raises ``LockedError`` when it is signed, or still being written."""
        before = await _existing(db, session)
        if await generations.active(db, session.id) is not None:
            raise LockedError("The note is still being written: sign it when it is done, or cancel the writing first.")
        after = state.signed(before, name or by, now)
        return await self._store(db, session, after, Change.SIGNED, {"kind": "person", "id": by, "name": name}, now)

    async def unlock(self, db: AsyncSession, session: SessionRow, reason: str, by: str | None, now: datetime) -> Note:
        """Opens a signed note again; the reason stays with the revision."""
        if not reason.strip():
            raise BadRequestError("Unlocking a signed note needs a reason.")
        after = state.unlocked(await _existing(db, session), now)
        author = {"kind": "person", "id": by, "reason": reason.strip()}
        return await self._store(db, session, after, Change.UNLOCKED, author, now)

    async def add_addendum(
        self, db: AsyncSession, session: SessionRow, words: str, by: str | None, now: datetime
    ) -> Note:
        """Adds to a signed note without changing it."""
        if not words.strip():
            raise BadRequestError("The addendum is empty.")
        after = state.with_addendum(await _existing(db, session), words.strip(), by, now)
        return await self._store(db, session, after, Change.ADDENDUM, {"kind": "person", "id": by}, now)

    async def request_generation(
        self,
        db: AsyncSession,
        session: SessionRow,
        now: datetime,
        *,
        regenerate: bool,
        keep_edited: bool = False,
        only: Sequence[str] | None = None,
        note_format: str | None = None,
        style: Mapping[str, str] | None = None,
        allow_fallback: bool = True,
    ) -> GenerationRow:
        """The generation that will write the note: the one on its way, or a new one.

        Raises ``BadRequestError`` when notes exist and ``regenerate`` is not set, or the transcript is too short;
        ``LockedError`` for a signed note; ``TooBusyError`` when the queue is full.
        """
        running = await generations.active(db, session.id)
        stored = await notes.find(db, session.id)
        if stored is not None and stored.note.text.strip() and not regenerate:
            raise BadRequestError(NOTES_EXIST)
        if running is not None and not regenerate:
            return running
        if len((session.original_transcription or "").strip()) < intake.SHORTEST_TRANSCRIPT:
            raise BadRequestError(intake.TOO_SHORT)
        if stored is not None and stored.note.status is Status.SIGNED:
            raise LockedError("The note is signed: unlock it with a reason before it is written anew.")
        chosen = note_format or (stored.note.format if stored else self.default_format)
        if chosen not in self.formats:
            raise BadRequestError(f"There is no format '{chosen[:40]}'; there are {', '.join(sorted(self.formats))}.")
        _refuse_parts(only, self.formats[chosen], stored.note if stored else None)
        if running is not None:
            return running
        if await generations.queue_length(db) >= self.queue_limit:
            raise TooBusyError("Too many notes wait to be written; try again in half a minute.", retry_after=30)
        options = intake.options(
            keep_edited=keep_edited, only=only, note_format=chosen, style=style, allow_fallback=allow_fallback
        )
        change = Change.REGENERATED if stored is not None and stored.note.text.strip() else Change.GENERATED
        session.updated_at = now
        return await generations.add(db, session.id, change, options, now)

    def _format(self, note: Note | None) -> NoteFormat:
        chosen = note.format if note and note.format in self.formats else self.default_format
        return self.formats[chosen]

    async def _store(
        self, db: AsyncSession, session: SessionRow, note: Note, change: Change, author: dict[str, Any], now: datetime
    ) -> Note:
        await store(db, session, note, change, author, now, with_text=self.with_text)
        return note


async def _current(db: AsyncSession, session: SessionRow) -> Note | None:
    stored = await notes.find(db, session.id)
    return stored.note if stored else None


async def _existing(db: AsyncSession, session: SessionRow) -> Note:
    note = await _current(db, session)
    if note is None:
        raise NotFoundError("The session has no note yet")
    return note


def _refuse_parts(only: Sequence[str] | None, note_format: NoteFormat, note: Note | None) -> None:
    """Single sections are written anew in a note that has the others; a note of which they would be all would say of
    the rest that it was not discussed."""
    if only is None:
        return
    if note is None or not note.text.strip() or note.format != note_format.id:
        raise BadRequestError("There is no note in this format yet: leave 'sections' out to have it written whole.")
    known = [*(spec.id for spec in note_format.sections), "summary"]
    unknown = sorted(set(only) - set(known))
    if unknown:
        raise BadRequestError(f"The format has no section '{unknown[0][:40]}'; it has {', '.join(known)}.")


async def store(
    db: AsyncSession,
    session: SessionRow,
    note: Note,
    change: Change,
    author: dict[str, Any],
    now: datetime,
    *,
    with_text: bool,
) -> Stored:
    """Stores a note's next version: note, revision and event in the caller's transaction."""
    turns = await sessions.turns(db, session.id)
    # Up to a second for a very long session: other callers are served meanwhile.
    stored = Stored(note, await asyncio.to_thread(evidence_of, note, turns))
    await notes.save(db, session.id, stored, change=change.value, author=author, now=now)
    session.updated_at = now
    announce.note_updated(db, session, note, change, now, with_text=with_text)
    return stored
