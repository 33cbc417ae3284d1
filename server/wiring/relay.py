"""The role ``relay``: the outbox, published, and in time emptied."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from events.relay import Relay
from events.tasks import end
from server.db.database import Database
from server.db.outbox import DatabaseOutbox
from server.pruning import keep_pruning
from server.settings import Settings
from server.wiring.shared import broker_of


@asynccontextmanager
async def running_relay(settings: Settings) -> AsyncIterator[None]:
    """The role ``relay``, running inside the block."""
    async with AsyncExitStack() as stack:
        database = Database(settings.database)
        stack.push_async_callback(database.close)
        broker = broker_of(settings, "casenote-relay")
        relay = Relay(DatabaseOutbox(database), broker)
        await broker.start()
        stack.push_async_callback(broker.stop)
        await relay.start()
        stack.push_async_callback(relay.stop)
        pruning = asyncio.create_task(keep_pruning(database), name="prune")
        stack.push_async_callback(end, pruning)
        yield
