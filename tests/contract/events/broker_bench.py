"""Two kinds of broker and what may happen to them: in memory, and on a real nats-server."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Protocol

from events.broker import Delivery, MessageBroker
from events.embedded import EmbeddedNats
from events.jetstream import JetStreamBroker
from events.memory import MemoryBroker
from events.memory_server import MemoryServer
from events.outcome import Ack, Outcome
from events.streams import ConsumerSettings

SETTINGS = ConsumerSettings(ack_wait=1.0, max_attempts=3)


async def eventually(condition: Callable[[], bool | Awaitable[bool]], seconds: float = 10.0) -> None:
    """Waits until ``condition`` holds; fails after ``seconds``."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        result = condition()
        if await result if isinstance(result, Awaitable) else result:
            return
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not true within {seconds} s")
        await asyncio.sleep(0.01)


class Bench(Protocol):
    """What a test may do with a broker's surroundings."""

    async def broker(self) -> MessageBroker:
        """One more client: one more process of the product."""

    async def crash(self, broker: MessageBroker) -> None:
        """Ends a client without a word to the server."""

    async def go_away(self) -> None: ...

    async def come_back(self) -> None:
        """The server again, with what it keeps on disk and without what it kept in memory."""

    async def dead_letters(self, count: int) -> list[Delivery]:
        """The first ``count`` dead letters."""


class MemoryBench:
    def __init__(self) -> None:
        self._server = MemoryServer()
        self._stack = AsyncExitStack()

    async def broker(self) -> MessageBroker:
        broker = MemoryBroker(self._server, consumer=SETTINGS, drain=2.0)
        await broker.start()
        self._stack.push_async_callback(broker.stop)
        return broker

    async def crash(self, broker: MessageBroker) -> None:
        assert isinstance(broker, MemoryBroker)
        await broker.kill()

    async def go_away(self) -> None:
        self._server.available = False

    async def come_back(self) -> None:
        self._server.lose_memory()
        self._server.available = True

    async def dead_letters(self, count: int) -> list[Delivery]:
        await eventually(lambda: len(self._server.stream("DEAD").messages) >= count)
        return [
            Delivery(letter.subject, letter.payload, letter.headers, 1, letter.sequence)
            for letter in self._server.stream("DEAD").messages[:count]
        ]

    async def close(self) -> None:
        await self._stack.aclose()


class NatsBench:
    def __init__(self, home: Path) -> None:
        self._nats = EmbeddedNats(home)
        self._stack = AsyncExitStack()

    async def open(self) -> None:
        await self._nats.start()
        self._stack.push_async_callback(self._nats.stop)

    async def broker(self) -> MessageBroker:
        broker = JetStreamBroker([self._nats.url], consumer=SETTINGS, drain=2.0)
        await broker.start()
        self._stack.push_async_callback(broker.stop)
        await eventually(lambda: broker.connected)
        return broker

    async def crash(self, broker: MessageBroker) -> None:
        assert isinstance(broker, JetStreamBroker)
        await broker.kill()

    async def go_away(self) -> None:
        assert self._nats.pid is not None
        os.kill(self._nats.pid, signal.SIGKILL)
        await self._nats.wait()

    async def come_back(self) -> None:
        await self._nats.start()

    async def dead_letters(self, count: int) -> list[Delivery]:
        letters: list[Delivery] = []
        broker = await self.broker()

        async def keep(delivery: Delivery) -> Outcome:
            letters.append(delivery)
            return Ack()

        broker.consume("reader", "DEAD", keep, in_flight=1)
        await eventually(lambda: len(letters) >= count)
        await broker.stop()
        return letters[:count]

    async def close(self) -> None:
        await self._stack.aclose()
