"""Publishes the rows of the outbox: each session's in order, each until the broker has confirmed it, then marks them.

A crash between confirmation and mark publishes a row again under the same id: the stream drops it within its duplicate
window, and consumers that drop ids they have seen do so after it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

from events.backoff import Backoff
from events.broker import BrokerUnavailableError, MessageBroker
from events.cloudevent import STRUCTURED
from events.complaints import Complaints
from events.errors import MessageRefusedError, NotStoredError
from events.held_back import HOLD_FOR, HeldBack
from events.outbox import OutboxMessage, OutboxStore
from events.subjects import first_token, lane_of
from events.tasks import end
from events.wake import WAKE_RELAY
from events.without_text import without_text

logger = logging.getLogger(__name__)

BATCH = 200
SESSIONS_AT_ONCE = 16
POLL_EVERY = 1.0
AFTER_FAILURE = Backoff(first=0.1, longest=2.0)


class Relay:
    """Runs from ``start`` to ``stop``. Woken by a notice on ``wake_subject``, and by a slow poll when that is lost."""

    def __init__(
        self,
        store: OutboxStore,
        broker: MessageBroker,
        wake_subject: str = WAKE_RELAY,
        *,
        poll_every: float = POLL_EVERY,
    ) -> None:
        self._store = store
        self._broker = broker
        self._poll_every = poll_every
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._complaints = Complaints()
        self._held = HeldBack()
        broker.listen(wake_subject, lambda subject, payload: self._wake.set())

    def wake(self) -> None:
        """Looks into the outbox now; for a caller in the same process."""
        self._wake.set()

    async def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._loop(), name="relay")

    async def stop(self) -> None:
        await end(self._task)
        self._task = None

    async def _loop(self) -> None:
        failures = 0
        while True:
            self._wake.clear()
            try:
                await self._publish_waiting()
                failures = 0
            except BrokerUnavailableError as error:
                failures += 1
                log = logger.warning if failures == 1 else logger.debug
                log("the relay waits for the broker: %s", error)
            except Exception as error:
                failures += 1
                logger.error("the relay could not read or mark the outbox: %s", type(error).__name__)
            if failures:
                # No wake here: notices come in numbers, and each would be a try against a broker that is away.
                await asyncio.sleep(AFTER_FAILURE.delay(failures))
            else:
                await self._wait()

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(min(self._poll_every, HOLD_FOR) if self._held else self._poll_every):
                await self._wake.wait()

    async def _publish_waiting(self) -> None:
        """Publishes all that waits, a batch after the other: rows that are held back must not hide those behind them.
        Raises when the broker is away."""
        self._held.begin(asyncio.get_running_loop().time())
        while True:
            rows = await self._store.unpublished(BATCH, self._held.after)
            confirmed: list[int] = []
            try:
                await self._publish_by_session(rows, confirmed)
            finally:
                if confirmed:
                    await asyncio.shield(self._store.mark_published(sorted(confirmed)))
            if rows:
                self._held.passed(rows[-1].position)
            if len(rows) < BATCH:
                return

    async def _publish_by_session(self, rows: Sequence[OutboxMessage], confirmed: list[int]) -> None:
        """Sessions go side by side, the rows of one in order: the first that fails holds back its own session, one that
        is not answered those of its stream. Only a broker that is away ends it all."""
        sessions: dict[str, list[OutboxMessage]] = {}
        for row in rows:
            sessions.setdefault(lane_of(row.subject), []).append(row)
        gate = asyncio.Semaphore(SESSIONS_AT_ONCE)
        away: list[BrokerUnavailableError] = []

        async def publish_session(own: Sequence[OutboxMessage]) -> None:
            async with gate:
                for row in own:
                    if away or self._held.holds(row.subject):
                        return
                    try:
                        await self._publish(row)
                    except (MessageRefusedError, NotStoredError) as error:
                        self._hold(lane_of(row.subject), row, error)
                    except BrokerUnavailableError as error:
                        if not self._broker.connected:
                            away.append(error)
                            return
                        self._hold(first_token(row.subject), row, error)
                    else:
                        self._complaints.settled(row)
                        confirmed.append(row.position)

        await asyncio.gather(*map(publish_session, sessions.values()))
        if away:
            raise away[0]

    async def _publish(self, row: OutboxMessage) -> None:
        """A note whose words make its event too large is told of without them, rather than not at all."""
        try:
            await self._broker.publish(row.subject, row.payload, _headers(row))
        except MessageRefusedError as error:
            smaller = without_text(row.payload)
            if smaller is None:
                raise
            await self._broker.publish(row.subject, smaller, _headers(row))
            logger.warning("outbox row %d on %s went without the note's text: %s", row.position, row.subject, error)

    def _hold(self, name: str, row: OutboxMessage, error: BrokerUnavailableError) -> None:
        self._held.hold(name, asyncio.get_running_loop().time())
        self._complaints.about(row, error)


def _headers(row: OutboxMessage) -> dict[str, str]:
    return {"content-type": STRUCTURED, "Nats-Msg-Id": row.id}
