"""The models in service: which of them writes for which session, and changing them while notes are being written.

A note that has begun is finished by the model that began it. A model that is in service no more ends when the last of
its notes has ended.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from models.catalog.trial import Trial
from models.engine.api import Engine, EngineStats, ModelInfo, Prefill
from models.prompts import PROMPT_VERSION
from models.transcript import Turn
from server.notes.state import WrittenBy
from server.worker.ahead import LiveReading
from server.worker.early import EarlyNote, EarlyOptions
from server.worker.reading import Reader


class Desk:
    """A loaded model, and what gets sessions into its context. ``adapter`` names what was merged into it or lies
    beside it."""

    def __init__(
        self,
        engine: Engine,
        *,
        demonstration: bool = False,
        adapter: str | None = None,
        early: EarlyOptions | None = None,
    ) -> None:
        self.engine = engine
        self.reader = Reader(engine)
        self.early = EarlyNote(engine, early)
        self.live = LiveReading(engine, self.reader, self.early)
        self.demonstration = demonstration
        self._adapter = adapter

    @property
    def info(self) -> ModelInfo:
        """The engine's, with the adapter's own name."""
        info = self.engine.info
        return replace(info, adapter=self._adapter or info.adapter)

    @property
    def written_by(self) -> WrittenBy:
        info = self.info
        return WrittenBy(
            name=info.name,
            sha256=info.sha256,
            adapter=info.adapter,
            prompt_version=PROMPT_VERSION,
            demonstration=self.demonstration,
        )


@dataclass(frozen=True, slots=True)
class Desks:
    """Who serves: ``current``, and ``candidate`` for the sessions of ``trial``."""

    current: Desk
    candidate: Desk | None = None
    trial: Trial | None = None

    def of(self, session_id: int) -> Desk:
        if self.candidate is not None and self.trial is not None and self.trial.has(session_id):
            return self.candidate
        return self.current

    @property
    def all(self) -> tuple[Desk, ...]:
        return (self.current,) if self.candidate is None else (self.current, self.candidate)


class Serving:
    """Called from one event loop. Engines are given to it started; it stops them."""

    def __init__(self, desks: Desks) -> None:
        self._desks = desks
        self._writing: Counter[Desk] = Counter()
        self._idle = asyncio.Event()
        self._retiring: set[asyncio.Task[None]] = set()

    @property
    def current(self) -> Desk:
        return self._desks.current

    @property
    def desks(self) -> Desks:
        return self._desks

    def stats(self) -> EngineStats:
        """Those of the current model, with the sessions that any model reads."""
        reading: dict[str, Prefill] = {}
        for desk in reversed(self._desks.all):
            reading |= desk.engine.stats().reading
        return replace(self.current.engine.stats(), reading=reading)

    def reducing(self) -> frozenset[int]:
        """The sessions of which a window is being reduced."""
        return frozenset(number for desk in self._desks.all for number in desk.live.reducing())

    def follow(self, session_id: int, turns: tuple[Turn, ...]) -> None:
        """These are the turns of a live session so far. Returns at once."""
        self._desks.of(session_id).live.follow(session_id, turns)

    @contextmanager
    def writing(self, session_id: int) -> Iterator[Desk]:
        """The desk that writes the session's note; it stays until the block ends."""
        desk = self._desks.of(session_id)
        self._writing[desk] += 1
        try:
            yield desk
        finally:
            self._writing[desk] -= 1
            self._idle.set()

    def change(self, desks: Desks) -> None:
        """These serve from now on; who is not among them ends with the last of its notes."""
        before, self._desks = self._desks, desks
        for desk in before.all:
            if desk not in desks.all:
                task = asyncio.create_task(self._retire(desk), name="retire-model")
                self._retiring.add(task)
                task.add_done_callback(self._retiring.discard)

    async def _retire(self, desk: Desk) -> None:
        await desk.live.stop()
        while self._writing[desk] > 0:
            self._idle.clear()
            await self._idle.wait()
        await desk.engine.stop()

    async def stop_reading(self) -> None:
        """Nothing is read ahead any more."""
        await asyncio.gather(*(desk.live.stop() for desk in self._desks.all))

    async def stop(self) -> None:
        """Stops every engine, whatever it still writes."""
        await self.stop_reading()
        self._writing.clear()
        self._idle.set()
        await asyncio.gather(*self._retiring, *(desk.engine.stop() for desk in self._desks.all))
