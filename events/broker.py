"""The message broker as the product sees it. ``jetstream`` is the real one, ``memory`` one for tests; one contract
suite runs over both."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from events.outcome import Outcome


class BrokerUnavailableError(Exception):
    """The broker cannot be reached now, or did not confirm in time. Nothing is known to be stored; try again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message handed to a handler. ``attempt`` counts from 1; ``stream_sequence`` is its place in the stream."""

    subject: str
    payload: bytes
    headers: Mapping[str, str]
    attempt: int
    stream_sequence: int


Handler = Callable[[Delivery], Awaitable[Outcome]]
Listener = Callable[[str, bytes], None]


class MessageBroker(Protocol):
    """Connections heal by themselves: a lost server makes calls raise ``BrokerUnavailableError`` or wait, never end."""

    @property
    def connected(self) -> bool: ...

    async def start(self) -> None:
        """Begins to connect and returns; it does not wait for a server. Streams are made when one is there."""

    async def stop(self) -> None:
        """Drains consumers (handlers that run may finish) and closes."""

    async def publish(self, subject: str, payload: bytes, headers: Mapping[str, str]) -> None:
        """Stores a message in the stream of its subject and waits for the confirmation. Headers may hold
        ``Nats-Msg-Id``. Raises ``BrokerUnavailableError``."""

    def consume(self, durable: str, stream: str, handler: Handler, *, in_flight: int = 8) -> None:
        """Delivers every message of ``stream`` to ``handler`` until ``stop``, now and after each reconnection."""

    def notify(self, subject: str, payload: bytes = b"") -> None:
        """Tells whoever listens now; lost when nobody does or the broker is away. Never raises."""

    def listen(self, subject: str, listener: Listener) -> None:
        """Calls ``listener(subject, payload)`` for each notice, until ``stop``. ``subject`` may hold wildcards."""

    async def publish_frame(self, key: str, payload: bytes) -> None:
        """Appends to the token log of ``key`` (stream ``TOKENS``, memory). Raises ``BrokerUnavailableError``."""

    def follow_frames(self, key: str) -> AsyncGenerator[bytes, None]:
        """Every frame of ``key`` that the log still holds, then each new one as it comes. Goes on over lost
        connections, without a gap where the log has survived; it ends when the caller closes it or the broker stops."""

    async def consumer_lag(self, durable: str, stream: str) -> int | None:
        """Messages not yet delivered or acknowledged; None when unknown."""
