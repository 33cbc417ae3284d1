"""How sessions come in: legacy REST, live segments, one event. All of them end in the same stored turns.

Every function works inside a transaction that the caller opened, and holds the session while it changes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from events.contracts import MAX_SPEAKER
from models.transcript import Turn, normalise_whitespace, parse_transcript, render_transcript, speaker_role
from server import announce
from server.db import generations, notes, sessions
from server.db.sessions import NewSession
from server.db.tables import GenerationRow, SessionRow
from server.errors import ConflictError, NotFoundError, TooLargeError
from server.notes.state import Change

# Fewer characters than this make no note (contract 3.1).
SHORTEST_TRANSCRIPT = 50
TOO_SHORT = "Session transcription is too short for summarization"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one session may hold, in characters of transcript."""

    transcript: int


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a call that brought turns."""

    added: list[Turn]
    total: int


async def create(db: AsyncSession, new: NewSession, limits: Limits, now: datetime) -> SessionRow:
    """Stores a session; a transcription that comes with it becomes turns. Raises ``TooLargeError``."""
    text = new.original_transcription or ""
    refuse_longer(text, limits)
    row = await sessions.add(db, new, now)
    await sessions.add_turns(db, row.id, parse_transcript(text))
    return row


def refuse_longer(transcription: str, limits: Limits) -> None:
    """Raises ``TooLargeError`` for a transcription that is over the limit."""
    if len(transcription) > limits.transcript:
        raise TooLargeError(
            f"The transcription has {len(transcription)} characters; at most {limits.transcript} are accepted.",
            limit=limits.transcript,
        )


async def append(
    db: AsyncSession,
    session: SessionRow,
    segments: Sequence[Turn],
    limits: Limits,
    now: datetime,
    *,
    until_begun: bool = False,
) -> Appended:
    """Adds turns to a live session; with ``until_begun`` also to a closed one whose note nobody has begun to write. The
    same turn twice is nothing new, and neither is one without words.

    Raises ``ConflictError`` for another text at a stored index, and for new turns once the session takes none.
    """
    wanted: dict[int, Turn] = {}
    for segment in segments:
        turn = canonical(segment)
        if not _same_words(wanted.setdefault(turn.index, turn), turn):
            raise ConflictError(
                f"Segment {turn.index} comes twice in one call, with different texts.", index=turn.index
            )
    stored = await sessions.turns_at(db, session.id, wanted)
    for index, turn in stored.items():
        if not _same_words(turn, wanted[index]):
            raise ConflictError(f"Segment {index} is already stored with a different speaker or text.", index=index)
    added = [turn for index, turn in sorted(wanted.items()) if turn.text and index not in stored]
    if added and session.status == "closed" and not (until_begun and await generations.hold_unbegun(db, session.id)):
        raise ConflictError(f"Session {session.id} is closed: it takes no more segments.")
    await sessions.add_turns(db, session.id, added)
    every = await sessions.turns(db, session.id)
    if added:
        text = render_transcript(every)
        if len(text) > limits.transcript:
            raise TooLargeError(
                f"The transcript would have {len(text)} characters; at most {limits.transcript} are accepted.",
                limit=limits.transcript,
            )
        session.original_transcription = text
        session.updated_at = now
    return Appended(added, len(every))


def _same_words(one: Turn, other: Turn) -> bool:
    """Whether two turns say the same; when it began is measured anew by whoever sends it again."""
    return (one.speaker, one.text) == (other.speaker, other.text)


async def close(db: AsyncSession, session: SessionRow, now: datetime, *, closed_at: datetime | None = None) -> bool:
    """Closes a session and queues its note. False when it was closed before: then nothing changes."""
    if session.status == "closed":
        return False
    session.status = "closed"
    session.closed_at = closed_at or now
    session.is_completed = True
    session.updated_at = now
    await queue_first_note(db, session, now)
    return True


async def queue_first_note(db: AsyncSession, session: SessionRow, now: datetime) -> GenerationRow | None:
    """Queues the note of a closed session unless it has one, or one is on its way. One that was cancelled or failed
    while the session went on is no note."""
    stored = await notes.find(db, session.id)
    if (stored is not None and stored.note.text.strip()) or await generations.active(db, session.id) is not None:
        return None
    if len((session.original_transcription or "").strip()) < SHORTEST_TRANSCRIPT:
        announce.note_updated(db, session, None, Change.FAILED, now, with_text=False)
        return await generations.add(db, session.id, Change.GENERATED, options(), now, error="too_short")
    return await generations.add(db, session.id, Change.GENERATED, options(), now)


def options(
    *,
    keep_edited: bool = True,
    only: Sequence[str] | None = None,
    note_format: str | None = None,
    style: Mapping[str, str] | None = None,
    allow_fallback: bool = True,
) -> dict[str, Any]:
    """How a note is to be written, as a generation keeps it. Without ``note_format``, and for what ``style`` does not
    say of density, quoting and modality, it is as the site has it."""
    return {
        "keep_edited": keep_edited,
        "only": sorted(only) if only else None,
        "format": note_format,
        "style": dict(style or {}),
        "allow_fallback": allow_fallback,
    }


async def of_event(
    db: AsyncSession, session_id: int, patient_id: int, therapist_id: str | None, now: datetime
) -> SessionRow:
    """The session that an event speaks of, made where it is new. Raises ``ConflictError`` for another patient's
    or another therapist's."""
    row = await sessions.lock(db, session_id)
    if row is None:
        return await sessions.add(db, NewSession(id=session_id, patient_id=patient_id, therapist_id=therapist_id), now)
    if row.patient_id != patient_id:
        raise ConflictError("The event's patient_id is not that of the stored session.")
    if therapist_id is not None and row.therapist_id not in (None, therapist_id):
        raise ConflictError("The event's therapist_id is not that of the stored session.")
    row.therapist_id = row.therapist_id or therapist_id
    return row


