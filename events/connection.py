"""One connection to a NATS server: the only user of nats-py's client, with its traps closed.

nats-py's own reconnection is off. It buffers what was published while away, so a publish that was reported as failed
may still happen; it ends for ever on some server errors; and an exception of an unforeseen kind ends its reconnect task
in silence. A connection here lives once; ``events.link`` makes the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from nats import errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.errors import APIError

from events.broker import BrokerUnavailableError
from events.errors import MessageRefusedError
from events.server_url import ServerUrl

logger = logging.getLogger(__name__)

# Replies and deliveries hold transcripts and notes. Other users of the same server may read ``_INBOX.>``, not this.
INBOX_PREFIX = "_CASENOTE"

# Everything a connection may raise when it is gone, going, or not answered in time.
LOST = (errors.Error, OSError, asyncio.TimeoutError)

_HEADER_OVERHEAD = 64  # bytes of protocol around headers, generously

Receiver = Callable[[Msg], Awaitable[None]]


class Connection:
    """``lost`` is set once, when the connection has ended for whatever reason."""

    def __init__(self, name: str, timeout: float) -> None:
        self._client = Client()
        self._name = name
        self._timeout = timeout
        self.lost = asyncio.Event()

    async def open(self, url: ServerUrl) -> None:
        """Connects or raises ``BrokerUnavailableError``; the half-open rest is closed."""
        try:
            async with asyncio.timeout(self._timeout):
                await self._client.connect(
                    servers=[url.address],
                    user=url.user,
                    password=url.password,
                    token=url.token,
                    name=self._name,
                    inbox_prefix=INBOX_PREFIX,
                    allow_reconnect=False,
                    # With reconnection off nats-py still tries again inside connect, for ever when this is 0 or -1.
                    max_reconnect_attempts=1,
                    reconnect_time_wait=0.01,
                    connect_timeout=self._timeout,
                    ping_interval=10,
                    max_outstanding_pings=2,
                    error_cb=self._on_error,
                    closed_cb=self._on_closed,
                )
        except LOST as error:
            await self.close()
            raise BrokerUnavailableError(f"no connection to {url.address}: {describe(error)}") from error
        except BaseException:
            await self.close()
            raise

    @property
    def max_payload(self) -> int:
        """Bytes of headers and payload that the server takes in one message."""
        return int(self._client.max_payload)

    async def close(self) -> None:
        """Ends the connection; does not wait for a server that no longer reads."""
        self.lost.set()
        with contextlib.suppress(*LOST):
            async with asyncio.timeout(1.0):
                await self._client.close()

    async def answers(self, within: float) -> bool:
        """Whether the server answers a ping in time. After False the connection must be closed: nats-py's reader ends
        in silence when the pong of a ping that it gave up arrives after all."""
        try:
            await self._client.flush(within)
        except LOST:
            return False
        return not self.lost.is_set()

    async def subscribe(self, subject: str, receiver: Receiver) -> Subscription:
        with unavailable_when_lost():
            return await self._client.subscribe(subject, cb=receiver, pending_msgs_limit=0, pending_bytes_limit=0)

    def new_inbox(self) -> str:
        return str(self._client.new_inbox())

    async def send(self, subject: str, payload: bytes = b"", reply: str = "") -> None:
        """Hands a message to the connection; nobody confirms it."""
        with unavailable_when_lost():
            if self.lost.is_set():
                raise errors.ConnectionClosedError
            await self._client.publish(subject, payload, reply=reply)

    async def request(
        self, subject: str, payload: bytes = b"", headers: Mapping[str, str] | None = None, within: float | None = None
    ) -> bytes:
        """The payload of the answer. Ends at once when the connection does, not only at the timeout."""
        self._check_size(payload, headers)
        with unavailable_when_lost():
            limit = self._timeout if within is None else within
            answer = asyncio.ensure_future(
                self._client.request(subject, payload, timeout=limit, headers=dict(headers) if headers else None)
            )
            lost = asyncio.ensure_future(self.lost.wait())
            try:
                await asyncio.wait({answer, lost}, return_when=asyncio.FIRST_COMPLETED)
                if not answer.done():
                    raise errors.ConnectionClosedError
                return bytes(answer.result().data)
            finally:
                for task in (answer, lost):
                    task.cancel()
                await asyncio.wait({answer, lost})
                if not answer.cancelled():
                    answer.exception()

    async def store(self, subject: str, payload: bytes, headers: Mapping[str, str], within: float) -> None:
        """Publishes into the subject's stream and waits for the confirmation."""
        answer = read_answer(await self.request(subject, payload, headers, within))
        if "stream" not in answer:
            raise BrokerUnavailableError("the broker's confirmation is of no known form")

    def jetstream(self) -> Any:
        """nats-py's JetStream manager: streams and consumers."""
        return self._client.jsm(timeout=self._timeout)

    def _check_size(self, payload: bytes, headers: Mapping[str, str] | None) -> None:
        size = len(payload) + _HEADER_OVERHEAD
        size += sum(len(name) + len(value.encode()) + 4 for name, value in (headers or {}).items())
        if size > self.max_payload:
            raise MessageRefusedError(f"the message has {size} bytes, the broker takes {self.max_payload}")

    async def _on_error(self, error: Exception) -> None:
        logger.debug("connection %s: %s", self._name, describe(error))

    async def _on_closed(self) -> None:
        self.lost.set()


@contextlib.contextmanager
def unavailable_when_lost() -> Iterator[None]:
    """Maps what nats-py raises to the broker's two errors."""
    try:
        yield
    except (errors.BadSubjectError, errors.BadHeaderError, errors.MaxPayloadError) as error:
        raise MessageRefusedError(describe(error)) from error
    except LOST as error:
        raise BrokerUnavailableError(describe(error)) from error


def read_answer(payload: bytes) -> dict[str, Any]:
    """A JetStream answer; its error, if it has one, as ``BrokerUnavailableError``."""
    try:
        answer = json.loads(payload)
    except ValueError as error:
        raise BrokerUnavailableError("the broker's answer is not JSON") from error
    if not isinstance(answer, dict):
        raise BrokerUnavailableError("the broker's answer is of no known form")
    if "error" in answer:
        problem = answer["error"]
        raise BrokerUnavailableError(f"{problem.get('description', 'refused')} ({problem.get('err_code', 'no code')})")
    return answer


def describe(error: BaseException) -> str:
    """One line about an error of nats-py, which has empty and long ones."""
    if isinstance(error, APIError):
        return f"{error.description} ({error.err_code})"
    text = str(error).splitlines()[0] if str(error) else ""
    return text or type(error).__name__
