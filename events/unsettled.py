"""What other processes have in hand of a shared consumer, so that a session's end does not overtake its turns.

JetStream tells only up to which message everything is acknowledged (the floor), not which ones above it are. Some of
those that are expected here may be done already: then their session waits in vain, until the floor has passed them or
their time is over. What this process has settled itself is known, and never waited for.
"""

from __future__ import annotations

import asyncio

from events.backoff import Backoff
from events.broker import BrokerUnavailableError
from events.connection import Connection
from events.dispatch import EXPECTED_LATE, Dispatcher
from events.provision import durable_progress, subject_after, subject_at
from events.streams import ConsumerSettings
from events.subjects import ends_session, lane_of

# Seconds between looks at the floor while somebody waits for it: the first ones soon, because the others are quick.
BETWEEN_LOOKS = Backoff(first=0.05, longest=0.5)

# How many settled messages are remembered. The floor is seldom that far behind.
MOST_REMEMBERED = 10_000


class SettledHere:
    """The messages on which the server has confirmed this process's last word."""

    def __init__(self) -> None:
        self._sequences: dict[int, None] = {}

    def add(self, sequence: int) -> None:
        self._sequences[sequence] = None
        if len(self._sequences) > MOST_REMEMBERED:
            del self._sequences[next(iter(self._sequences))]

    def __contains__(self, sequence: int) -> bool:
        return sequence in self._sequences


class Unsettled:
    """Of one consumer, over all its connections."""

    def __init__(
        self, stream: str, durable: str, dispatcher: Dispatcher, settings: ConsumerSettings, settled: SettledHere
    ) -> None:
        self._stream = stream
        self._durable = durable
        self._dispatcher = dispatcher
        self._settings = settings
        self._settled_here = settled
        self._last = 0
        self._until = 0.0
        self._awaited = asyncio.Event()

    async def expect_all(self, connection: Connection) -> None:
        """Tells the dispatcher which messages others have in hand, or had when they died. Without it a session's end
        would overtake turns that a killed worker had taken and not stored. Raises ``BrokerUnavailableError``."""
        progress = await durable_progress(connection, self._stream, self._durable)
        if progress.in_hand == 0:
            return
        first = max(progress.floor + 1, progress.delivered - self._settings.max_ack_pending)
        for sequence in range(first, progress.delivered + 1):
            subject = await subject_at(connection, self._stream, sequence)
            if subject is not None:
                self._expect(subject, sequence)

    async def expect_before(self, connection: Connection, subject: str, sequence: int) -> None:
        """Before the end of a session is handed on: tells the dispatcher which of the session's earlier messages
        another worker may have in hand at this moment. Raises ``BrokerUnavailableError``."""
        if not ends_session(subject):
            return
        place = (await durable_progress(connection, self._stream, self._durable)).floor + 1
        while place < sequence:
            found = await subject_after(connection, self._stream, f"{lane_of(subject)}.*", place)
            if found is None or found.sequence >= sequence:
                return
            self._expect(found.subject, found.sequence)
            place = found.sequence + 1

    async def watch(self, connection: Connection) -> None:
        """Tells the dispatcher when they are settled, as long as anybody waits for them."""
        while True:
            await self._awaited.wait()
            # Cleared here too: where the time for it is over already, waiting again must wait.
            self._awaited.clear()
            looks = 0
            while asyncio.get_running_loop().time() < self._until:
                looks = 1 if self._awaited.is_set() else looks + 1
                self._awaited.clear()
                await asyncio.sleep(BETWEEN_LOOKS.delay(looks))
                if await self._look(connection) >= self._last:
                    break

    async def _look(self, connection: Connection) -> int:
        """The floor; 0 where it cannot be seen. That a connection is lost is noticed by whoever reads from it."""
        try:
            floor = (await durable_progress(connection, self._stream, self._durable)).floor
        except BrokerUnavailableError:
            return 0
        self._dispatcher.settled(floor)
        return floor

    def _expect(self, subject: str, sequence: int) -> None:
        if sequence in self._settled_here:
            return
        self._dispatcher.expect(subject, sequence)
        self._last = max(self._last, sequence)
        self._until = asyncio.get_running_loop().time() + self._settings.ack_wait + EXPECTED_LATE
        self._awaited.set()
