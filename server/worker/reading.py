"""Getting a session into the model's context: as it is where it fits, else its beginning as facts.

A session that does not fit is never cut. The windows at its front are written down one by one, and the note is then
written from the facts of these windows, each of which names its turns, and from the turns that follow as they are.
Evidence and rules look at the turns themselves all the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError

from models import prompts
from models.chat import FAMILIES, ChatFormat
from models.clinical.plan import max_tokens
from models.engine.api import Engine, EngineFailure, ModelInfo, Priority
from models.formats import NoteFormat
from models.formats.format import DEFAULT_FORMAT, load_format
from models.transcript import Turn
from server.clock import utc_now
from server.db import reductions
from server.db.database import Database
from server.notes.state import Reduced
from server.worker.facts import Fact, chosen, facts_of, fitting
from server.worker.failure import GenerationFailedError
from server.worker.reducing import Watch, paragraph_of, window_prefix
from server.worker.windows import FACTS_OF_WINDOW, RoomTooSmallError, layout_of, reduced_windows, split_turns

# What is fed before a section's own text, at most, in the formats that the instructions do not list.
_PRIME = 64


def session_key(session_id: int) -> str:
    """The name of a session's prompt in the engine's cache."""
    return f"session-{session_id}"


def session_of(key: str) -> int | None:
    """The session of that name; None where it names something else."""
    number = key.removeprefix("session-")
    return int(number) if number != key and number.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Window:
    """Turns that are reduced together. ``key`` stands for all that their facts depend on."""

    key: str
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """How a session stands in the prompt: ``windows`` as facts, at most ``facts`` tokens of them, then ``turns``."""

    turns: tuple[Turn, ...]
    windows: tuple[Window, ...] = ()
    facts: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """``turns`` as the prompt holds them, a fact being one of its own; ``reduced`` tells what the facts stand for."""

    turns: tuple[Turn, ...]
    reduced: tuple[Reduced, ...] = ()


@dataclass(frozen=True, slots=True)
class Manner:
    """How a session is read: for whom, within how many seconds a window, and who looks on. ``progress`` gets tokens
    computed, of all that there are to compute for the note's prompt."""

    owner: str
    priority: Priority
    deadline: float | None = None
    watch: Watch = field(default_factory=Watch)
    progress: Callable[[int, int], None] = lambda _done, _total: None


