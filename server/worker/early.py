"""A note begun before anybody asks for it: when a live session has been silent for a while, it may be over.

What is written so stays in the engine's hands and is shown to nobody. Closing takes it over as far as it has come; a
word that is said, or a note that somebody waits for, ends it. One at a time, and only while nothing else is to do.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace

import structlog

from models.chat import FAMILIES
from models.engine.api import Engine, Generation, GenerationRequest, Priority
from models.formats import NoteFormat
from models.formats.format import DEFAULT_FORMAT, load_format
from models.transcript import Turn
from server.worker.asking import asks_the_same, note_request, plans_of

_LOOK_AGAIN = 1.0  # seconds between two looks whether there is time for it


@dataclass(frozen=True, slots=True)
class EarlyOptions:
    """``silence``: seconds without a word after which a note is begun; 0 for never. ``note_format`` and ``parallel``
    are those of the notes that nobody asks to have otherwise."""

    silence: float = 0.0
    note_format: NoteFormat = field(default_factory=lambda: load_format(DEFAULT_FORMAT))
    parallel: bool = True


@dataclass(frozen=True, slots=True)
class _Begun:
    request: GenerationRequest
    generation: Generation
    at: float
    characters: int


class EarlyNote:
    """Of one engine. Called from one event loop."""

    def __init__(self, engine: Engine, options: EarlyOptions | None = None) -> None:
        self._engine = engine
        self._options = options or EarlyOptions()
        self._timer: asyncio.Task[None] | None = None
        self._begun: _Begun | None = None
        self._count = 0
        self._log = structlog.get_logger()

    def heard(self) -> None:
        """Somebody speaks, in whichever session, or something else is to do: nothing is begun now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._drop()

    def read(self, session_id: int, turns: tuple[Turn, ...], prompt: tuple[Turn, ...]) -> None:
        """All that was said so far is being read: ``prompt`` is ``turns`` as the model reads them."""
        self.heard()
        if self._options.silence > 0:
            waiting = self._wait(session_id, turns, prompt)
            self._timer = asyncio.create_task(waiting, name=f"early-{session_id}")

    def take(self, request: GenerationRequest, deadline: float) -> Generation | None:
        """The note that was begun, if it is the one that is asked for and went well so far; it is nobody else's then.
        Any other ends."""
        begun = self._begun
        if begun is None or begun.generation.failed or not asks_the_same(begun.request, request):
            self.heard()
            return None
        self._begun = None
        begun.generation.hurry(deadline)
        return begun.generation

    async def _wait(self, session_id: int, turns: tuple[Turn, ...], prompt: tuple[Turn, ...]) -> None:
        await asyncio.sleep(self._options.silence)
        options = self._options
        # Seconds for a very long session, whose rules look at all of it.
        plans = await asyncio.to_thread(plans_of, options.note_format, turns)
        wanted = [plan for plan in plans if plan.fixed is None]
        if not wanted:
            return
        self._count += 1
        request = note_request(
            f"early-{session_id}.{self._count}",
            session_id,
            FAMILIES[self._engine.info.chat],
            options.note_format,
            wanted,
            prompt,
            parallel=options.parallel,
            beams=self._engine.info.beams,
        )
        while not self._has_time_and_room(request):  # noqa: ASYNC110 - the engine tells only when asked
            await asyncio.sleep(_LOOK_AGAIN)
        begun = replace(request, priority=Priority.BACKFILL)
        characters = sum(len(turn.text) for turn in prompt)
        self._begun = _Begun(request, self._engine.submit(begun), time.monotonic(), characters)

    def _has_time_and_room(self, request: GenerationRequest) -> bool:
        """Whether nobody waits, and nothing that is held for other sessions must leave."""
        stats = self._engine.stats()
        busy = stats.active or stats.waiting or any(read.done < read.total for read in stats.reading.values())
        count = self._engine.count_tokens
        one = sum(count(branch.prime) + branch.max_tokens for branch in request.branches)
        more = sum((branch.beams - 1) * branch.max_tokens for branch in request.branches)
        # The engine follows one continuation where all that were asked for have no room.
        need = one + more if one + more <= stats.kv_total else one
        return not busy and need <= stats.kv_total - stats.kv_used

    def _drop(self) -> None:
        begun, self._begun = self._begun, None
        if begun is None:
            return
        begun.generation.cancel()
        # Every inference leaves a line, also one that nobody asked for.
        self._log.info(
            "inference",
            outcome="not_asked_for",
            session=begun.request.session,
            input_characters=begun.characters,
            output_characters=begun.generation.written,
            seconds=round(time.monotonic() - begun.at, 3),
        )
