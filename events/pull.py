"""A pull subscription: asks the server for so many messages, and gives them out as they come.

Credit is what was asked for and has not come. The server tells how much of it is void when a request ends unfilled, so
nothing is asked for twice, and a reader that does not read costs the server nothing.
"""

from __future__ import annotations

import asyncio
import json

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from events.broker import BrokerUnavailableError
from events.connection import Connection
from events.tasks import forget

EXPIRES = 25.0
HEARTBEAT = 5.0
_NANOSECONDS = 1_000_000_000

# A delivery is known by its reply subject: headers are the sender's, who may write a status of his own.
_DELIVERY = "$JS.ACK."

# Status codes of the server: a request that ran out, a heartbeat.
_REQUEST_ENDED = "408"
_HEARTBEAT = "100"


class Pull:
    """Of one consumer on one connection. Anything that ends it raises ``BrokerUnavailableError`` from ``next``."""

    def __init__(self, connection: Connection, stream: str, consumer: str) -> None:
        self._connection = connection
        self._request_subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._inbox = connection.new_inbox()
        self._arrived: asyncio.Queue[Msg] = asyncio.Queue()
        self._subscription: Subscription | None = None
        self.credit = 0

    async def open(self) -> None:
        self._subscription = await self._connection.subscribe(self._inbox, self._arrived.put)

    async def close(self) -> None:
        """Raises ``BrokerUnavailableError`` when there is nothing left to close."""
        if self._subscription is not None:
            await self._connection.ask(self._subscription.unsubscribe())

    @property
    def unread(self) -> int:
        return self._arrived.qsize()

    def leave(self) -> list[Msg]:
        """Takes out the deliveries that nobody has read."""
        messages = [self._arrived.get_nowait() for _ in range(self._arrived.qsize())]
        return [message for message in messages if message.reply.startswith(_DELIVERY)]

    async def ask(self, batch: int) -> None:
        """Asks for ``batch`` more messages."""
        request = {
            "batch": batch,
            "expires": int(EXPIRES * _NANOSECONDS),
            "idle_heartbeat": int(HEARTBEAT * _NANOSECONDS),
        }
        await self._connection.send(self._request_subject, json.dumps(request).encode(), reply=self._inbox)
        self.credit += batch

    async def next(self) -> Msg | None:
        """The next message; None when a request has ended unfilled, so that there may be something to ask for."""
        while True:
            message = await self._next_of_any_kind()
            if message.reply.startswith(_DELIVERY):
                self.credit = max(0, self.credit - 1)
                return message
            status = (message.headers or {}).get("Status", "none")
            if status == _HEARTBEAT:
                continue
            unfilled = (message.headers or {}).get("Nats-Pending-Messages", "")
            if status != _REQUEST_ENDED and not unfilled:
                raise BrokerUnavailableError(f"the pull ended with status {status}")
            self.credit = max(0, self.credit - int(unfilled)) if unfilled.isdecimal() else 0
            return None

    async def _next_of_any_kind(self) -> Msg:
        """With credit out the server sends a heartbeat at least; silence means that it has forgotten the request."""
        if not self._arrived.empty():
            return self._arrived.get_nowait()
        arrived = asyncio.ensure_future(self._arrived.get())
        lost = self._connection.lost
        try:
            await asyncio.wait({lost, arrived}, timeout=3 * HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
            if arrived.done():
                return arrived.result()
            raise BrokerUnavailableError("the connection was lost" if lost.done() else "the broker fell silent")
        finally:
            forget(arrived)
