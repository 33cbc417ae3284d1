"""Keeps one connection to the broker for ever: tries the servers in turn, watches that the one it has answers, and
prepares each new connection (streams, subscriptions) before others see it.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
from collections.abc import Awaitable, Callable, Sequence

from events.backoff import Backoff
from events.broker import BrokerUnavailableError
from events.connection import Connection
from events.server_url import ServerUrl
from events.tasks import end

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT = 3.0
PING_EVERY = 5.0
PING_TIMEOUT = 5.0
BETWEEN_TRIES = Backoff(first=0.1, longest=2.0)

Preparation = Callable[[Connection], Awaitable[None]]


class Link:
    """``prepare`` runs on each new connection; when it raises ``BrokerUnavailableError`` the connection is given up."""

    def __init__(self, urls: Sequence[ServerUrl], name: str, prepare: Preparation) -> None:
        if not urls:
            raise ValueError("at least one NATS address is needed")
        self._urls = random.sample(list(urls), len(urls))
        self._name = name
        self._prepare = prepare
        self._connection: Connection | None = None
        self._up = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.stopped = False

    @property
    def connected(self) -> bool:
        return self._connection is not None and not self._connection.is_lost

    def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._keep_connected(), name=f"{self._name} link")

    async def stop(self) -> None:
        self.stopped = True
        self._up.set()
        await end(self._task)

    def connection(self) -> Connection:
        """The connection of now. Raises ``BrokerUnavailableError``."""
        connection = self._connection
        if connection is None or connection.is_lost:
            raise BrokerUnavailableError("there is no connection to the broker")
        return connection

    async def wait(self) -> Connection:
        """The connection of now, or the next one. Raises ``BrokerUnavailableError`` once stopped."""
        while not self.connected and not self.stopped:
            await self._up.wait()
            # Set, yet not connected: the connection was lost a moment ago and nobody has cleared it yet.
            if not self.connected:
                await asyncio.sleep(0.02)
        return self.connection()

    async def _keep_connected(self) -> None:
        failures = 0
        for url in itertools.cycle(self._urls):
            connection = Connection(self._name, CONNECT_TIMEOUT)
            try:
                await connection.open(url)
                await self._prepare(connection)
                failures = 0
                await self._use(connection)
            except BrokerUnavailableError as error:
                failures += 1
                log = logger.warning if failures in (1, 10) or failures % 100 == 0 else logger.debug
                log("the broker is away (try %d): %s", failures, error)
            except Exception as error:
                failures += 1
                logger.error("the connection to %s failed: %s", url.address, type(error).__name__)
            finally:
                if not self.stopped:
                    self._up.clear()
                self._connection = None
                await connection.close()
            await asyncio.sleep(BETWEEN_TRIES.delay(failures) * random.uniform(0.5, 1.0))

    async def _use(self, connection: Connection) -> None:
        """Until it is lost, or its server no longer answers."""
        self._connection = connection
        self._up.set()
        logger.info("connected to the broker")
        while not connection.is_lost:
            await asyncio.wait({connection.lost}, timeout=PING_EVERY)
            if not connection.is_lost and not await connection.answers(PING_TIMEOUT):
                break
        logger.info("the connection to the broker was lost")
