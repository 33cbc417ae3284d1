"""The outbox as the relay sees it: rows that a transaction of the application left to be published, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """One event to publish. ``id`` is the CloudEvent id and the ``Nats-Msg-Id``; ``position`` orders the rows."""

    position: int
    id: str
    subject: str
    payload: bytes


class OutboxStore(Protocol):
    async def unpublished(self, limit: int, after: int = 0) -> Sequence[OutboxMessage]:
        """The oldest rows that wait beyond the position ``after``, in order, claimed for this relay."""

    async def mark_published(self, positions: Sequence[int]) -> None: ...

    async def lag(self) -> int:
        """How many rows wait."""
