"""Getting a session into the model's context: as it is where it fits, else its beginning as facts.

A session that does not fit is never cut in silence. The windows at its front are reduced to facts, each of which names
its turns; the note is written from these facts and from the turns that follow as they are, and says so. Evidence and
rules look at all turns themselves.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import lru_cache

from models import prompts
from models.chat import FAMILIES, ChatFormat
from models.clinical.plan import max_tokens
from models.engine.api import Engine, EngineFailure
from models.formats import NoteFormat
from models.formats.format import DEFAULT_FORMAT, load_format
from models.transcript import Turn
from server.notes.state import Reduced
from server.worker.facts import Fact, chosen, facts_of, fitting
from server.worker.failure import GenerationFailedError
from server.worker.windows import RoomTooSmallError, layout_of, reduced_windows, split_turns

# What is fed before a section's own text, at most, in the formats that the instructions do not list.
_PRIME = 64
# Turns and windows of a few very long sessions: each is looked at once while its session grows.
_REMEMBERED_TURNS = 16_384
_REMEMBERED_WINDOWS = 512

Window = tuple[Turn, ...]


def session_key(session_id: int) -> str:
    """The name of a session's prompt in the engine's cache."""
    return f"session-{session_id}"


def session_of(key: str) -> int | None:
    """The session of that name; None where it names something else."""
    number = key.removeprefix("session-")
    return int(number) if number != key and number.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Outline:
    """How a session stands in the prompt: ``windows`` as facts, in at most ``share`` tokens each and ``facts`` in all,
    then ``turns``."""

    turns: tuple[Turn, ...]
    windows: tuple[Window, ...] = ()
    share: int = 0
    facts: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """``turns`` as the prompt holds them, a fact being one of its own; ``reduced`` tells what the facts stand for."""

    turns: tuple[Turn, ...]
    reduced: tuple[Reduced, ...] = ()


class Reader:
    """Makes sessions fit the context of ``engine``. What it gives depends on the turns, the model and the format alone,
    not on how the turns came."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._format = load_format(DEFAULT_FORMAT)
        self._count = lru_cache(_REMEMBERED_TURNS)(self._count_turn)
        self._facts: dict[tuple[Window, int], tuple[Fact, ...]] = {}

    def fits(self, turns: tuple[Turn, ...], note_format: NoteFormat) -> bool:
        """Whether the session stands in the prompt word for word."""
        return sum(map(self._count, turns)) <= self._room(note_format)

    async def read(self, turns: tuple[Turn, ...], note_format: NoteFormat) -> Reading:
        """The session as the prompt holds it. Raises ``GenerationFailedError`` where the context is too small for a
        session to be reduced."""
        outline = self._outline(turns, note_format)
        facts = [await self._of(window, outline.share) for window in outline.windows]
        kept = chosen(facts, outline.facts, self._count_fact)
        reduced = (
            Reduced(window[0].index, window[-1].index, len(some))
            for window, some in zip(outline.windows, kept, strict=True)
        )
        lines = (fact.as_turn() for some in kept for fact in some)
        return Reading((*lines, *outline.turns), tuple(reduced))

    def _outline(self, turns: tuple[Turn, ...], note_format: NoteFormat) -> Outline:
        if self.fits(turns, note_format):
            return Outline(turns)
        try:
            layout = layout_of(self._room(note_format))
        except RoomTooSmallError as error:
            raise GenerationFailedError(EngineFailure.TOO_LONG, str(error)) from None
        pieces = split_turns(turns, layout.window, self._count)
        spans = reduced_windows([self._count(piece) for piece in pieces], layout)
        windows = tuple(tuple(pieces[span.start : span.stop]) for span in spans)
        return Outline(tuple(pieces[spans[-1].stop if spans else 0 :]), windows, layout.share, layout.facts)

    async def _of(self, window: Window, share: int) -> tuple[Fact, ...]:
        known = self._facts.get((window, share))
        if known is None:
            # A tenth of a second; notes of other sessions are being streamed meanwhile.
            every = await asyncio.to_thread(facts_of, window)
            known = fitting(every, share, self._count_fact)
            while len(self._facts) >= _REMEMBERED_WINDOWS:
                del self._facts[next(iter(self._facts))]
            self._facts[window, share] = known
        return known

    def _room(self, note_format: NoteFormat) -> int:
        """Tokens of transcript that fit beside the instructions and what is to be written. One sequence holds the
        prompt and one section; the cache holds the prompt, all sections, so that they can be written side by side, and
        the paragraph's other continuations. Enough for the default format too, so that a session's prompt is
        the same for nearly all formats."""
        fixed = self._engine.count_tokens(prompts.note_prefix(self._chat, ()))
        formats = (note_format, self._format)
        lanes = [self._lanes(one) for one in formats]
        beside = [(self._engine.info.beams - 1) * max_tokens(one.summary_max_words) for one in formats]
        in_sequence = self._engine.info.n_ctx - max(max(lane) for lane in lanes)
        taken = max(sum(lane) + more for lane, more in zip(lanes, beside, strict=True))
        return min(in_sequence, self._engine.stats().kv_total - taken) - fixed

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

    def _count_turn(self, turn: Turn) -> int:
        return self._engine.count_tokens((prompts.turn_segment(turn),))

    def _count_fact(self, fact: Fact) -> int:
        return self._count(fact.as_turn())

    @property
    def _chat(self) -> ChatFormat:
        return FAMILIES[self._engine.info.chat]
