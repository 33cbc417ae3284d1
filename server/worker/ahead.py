"""Reading while they talk: the prompt of a live session is computed as far as it goes; where the session has outgrown
the context, its full windows are reduced to facts meanwhile.

A hint like the engine's own prefill: what fails or is lost here is done when the note is written.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from models import prompts
from models.chat import FAMILIES
from models.engine.api import Engine
from models.formats.format import DEFAULT_FORMAT, load_format
from models.transcript import Turn
from server.worker.early import EarlyNote
from server.worker.failure import GenerationFailedError
from server.worker.reading import Reader, session_key


@dataclass(slots=True)
class _Following:
    """One live session that is being read. ``turns``: what came since the reading began."""

    turns: tuple[Turn, ...] | None
    task: asyncio.Task[None] | None = None
    reducing: bool = False
    left: bool = False


class LiveReading:
    """The live sessions of one worker. Called from one event loop."""

    def __init__(self, engine: Engine, reader: Reader, early: EarlyNote | None = None) -> None:
        self._engine = engine
        self._reader = reader
        self._early = early or EarlyNote(engine)
        self._format = load_format(DEFAULT_FORMAT)
        self._following: dict[int, _Following] = {}
        self._stopped = False
        self._log = structlog.get_logger()

    def follow(self, session_id: int, turns: tuple[Turn, ...]) -> None:
        """These are the turns of a live session so far. Returns at once."""
        if self._stopped:
            return
        self._early.heard()
        following = self._following.get(session_id)
        if following is not None and not following.left:
            following.turns = turns
            return
        following = self._following[session_id] = _Following(turns)
        following.task = asyncio.create_task(self._read(session_id, following), name=f"ahead-{session_id}")

    def reducing(self) -> frozenset[int]:
        """The sessions that are being reduced, so that some of what was said is not in the engine yet."""
        return frozenset(session_id for session_id, following in self._following.items() if following.reducing)

    async def leave(self, session_id: int) -> None:
        """The session's note is about to be written: nothing more of it is read ahead."""
        following = self._following.get(session_id)
        if following is not None and following.task is not None:
            following.left, following.turns = True, None
            await asyncio.wait([following.task])

    async def stop(self) -> None:
        """Ends all reading; nothing more is read."""
        self._stopped = True
        self._early.heard()
        await asyncio.gather(*(self.leave(session_id) for session_id in tuple(self._following)))

    async def _read(self, session_id: int, following: _Following) -> None:
        try:
            while following.turns is not None:
                turns, following.turns = following.turns, None
                following.reducing = not self._reader.fits(turns, self._format)
                reading = await self._reader.read(turns, self._format)
                if not following.left:
                    chat = FAMILIES[self._engine.info.chat]
                    self._engine.prefill(session_key(session_id), prompts.growing_prefix(chat, reading.turns))
                    if following.turns is None:
                        self._early.read(session_id, turns, reading.turns)
        except GenerationFailedError:
            pass  # too small a context: whoever writes the note says so
        except Exception as error:
            # The type alone: a message may quote the session.
            self._log.warning("reading ahead ended", session_id=session_id, error=type(error).__name__)
        finally:
            if self._following.get(session_id) is following:
                del self._following[session_id]
