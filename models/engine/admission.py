"""The queue of those who wait to be admitted: people before what nobody watches, in order of arrival."""

from __future__ import annotations

from collections.abc import Iterator

from models.engine.sequence import GenerationState

__all__ = ["Waiting"]

_PATIENCE = 120.0  # seconds after which a backfill counts as waited for, so that it is not put off for ever


class Waiting:
    """Requests that are not yet admitted. Strictly in order: a large one at the head is not overtaken by small ones
    of its own rank, so it cannot starve."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._queue: list[GenerationState] = []

    def __len__(self) -> int:
        return len(self._queue)

    def __iter__(self) -> Iterator[GenerationState]:
        return iter(tuple(self._queue))

    @property
    def full(self) -> bool:
        return len(self._queue) >= self._room

    def add(self, generation: GenerationState) -> None:
        self._queue.append(generation)

    def remove(self, generation: GenerationState) -> None:
        self._queue.remove(generation)

    def ordered(self, now: float) -> list[GenerationState]:
        """Who comes next, first to last."""
        return sorted(self._queue, key=lambda generation: (not _urgent(generation, now), generation.order))


def _urgent(generation: GenerationState, now: float) -> bool:
    return generation.waited_for or now - generation.submitted >= _PATIENCE