async def take_transcript(db: AsyncSession, session: SessionRow, text: str, limits: Limits, now: datetime) -> None:
    """Stores the transcript that came with an event; one without words says nothing. A session that was closed empty
    gets its note now. Raises ``ConflictError`` where the session holds another."""
    new = parse_transcript(text)
    stored = await sessions.turns(db, session.id)
    if len(text) > limits.transcript:
        raise TooLargeError(f"The transcript has {len(text)} characters; at most {limits.transcript} are accepted.")
    if not new:
        return
    if stored and [(t.speaker, t.text) for t in stored] != [(t.speaker, t.text) for t in new]:
        raise ConflictError("The event's transcript differs from the turns that are stored for the session.")
    if not stored:
        await sessions.add_turns(db, session.id, new)
        session.original_transcription = text
        session.updated_at = now
        if session.status == "closed":
            await queue_first_note(db, session, now)


def canonical(turn: Turn) -> Turn:
    """A turn as it is stored: white space and speaker in one form, so that all ways in give the same prompt."""
    # In lower case some letters become two; what is stored must fit the event that tells of it.
    return Turn(turn.index, speaker_role(turn.speaker)[:MAX_SPEAKER], normalise_whitespace(turn.text), turn.start)


async def locked(db: AsyncSession, session_id: int, therapist: str | None) -> SessionRow:
    """The session, held for a change. Raises ``NotFoundError`` also when it belongs to another therapist."""
    return own(await sessions.lock(db, session_id), therapist)


async def found(db: AsyncSession, session_id: int, therapist: str | None) -> SessionRow:
    """The session, to read. Raises ``NotFoundError`` also when it belongs to another therapist."""
    return own(await sessions.find(db, session_id), therapist)


def own(row: SessionRow | None, therapist: str | None) -> SessionRow:
    """``row`` if it is there and the therapist's; None as therapist is everybody. Raises ``NotFoundError``."""
    if row is None or (therapist is not None and row.therapist_id != therapist):
        raise NotFoundError("Session not found")
    return row
