"""Hands messages to a handler: at most so many at once, a session's one after the other, with heartbeats while they
are in hand; then carries out what ``events.consumer`` decides. Both brokers use it; it knows nothing of NATS.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from events.broker import BrokerUnavailableError, Delivery, Handler
from events.consumer import Action, Bury, Confirm, Postpone, on_arrival, on_error, on_outcome
from events.lanes import Lanes
from events.streams import ConsumerSettings
from events.subjects import lane_of
from events.tasks import end

logger = logging.getLogger(__name__)

# Messages that wait in hand for their session's turn. They count as delivered, so they must stay well below the
# consumer's max_ack_pending.
MOST_WAITING = 200

# Seconds after which an answer that nobody confirmed is in doubt. A server that is well confirms in milliseconds.
DOUBT_AFTER = 1.0

# How much later than the acknowledgement wait a message may come again, in seconds.
EXPECTED_LATE = 2.0


@dataclass(slots=True)
class Held:
    """A message in hand. ``identity`` names the stored message; ``reply`` where its latest delivery is answered."""

    delivery: Delivery
    identity: tuple[int, int]
    reply: str


class Answers(Protocol):
    """The ways back to the broker. Each may raise ``BrokerUnavailableError``: then the message comes again."""

    async def confirm(self, held: Held) -> None: ...

    async def postpone(self, held: Held, delay: float) -> None: ...

    async def bury(self, held: Held, reason: str) -> None: ...

    async def report_progress(self, held: Held) -> None: ...


class Dispatcher:
    """``offer`` what arrives while there is ``room``; ``changed`` is set whenever room may have grown."""

    def __init__(self, handler: Handler, answers: Answers, settings: ConsumerSettings, in_flight: int) -> None:
        self._handler = handler
        self._answers = answers
        self._settings = settings
        self._in_flight = in_flight
        self._lanes: Lanes[Held] = Lanes()
        self._held: dict[tuple[int, int], Held] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._doubted: set[tuple[int, int]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._heartbeat: asyncio.Task[None] | None = None
        self._draining = False
        self._muted = False
        self.changed = asyncio.Event()

    @property
    def room(self) -> int:
        """How many more messages are wanted now. One at least while a message in hand waits for one that is to come
        again: with every handler busy that one would never be fetched, and be overtaken when its time is over. Likewise
        while an answer is in doubt: a server that was killed may have forgotten the delivery, and takes the answer only
        to the next one."""
        if self._draining or len(self._lanes) >= MOST_WAITING:
            return 0
        waits_for_another = self._lanes.wake_at(asyncio.get_running_loop().time()) is not None
        return max(self._in_flight - len(self._running), int(waits_for_another or bool(self._doubted)))

    def offer(self, held: Held) -> None:
        """Takes a message in hand. One that is in hand already was delivered again: only its answer goes elsewhere."""
        known = self._held.get(held.identity)
        if known is not None:
            known.reply = held.reply
            return
        self._held[held.identity] = held
        self._lanes.add(lane_of(held.delivery.subject), held.delivery.stream_sequence, held)
        if self._heartbeat is None:
            self._heartbeat = asyncio.create_task(self._report_progress())
        self._start_what_may_run()

    def expect(self, subject: str, sequence: int) -> None:
        """The message is delivered and not acknowledged, perhaps since a process died. It will come again, or be
        acknowledged; until then later ones of its session wait. One that is in hand here is no news."""
        if all(held.delivery.stream_sequence != sequence for held in self._held.values()):
            until = asyncio.get_running_loop().time() + self._settings.ack_wait + EXPECTED_LATE
            self._lanes.owe(lane_of(subject), sequence, until)

    def settled(self, floor: int) -> None:
        """Every message up to ``floor`` is acknowledged."""
        if self._lanes.settle(floor):
            self._start_what_may_run()

    def mute(self) -> None:
        """From now on nothing is answered any more, as after a crash."""
        self._muted = True

    async def drain(self, grace: float) -> None:
        """Gives back what waits, lets handlers end for ``grace`` seconds, cancels the others and gives theirs back."""
        self._draining = True
        await self._give_back_waiting(idle_only=True)
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=grace)
            await asyncio.gather(*map(end, late))
        # Only now: another process would take a session's later messages before the one that was worked on here.
        await self._give_back_waiting(idle_only=False)
        if self._timer is not None:
            self._timer.cancel()
        await end(self._heartbeat)

    def _start_what_may_run(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._draining and len(self._running) < self._in_flight:
            held = self._lanes.take(loop.time())
            if held is None:
                break
            task = asyncio.create_task(self._work(held))
            self._running.add(task)
            task.add_done_callback(self._worked)
        self._set_timer(loop)
        self.changed.set()

    def _worked(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._start_what_may_run()

    def _set_timer(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        wake_at = self._lanes.wake_at(loop.time())
        if wake_at is not None and not self._draining:
            self._timer = loop.call_at(wake_at, self._start_what_may_run)

    async def _work(self, held: Held) -> None:
        action: Action = Postpone(0.0)
        try:
            action = await self._decide(held.delivery)
            await self._carry_out(held, action)
        except asyncio.CancelledError:
            await self._give_back(held)
            raise
        except BrokerUnavailableError as error:
            logger.warning("the answer for %s was not confirmed, it will come again: %s", held.delivery.subject, error)
            action = Postpone(0.0)
        finally:
            self._release(held, action)

    async def _decide(self, delivery: Delivery) -> Action:
        limit = self._settings.max_attempts
        too_often = on_arrival(delivery.attempt, limit)
        if too_often is not None:
            return too_often
        try:
            return on_outcome(await self._handler(delivery), delivery.attempt, limit)
        except Exception as error:
            logger.error("the handler of %s failed: %s", delivery.subject, where(error))
            return on_error(error, delivery.attempt, limit)

    async def _carry_out(self, held: Held, action: Action) -> None:
        doubt = asyncio.get_running_loop().call_later(DOUBT_AFTER, self._doubt, held)
        try:
            await self._answer(held, action)
        finally:
            doubt.cancel()
            self._doubted.discard(held.identity)

    def _doubt(self, held: Held) -> None:
        self._doubted.add(held.identity)
        self.changed.set()

    async def _answer(self, held: Held, action: Action) -> None:
        match action:
            case Confirm():
                await self._answers.confirm(held)
            case Postpone(delay):
                await self._answers.postpone(held, delay)
            case Bury(reason):
                logger.warning("%s goes to the dead letters: %s", held.delivery.subject, reason)
                await self._answers.bury(held, reason)

    def _release(self, held: Held, action: Action) -> None:
        self._held.pop(held.identity, None)
        owed_until = None
        if isinstance(action, Postpone):
            owed_until = asyncio.get_running_loop().time() + action.delay + self._settings.ack_wait
        self._lanes.finish(lane_of(held.delivery.subject), owed_until)

    async def _give_back_waiting(self, *, idle_only: bool) -> None:
        for held in self._lanes.drain(idle_only=idle_only):
            await self._give_back(held)

    async def _give_back(self, held: Held) -> None:
        self._held.pop(held.identity, None)
        if self._muted:
            return
        try:
            # At once, so that another process gets it before the messages that come after it.
            await self._answers.postpone(held, 0.0)
        except BrokerUnavailableError:
            logger.info("%s was not given back; it comes again when its time is over", held.delivery.subject)

    async def _report_progress(self) -> None:
        while True:
            await asyncio.sleep(self._settings.heartbeat)
            self._lanes.forget_owed(asyncio.get_running_loop().time())
            for held in list(self._held.values()):
                try:
                    await self._answers.report_progress(held)
                except BrokerUnavailableError as error:
                    logger.info("a message in hand could not be reported as in progress: %s", error)
                    break


def where(error: BaseException) -> str:
    """The kind of an error and the place it was raised at; its message may hold text of a session."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place
