"""What the API knows of the workers: each says now and then that it lives, with which model, and how fast it is."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from events.broker import MessageBroker
from events.wake import WORKER_STATS

# A worker speaks every two seconds; one that missed five is not counted.
SILENT_AFTER = 10.0


@dataclass(frozen=True, slots=True)
class WorkerState:
    """The last word of one worker. ``model`` has name, size_bytes, sha256, adapter, n_ctx, demonstration;
    ``stats`` is ``models.engine.api.EngineStats`` as a mapping."""

    owner: str
    model: dict[str, Any]
    stats: dict[str, Any]
    heard: float


class WorkerView:
    """The workers that spoke lately."""

    def __init__(self, broker: MessageBroker) -> None:
        self._workers: dict[str, WorkerState] = {}
        broker.listen(WORKER_STATS, self._on_stats)

    def alive(self) -> list[WorkerState]:
        oldest = time.monotonic() - SILENT_AFTER
        self._workers = {owner: state for owner, state in self._workers.items() if state.heard >= oldest}
        return list(self._workers.values())

    def _on_stats(self, _subject: str, payload: bytes) -> None:
        try:
            body = json.loads(payload)
            state = WorkerState(str(body["owner"]), dict(body["model"]), dict(body["stats"]), time.monotonic())
        except (ValueError, KeyError, TypeError):
            return
        self._workers[state.owner] = state