class Reader:
    """Makes sessions fit. What windows were reduced to is kept in the database: for the note, for another worker, for
    a worker that begins anew."""

    def __init__(self, engine: Engine, database: Database) -> None:
        self._engine = engine
        self._database = database
        self._format = load_format(DEFAULT_FORMAT)
        self._log = structlog.get_logger()

    def outline(self, turns: tuple[Turn, ...], note_format: NoteFormat) -> Outline:
        """What of the session is read as it is. Depends on the turns, the model and the format alone. Raises
        ``GenerationFailedError`` where the context is too small for any session to be reduced."""
        room = self._room(note_format)
        if sum(map(self._count, turns)) <= room:
            return Outline(turns)
        try:
            layout = layout_of(room)
        except RoomTooSmallError as error:
            raise GenerationFailedError(EngineFailure.TOO_LONG, str(error)) from None
        pieces = split_turns(turns, layout.window, self._count)
        spans = reduced_windows([self._count(piece) for piece in pieces], layout)
        windows = [tuple(pieces[span.start : span.stop]) for span in spans]
        tail = tuple(pieces[spans[-1].stop if spans else 0 :])
        return Outline(tail, tuple(Window(_key(self._engine.info, w), w) for w in windows), layout.facts)

    async def read(self, session_id: int, turns: tuple[Turn, ...], note_format: NoteFormat, manner: Manner) -> Reading:
        """The session as the prompt holds it; windows that nobody reduced yet are reduced. Raises
        ``GenerationFailedError`` when it is cancelled, when the engine stops, or when the context is too small."""
        outline = self.outline(turns, note_format)
        if not outline.windows:
            return Reading(outline.turns)
        known = await self._known(session_id, outline.windows)
        missing = [window for window in outline.windows if window.key not in known]
        sizes = [self._engine.count_tokens(window_prefix(self._chat, window.turns)) for window in missing]
        total, done = sum(sizes) + self._expected(outline), 0
        for window, size in zip(missing, sizes, strict=True):
            known[window.key] = await self._reduce(session_id, window, manner, done, total)
            done += size
            manner.progress(done, total)
        return self._assembled(outline, [known[window.key] for window in outline.windows])

    def _expected(self, outline: Outline) -> int:
        """Tokens of the note's prompt, nearly."""
        facts = min(len(outline.windows) * FACTS_OF_WINDOW, outline.facts)
        return facts + self._engine.count_tokens(prompts.note_prefix(self._chat, outline.turns))

    def _assembled(self, outline: Outline, facts: Sequence[tuple[Fact, ...]]) -> Reading:
        kept = chosen(facts, outline.facts, self._count_fact)
        lines = tuple(fact.as_turn() for some in kept for fact in some)
        reduced = (
            Reduced(window.turns[0].index, window.turns[-1].index, len(some))
            for window, some in zip(outline.windows, kept, strict=True)
        )
        return Reading((*lines, *outline.turns), tuple(reduced))

    async def _reduce(self, session_id: int, window: Window, manner: Manner, done: int, total: int) -> tuple[Fact, ...]:
        watch = Watch(
            manner.watch.began, lambda computed: manner.progress(done + computed, total), manner.watch.decoding
        )
        paragraph = await paragraph_of(
            self._engine,
            self._chat,
            window.turns,
            self._format,
            request_id=f"{manner.owner}.{window.key[:16]}",
            priority=manner.priority,
            deadline=manner.deadline,
            watch=watch,
        )
        # Tenths of a second of looking through the window: other notes are being streamed meanwhile.
        facts = await asyncio.to_thread(facts_of, paragraph.text, window.turns, self._format)
        kept = fitting(facts, FACTS_OF_WINDOW, self._count_fact)
        if paragraph.final:
            await self._keep(session_id, window.key, kept)
        return kept

    async def _known(self, session_id: int, windows: Sequence[Window]) -> dict[str, tuple[Fact, ...]]:
        async with self._database.read() as db:
            stored = await reductions.find(db, session_id, [window.key for window in windows])
        return {key: tuple(_fact(entry) for entry in facts) for key, facts in stored.items()}

    async def _keep(self, session_id: int, key: str, facts: Sequence[Fact]) -> None:
        try:
            async with self._database.write() as db:
                await reductions.add(db, session_id, key, [asdict(fact) for fact in facts], utc_now())
        except (DBAPIError, OSError) as error:
            # The facts are there all the same; only whoever reads the session next does this window again.
            self._log.warning("a reduction could not be kept", session_id=session_id, error=type(error).__name__)

    def _room(self, note_format: NoteFormat) -> int:
        """Tokens of transcript that fit beside the instructions and what is to be written. One sequence holds the
        prompt and one section; the cache holds the prompt and all sections, so that they can be written side by side.
        Enough for the default format too, so that a note in another format finds the same windows reduced."""
        fixed = self._engine.count_tokens(prompts.note_prefix(self._chat, ()))
        lanes = [self._lanes(one) for one in (note_format, self._format)]
        in_sequence = self._engine.info.n_ctx - max(max(lane) for lane in lanes)
        in_cache = self._engine.stats().kv_total - max(sum(lane) for lane in lanes)
        return min(in_sequence, in_cache) - fixed

    def _lanes(self, note_format: NoteFormat) -> list[int]:
        """Tokens that each part of a note may take behind the prompt, the summary first."""
        primes = [
            prompts.summary_prime(self._chat, note_format),
            *(prompts.section_prime(self._chat, note_format, section) for section in note_format.sections),
        ]
        words = [note_format.summary_max_words, *(section.words for section in note_format.sections)]
        return [
            max_tokens(most) + max(_PRIME, self._engine.count_tokens(prime))
            for most, prime in zip(words, primes, strict=True)
        ]

    def _count(self, turn: Turn) -> int:
        return self._engine.count_tokens((prompts.turn_segment(turn),))

    def _count_fact(self, fact: Fact) -> int:
        return self._count(fact.as_turn())

    @property
    def _chat(self) -> ChatFormat:
        return FAMILIES[self._engine.info.chat]


def _key(info: ModelInfo, window: Sequence[Turn]) -> str:
    spoken = [(turn.index, turn.speaker, turn.text) for turn in window]
    whole = [prompts.PROMPT_VERSION, info.sha256, info.adapter_sha256, FACTS_OF_WINDOW, spoken]
    return hashlib.sha256(json.dumps(whole).encode()).hexdigest()


def _fact(entry: dict[str, Any]) -> Fact:
    return Fact(entry["text"], tuple(entry["turns"]), entry["danger"])
