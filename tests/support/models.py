"""A model for tests that says what it is told to say, and fails when it is told to fail."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from models.engine.api import (
    Branch,
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
    request so far."""

    def __init__(self) -> None:
        self.asked: list[GenerationRequest] = []
        self.says: dict[str, str] = {}
        self.fails = False
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
        return (self._bad if self.fails else self._good).submit(request)

    def stats(self) -> EngineStats:
        return self._good.stats()
