"""What the API knows of the workers: each says now and then that it lives, with which model, how fast it is, and how
far it has read the sessions that go on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from events.broker import MessageBroker
from events.wake import WORKER_STATS

# A worker speaks every two seconds; one that missed five is not counted.
SILENT_AFTER = 10.0


class Reading(NamedTuple):
    """Tokens of a live session that its worker has read, of those that it knows of. ``reducing``: the session is
    longer than the context, and a part of it is being written down."""

    done: int
    total: int
    reducing: bool


@dataclass(frozen=True, slots=True)
class WorkerState:
    """The last word of one worker. ``model`` has name, size_bytes, sha256, adapter, n_ctx, demonstration;
    ``stats`` is ``models.engine.api.EngineStats`` as a mapping, its ``reading`` here by the id of the session."""

    owner: str
    model: dict[str, Any]
    stats: dict[str, Any]
    reading: dict[int, Reading]
    heard: float


class WorkerView:
    """The workers that spoke lately."""

    def __init__(self, broker: MessageBroker) -> None:
        self._workers: dict[str, WorkerState] = {}
        self._listeners: list[Callable[[int], None]] = []
        broker.listen(WORKER_STATS, self._on_stats)

    def alive(self) -> list[WorkerState]:
        oldest = time.monotonic() - SILENT_AFTER
        self._workers = {owner: state for owner, state in self._workers.items() if state.heard >= oldest}
        return list(self._workers.values())

    def reading(self, session_id: int) -> Reading | None:
        """How far a live session has been read, by the worker that knows most of it."""
        read = [state.reading[session_id] for state in self.alive() if session_id in state.reading]
        return max(read, key=lambda reading: (reading.total, reading.done), default=None)

    def on_reading(self, listener: Callable[[int], None]) -> None:
        """Calls ``listener`` with the id of each session that has been read further."""
        self._listeners.append(listener)

    def _on_stats(self, _subject: str, payload: bytes) -> None:
        try:
            body = json.loads(payload)
            reading = {
                int(key): Reading(int(done), int(total), reducing is True)
                for key, (done, total, reducing) in body["reading"].items()
            }
            state = WorkerState(str(body["owner"]), dict(body["model"]), dict(body["stats"]), reading, time.monotonic())
        except (ValueError, KeyError, TypeError, AttributeError):
            return
        known = self._workers.get(state.owner)
        self._workers[state.owner] = state
        changed = dict(reading.items() ^ (known.reading.items() if known else set()))
        for listener in self._listeners:
            for session_id in changed:
                listener(session_id)
