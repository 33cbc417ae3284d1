"""A model for tests that says what it is told to say, and fails when it is told to fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from models.engine.api import (
    Branch,
    EngineEvent,
    EngineFailure,
    EngineStats,
    Generation,
    GenerationRequest,
    ModelInfo,
)
from models.engine.scripted import ScriptedEngine
from models.segments import Segment
from tests.support.api import RunningApi

Run = Callable[[Callable[[RunningApi, "ObedientEngine"], Coroutine[Any, Any, None]]], None]

_MANY = 100_000


class ObedientEngine:
    """An ``Engine``. ``says`` is the text of each section by id; ``fails`` makes every request fail; ``asked`` is every
    request so far. While ``holds`` is set, new requests wait until ``let_go``, or until they are cancelled."""

    def __init__(self) -> None:
        self.asked: list[GenerationRequest] = []
        self.says: dict[str, str] = {}
        self.fails = False
        self.holds = False
        self._held: list[_Held] = []
        self._good = ScriptedEngine(self._text)
        self._bad = ScriptedEngine({}, failures=dict.fromkeys(range(1, _MANY), EngineFailure.DECODE))

    def _text(self, _request: GenerationRequest, branch: Branch) -> str:
        return self.says.get(branch.id, "")

    @property
    def info(self) -> ModelInfo:
        return self._good.info

    async def start(self) -> None:
        await self._good.start()
        await self._bad.start()

    async def stop(self) -> None:
        await self._good.stop()
        await self._bad.stop()

    def count_tokens(self, segments: tuple[Segment, ...]) -> int:
        return self._good.count_tokens(segments)

    def prefill(self, session: str, prefix: tuple[Segment, ...]) -> None:
        self._good.prefill(session, prefix)

    def release(self, session: str) -> None:
        self._good.release(session)

    def submit(self, request: GenerationRequest) -> Generation:
        self.asked.append(request)
        generation = (self._bad if self.fails else self._good).submit(request)
        if not self.holds:
            return generation
        self._held.append(_Held(generation))
        return self._held[-1]

    @property
    def waiting(self) -> int:
        """Requests that wait."""
        return len(self._held)

    def let_go(self) -> None:
        """Lets every request that waits go on."""
        self.holds = False
        for held in self._held:
            held.go.set()
        self._held.clear()

    def stats(self) -> EngineStats:
        return self._good.stats()


class _Held:
    """A generation of which nothing is heard before ``go``."""

    def __init__(self, generation: Generation) -> None:
        self._generation = generation
        self.go = asyncio.Event()

    @property
    def id(self) -> str:
        return self._generation.id

    @property
    def failed(self) -> bool:
        return self._generation.failed

    @property
    def written(self) -> int:
        return self._generation.written

    async def __aiter__(self) -> AsyncIterator[list[EngineEvent]]:
        await self.go.wait()
        async for step in self._generation:
            yield step

    def stop_branch(self, branch: str) -> None:
        self._generation.stop_branch(branch)

    def cancel(self) -> None:
        self._generation.cancel()
        self.go.set()

    def hurry(self, deadline: float | None) -> None:
        self._generation.hurry(deadline)
