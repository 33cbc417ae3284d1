"""How a run ends when the model gives no note."""

from __future__ import annotations

from models.engine.api import EngineFailure


class GenerationFailedError(Exception):
    """The engine gave up; ``reason`` says why."""

    def __init__(self, reason: EngineFailure, detail: str) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
