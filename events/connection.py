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
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from typing import Any, TypeVar

from nats import errors
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.errors import APIError
from nats.js.manager import JetStreamManager

from events.broker import BrokerUnavailableError
from events.client import Client
from events.errors import MessageRefusedError, NotStoredError, StreamMissingError
from events.server_url import ServerUrl
from events.tasks import forget

logger = logging.getLogger(__name__)

# Replies and deliveries hold transcripts and notes. Other users of the same server may read ``_INBOX.>``, not this.
INBOX_PREFIX = "_CASENOTE"

# Everything a connection may raise when it is gone, going, or not answered in time.
LOST = (errors.Error, OSError, asyncio.TimeoutError)

CLOSE_TIMEOUT = 1.0

_HEADER_OVERHEAD = 64  # bytes of protocol around headers, generously
_MESSAGE_TOO_LARGE = 10054  # JetStream's code for a message beyond what its stream takes

Result = TypeVar("Result")
Receiver = Callable[[Msg], Awaitable[None]]


class Connection:
    """``lost`` is done once, when the connection has ended for whatever reason. Whatever is asked of the connection
    ends then too, and not at some timeout: nats-py itself would wait, in places for ever."""

    def __init__(self, name: str, timeout: float) -> None:
        self._client = Client(self._mark_lost)
        self._name = name
        self._timeout = timeout
        self.lost: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

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

    @property
    def is_lost(self) -> bool:
        return self.lost.done()

    async def close(self) -> None:
        """Ends the connection; does not wait for a server that no longer reads."""
        self._mark_lost()
        closing = asyncio.ensure_future(self._client.close())
        await asyncio.wait({closing}, timeout=CLOSE_TIMEOUT)
        if not closing.done():
            self._abort()
        forget(closing)

    async def answers(self, within: float) -> bool:
        """Whether the server answers a ping in time. After False the connection must be closed: nats-py's reader ends
        in silence when the pong of a ping that it gave up arrives after all."""
        try:
            await self._client.flush(within)
        except LOST:
            return False
        return not self.is_lost

    async def subscribe(self, subject: str, receiver: Receiver) -> Subscription:
        return await self.ask(self._client.subscribe(subject, cb=receiver, pending_msgs_limit=0, pending_bytes_limit=0))

    def new_inbox(self) -> str:
        return str(self._client.new_inbox())

    async def send(self, subject: str, payload: bytes = b"", reply: str = "") -> None:
        """Hands a message to the connection; nobody confirms it."""
        await self.ask(self._client.publish(subject, payload, reply=reply))

    async def request(
        self, subject: str, payload: bytes = b"", headers: Mapping[str, str] | None = None, within: float | None = None
    ) -> bytes:
        """The payload of the answer."""
        self._check_size(payload, headers)
        limit = self._timeout if within is None else within
        work = self._client.request(subject, payload, timeout=limit, headers=dict(headers) if headers else None)
        return bytes((await self.ask(work)).data)

    async def ask(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of a call of nats-py. Raises ``BrokerUnavailableError``, at once when the connection is lost;
        errors of the JetStream API come as they are."""
        asking = asyncio.ensure_future(work)
        try:
            with unavailable_when_lost():
                await asyncio.wait({asking, self.lost}, return_when=asyncio.FIRST_COMPLETED)
                if not asking.done():
                    raise errors.ConnectionClosedError
                return asking.result()
        finally:
            forget(asking)

    async def store(self, subject: str, payload: bytes, headers: Mapping[str, str], within: float) -> None:
        """Publishes into the subject's stream and waits for the confirmation. Raises ``MessageRefusedError`` and
        ``NotStoredError`` when the stream says no, ``BrokerUnavailableError`` when it says nothing."""
        answer = read_confirmation(await self.request(subject, payload, headers, within))
        if "stream" not in answer:
            raise BrokerUnavailableError("the broker's confirmation is of no known form")

    @property
    def jetstream(self) -> JetStreamManager:
        """nats-py's manager of streams and consumers; to be called through ``ask``."""
        return self._client.jsm(timeout=self._timeout)

    def _check_size(self, payload: bytes, headers: Mapping[str, str] | None) -> None:
        size = len(payload) + _HEADER_OVERHEAD
        size += sum(len(name) + len(value.encode()) + 4 for name, value in (headers or {}).items())
        if size > self.max_payload:
            raise MessageRefusedError(f"the message has {size} bytes, the broker takes {self.max_payload}")

    async def _on_error(self, error: Exception) -> None:
        logger.debug("connection %s: %s", self._name, describe(error))

    async def _on_closed(self) -> None:
        self._mark_lost()

    def _mark_lost(self) -> None:
        if not self.lost.done():
            self.lost.set_result(None)

    def _abort(self) -> None:
        """Drops what the peer does not take. nats-py has no call for it."""
        writer = getattr(self._client._transport, "_io_writer", None)
        if writer is not None:
            writer.transport.abort()


@contextlib.contextmanager
def unavailable_when_lost() -> Iterator[None]:
    """Maps what nats-py raises to the broker's errors."""
    try:
        yield
    except (errors.BadSubjectError, errors.BadHeaderError, errors.MaxPayloadError) as error:
        raise MessageRefusedError(describe(error)) from error
    except errors.NoRespondersError as error:
        raise StreamMissingError("no stream or service answers on this subject") from error
    except APIError:
        raise
    except LOST as error:
        raise BrokerUnavailableError(describe(error)) from error


def read_confirmation(payload: bytes) -> dict[str, Any]:
    """What a stream answers to a message; its error, if it has one, as an exception."""
    try:
        answer = json.loads(payload)
    except ValueError as error:
        raise BrokerUnavailableError("the broker's answer is not JSON") from error
    if not isinstance(answer, dict):
        raise BrokerUnavailableError("the broker's answer is of no known form")
    if "error" in answer:
        problem = answer["error"]
        code = problem.get("err_code", "no code")
        kind = MessageRefusedError if code == _MESSAGE_TOO_LARGE else NotStoredError
        raise kind(f"{problem.get('description', 'refused')} ({code})")
    return answer


def describe(error: BaseException) -> str:
    """One line about an error of nats-py, which has empty and long ones."""
    if isinstance(error, APIError):
        return f"{error.description} ({error.err_code})"
    text = str(error).splitlines()[0] if str(error) else ""
    return text or type(error).__name__
