"""The state behind ``events.memory``: streams, consumers and their deliveries as JetStream keeps them, in this process.

Time comes in as an argument. Clients are woken through the events that they register.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from events.broker import BrokerUnavailableError, Listener
from events.streams import STREAMS, StreamSettings


@dataclass(frozen=True, slots=True)
class Stored:
    """A message in a stream; ``stored_at`` in seconds of the loop's clock."""

    sequence: int
    subject: str
    payload: bytes
    headers: Mapping[str, str]
    stored_at: float


@dataclass(slots=True)
class StreamState:
    settings: StreamSettings
    life: int = 1
    messages: list[Stored] = field(default_factory=list)
    last_sequence: int = 0
    ids: dict[str, float] = field(default_factory=dict)

    def store(self, subject: str, payload: bytes, headers: Mapping[str, str], now: float) -> None:
        message_id = headers.get("Nats-Msg-Id")
        if message_id is not None:
            window = self.settings.duplicate_window
            self.ids = {known: since for known, since in self.ids.items() if now - since < window}
            if message_id in self.ids:
                return
            self.ids[message_id] = now
        self.last_sequence += 1
        self.messages.append(Stored(self.last_sequence, subject, payload, dict(headers), now))


@dataclass(slots=True)
class ConsumerState:
    """``due`` maps the sequences that were delivered and not settled to the time of their next delivery."""

    stream: StreamState
    ack_wait: float
    next_index: int = 0
    due: dict[int, float] = field(default_factory=dict)
    attempts: dict[int, int] = field(default_factory=dict)

    def deliver(self, now: float) -> tuple[Stored, int] | None:
        """The next message and its attempt, from 1: an overdue one first."""
        overdue = [sequence for sequence, at in self.due.items() if at <= now]
        if overdue:
            message = self.stream.messages[min(overdue) - 1]
        elif self.next_index < len(self.stream.messages):
            message = self.stream.messages[self.next_index]
            self.next_index += 1
        else:
            return None
        self.due[message.sequence] = now + self.ack_wait
        self.attempts[message.sequence] = self.attempts.get(message.sequence, 0) + 1
        return message, self.attempts[message.sequence]

    def settle(self, sequence: int) -> None:
        self.due.pop(sequence, None)

    def put_off(self, sequence: int, until: float) -> None:
        if sequence in self.due:
            self.due[sequence] = until

    def next_due(self) -> float | None:
        return min(self.due.values(), default=None)

    @property
    def floor(self) -> int:
        """Every message up to this sequence is settled."""
        return min(self.due, default=self.next_index + 1) - 1

    @property
    def lag(self) -> int:
        return len(self.stream.messages) - self.next_index + len(self.due)


class MemoryServer:
    """What several ``MemoryBroker`` share, as clients share a server."""

    def __init__(self) -> None:
        self._available = True
        self._streams = {settings.name: StreamState(settings) for settings in STREAMS}
        self._consumers: dict[tuple[str, str], ConsumerState] = {}
        self._watchers: set[asyncio.Event] = set()
        self._ears: list[Listener] = []

    @property
    def available(self) -> bool:
        return self._available

    @available.setter
    def available(self, value: bool) -> None:
        self._available = value
        self.wake()

    def require(self) -> None:
        if not self._available:
            raise BrokerUnavailableError("the broker is away")

    def stream(self, name: str) -> StreamState:
        return self._streams[name]

    def store(self, subject: str, payload: bytes, headers: Mapping[str, str], now: float) -> None:
        """Raises ``BrokerUnavailableError`` when away, and for a subject of no stream, as JetStream does."""
        self.require()
        for stream in self._streams.values():
            if any(subject.startswith(pattern.removesuffix(">")) for pattern in stream.settings.subjects):
                stream.store(subject, payload, headers, now)
                self.wake()
                return
        raise BrokerUnavailableError("no stream takes this subject")

    def consumer(self, durable: str, stream: str, ack_wait: float) -> ConsumerState:
        return self._consumers.setdefault((durable, stream), ConsumerState(self._streams[stream], ack_wait))

    def known_consumer(self, durable: str, stream: str) -> ConsumerState | None:
        return self._consumers.get((durable, stream))

    def lose_memory(self) -> None:
        """What a restart does: streams that are kept in memory begin anew."""
        for name, state in self._streams.items():
            if state.settings.memory:
                self._streams[name] = StreamState(state.settings, life=state.life + 1)
        self.wake()

    def watch(self, event: asyncio.Event) -> None:
        self._watchers.add(event)

    def unwatch(self, event: asyncio.Event) -> None:
        self._watchers.discard(event)

    def attach(self, ear: Listener) -> None:
        self._ears.append(ear)

    def detach(self, ear: Listener) -> None:
        if ear in self._ears:
            self._ears.remove(ear)

    def tell(self, subject: str, payload: bytes) -> None:
        """Passes a notice on to whoever is attached, after the caller has gone on."""
        for ear in self._ears:
            asyncio.get_running_loop().call_soon(ear, subject, payload)

    def wake(self) -> None:
        for event in self._watchers:
            event.set()
