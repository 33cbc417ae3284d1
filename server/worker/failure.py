"""How a run ends without a note."""

from __future__ import annotations

from models.engine.api import EngineFailure


class GenerationFailedError(Exception):
    """The engine gave up; ``reason`` says why."""

    def __init__(self, reason: EngineFailure, detail: str) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason


class TooManyAttemptsError(Exception):
    """Every attempt ended with its process, and no note without the model is allowed."""
