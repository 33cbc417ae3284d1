"""Reading while they talk: the prompt of a live session is computed as far as it goes, and where the session has
outgrown the context, its full windows are reduced before the note is asked for.

A hint like the engine's own prefill: what fails or is lost here is done when the note is written.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import structlog

from models import prompts
from models.chat import FAMILIES
from models.engine.api import Engine, Generation, Priority
from models.formats.format import DEFAULT_FORMAT, load_format
from models.transcript import Turn
from server.worker.failure import GenerationFailedError
from server.worker.reading import Manner, Reader, session_key
from server.worker.reducing import Watch


@dataclass(slots=True)
class _Following:
    """One live session that is being read. ``turns``: what came since the reading began."""

    turns: tuple[Turn, ...] | None
    task: asyncio.Task[None] | None = None
    generation: Generation | None = None
    decoding: bool = False
    left: bool = False
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        self.watch = Watch(began=self._began, decoding=self._decoding)

    def leave(self, *, at_once: bool) -> None:
        """Ends the reading; a window that is being written down already is finished unless ``at_once``."""
        self.left, self.turns = True, None
        if self.generation is not None and (at_once or not self.decoding):
            self.generation.cancel()

    def _began(self, generation: Generation) -> None:
        self.generation, self.decoding = generation, False
        if self.left:
            generation.cancel()

    def _decoding(self) -> None:
        self.decoding = True


class LiveReading:
    """The live sessions of one worker. Called from one event loop."""

    def __init__(self, engine: Engine, reader: Reader) -> None:
        self._engine = engine
        self._reader = reader
        self._format = load_format(DEFAULT_FORMAT)
        self._following: dict[int, _Following] = {}
        self._stopped = False
        self._log = structlog.get_logger()

    def follow(self, session_id: int, turns: tuple[Turn, ...]) -> None:
        """These are the turns of a live session so far. Returns at once."""
        if self._stopped:
            return
        following = self._following.get(session_id)
        if following is not None and not following.left:
            following.turns = turns
            return
        following = self._following[session_id] = _Following(turns)
        following.task = asyncio.create_task(self._read(session_id, following), name=f"ahead-{session_id}")

    def reducing(self) -> frozenset[int]:
        """The sessions of which a window is being reduced, so that some of what was said is not read yet."""
        return frozenset(number for number, following in self._following.items() if following.generation is not None)

    async def leave(self, session_id: int) -> None:
        """The session's note is about to be written: whoever writes it goes on from what is reduced by now. Waits for
        a window that is being written down, which is sooner than to begin it again."""
        following = self._following.get(session_id)
        if following is not None and following.task is not None:
            following.leave(at_once=False)
            await asyncio.wait([following.task])

    async def stop(self) -> None:
        """Ends all reading; nothing more is read."""
        self._stopped = True
        tasks = [following.task for following in self._following.values() if following.task is not None]
        for following in self._following.values():
            following.leave(at_once=True)
        if tasks:
            await asyncio.wait(tasks, timeout=10)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, session_id: int, following: _Following) -> None:
        key = session_key(session_id)
        manner = Manner(f"ahead-{session_id}", Priority.BACKFILL, watch=following.watch)
        try:
            while following.turns is not None:
                turns, following.turns = following.turns, None
                reading = await self._reader.read(session_id, turns, self._format, manner)
                if not following.left:
                    chat = FAMILIES[self._engine.info.chat]
                    self._engine.prefill(key, prompts.growing_prefix(chat, reading.turns))
        except GenerationFailedError:
            pass
        except Exception as error:
            # The type alone: a message may quote the session.
            self._log.warning("reading ahead ended", session_id=session_id, error=type(error).__name__)
        finally:
            if self._following.get(session_id) is following:
                del self._following[session_id]
