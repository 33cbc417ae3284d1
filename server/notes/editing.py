"""What people do to notes: change, sign, unlock, add, and ask for a new one. A change is a decision on the note as it
stands, made and stored by ``versions``: note, revision and event stand or fall together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from models.clinical.markers import normalise_markers
from models.formats import NoteFormat
from server.db import generations, notes
from server.db.tables import GenerationRow, SessionRow
from server.errors import BadRequestError, LockedError, NotFoundError, TooBusyError, TooLargeError
from server.notes import state, text, versions
from server.notes.state import Change, Note, Status
from server.notes.versions import Decide, Made, Version
from server.sessions import intake

# Characters of a person's text: more than any note has, and found evidence for in seconds.
LONGEST_NOTE = 100_000

NOTES_EXIST = "Notes already exist. Set regenerate=true to overwrite."


@dataclass(frozen=True, slots=True)
class Editing:
    """The use cases. ``formats`` are the formats by id; ``with_text`` puts note text into events."""

    formats: Mapping[str, NoteFormat]
    default_format: str
    with_text: bool
    queue_limit: int

    def replacing_text(self, new: str, by: str | None) -> Decide:
        """A legacy client's whole text. The same text as the stored one changes nothing."""

        def decide(before: Note | None, now: datetime) -> Version | None:
            words = normalise_markers(new)
            if before is not None and before.text == words:
                return None
            after = state.edited_text(before, self._format(before), words, text.parse, now)
            return Version(after, Change.EDITED, {"kind": "person", "id": by})

        return decide

    def replacing_sections(
        self, texts: Mapping[str, str], by: str | None, *, still_open: Mapping[str, str] | None = None
    ) -> Decide:
        """A person's text for some sections; ``still_open``: what they have not settled of the suggestions for these.

        The same text makes a version only where that settles something. Raises ``TooLargeError`` for sections that
        make a note longer than ``LONGEST_NOTE``.
        """

        def decide(before: Note | None, now: datetime) -> Version | None:
            words = {section_id: normalise_markers(value) for section_id, value in texts.items()}
            after = state.edited_sections(before, self._format(before), words, text.render, now, still_open or {})
            settled = still_open is not None and before is not None and after.suggestions != before.suggestions
            if before is not None and not settled and state.same_words(before, after):
                return None
            _refuse_longer(before, after)
            return Version(after, Change.EDITED, {"kind": "person", "id": by})

        return decide

    def signing(self, name: str | None, by: str | None) -> Decide:
        """Signs and locks the note. Raises ``LockedError`` when it is signed; whoever stores it looks at
        ``refuse_while_written`` too."""

        def decide(before: Note | None, now: datetime) -> Version:
            after = state.signed(_existing(before), name or by, now)
            return Version(after, Change.SIGNED, {"kind": "person", "id": by, "name": name})

        return decide

    def unlocking(self, reason: str, by: str | None) -> Decide:
        """Opens a signed note again; the reason stays with the revision."""

        def decide(before: Note | None, now: datetime) -> Version:
            if not reason.strip():
                raise BadRequestError("Unlocking a signed note needs a reason.")
            after = state.unlocked(_existing(before), now)
            return Version(after, Change.UNLOCKED, {"kind": "person", "id": by, "reason": reason.strip()})

        return decide

    def adding(self, words: str, by: str | None) -> Decide:
        """Adds to a signed note without changing it."""

        def decide(before: Note | None, now: datetime) -> Version:
            if not words.strip():
                raise BadRequestError("The addendum is empty.")
            after = state.with_addendum(_existing(before), words.strip(), by, now)
            return Version(after, Change.ADDENDUM, {"kind": "person", "id": by})

        return decide

    async def change(self, db: AsyncSession, session: SessionRow, decide: Decide) -> Made:
        """Makes a change and stores it, all in the caller's transaction."""
        made = await versions.made(await versions.ground(db, session.id), decide)
        await versions.keep(db, session, made, with_text=self.with_text)
        return made

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


def _existing(note: Note | None) -> Note:
    if note is None:
        raise NotFoundError("The session has no note yet")
    return note


async def refuse_while_written(db: AsyncSession, session_id: int) -> None:
    """Raises ``LockedError`` while a model writes the note: what is signed must be what the person has before them."""
    if await generations.active(db, session_id) is not None:
        raise LockedError("The note is still being written: sign it when it is done, or cancel the writing first.")


def _refuse_longer(before: Note | None, after: Note) -> None:
    """A note that is too long already can still be made shorter."""
    length = _length(after)
    if length > LONGEST_NOTE and (before is None or length > _length(before)):
        raise TooLargeError(
            f"The note would have {length} characters; at most {LONGEST_NOTE} are accepted.", limit=LONGEST_NOTE
        )


def _length(note: Note) -> int:
    return len(note.text) + len(note.summary)


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
