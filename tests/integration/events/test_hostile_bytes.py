"""What can be put on the wire with a clinic's credentials, past every client library: bytes that are no text."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from nats_waiting import connected, eventually

from events.broker import BrokerUnavailableError, Delivery
from events.connection import Connection
from events.embedded import EmbeddedNats
from events.jetstream import JetStreamBroker
from events.outcome import Ack, Outcome, Reject
from events.provision import durable_progress
from events.server_url import parse_server_url
from events.streams import ConsumerSettings
from events.subjects import OVERLONG_DEAD, closed_subject


def publish(subject: bytes) -> bytes:
    return b"PUB " + subject + b" 3\r\nbad\r\n"


def publish_with(headers: bytes, subject: bytes = b"sessions.3.closed") -> bytes:
    return b"HPUB %b %d %d\r\n%bbad\r\n" % (subject, len(headers), len(headers) + 3, headers)


# What is sent, and under which subject its dead letter is.
HOSTILE = {
    "subject that is not UTF-8": (publish(b"sessions.4\xe9.closed"), "dead.sessions.4%E9.closed"),
    "subject of two such bytes": (publish(b"sessions.\xff\xfe.segment"), "dead.sessions.%FF%FE.segment"),
    "subject with a vertical tab": (publish(b"sessions.a\x0bb.closed"), "dead.sessions.a%0Bb.closed"),
    "subject with a form feed": (publish(b"sessions.a\x0cb.closed"), "dead.sessions.a%0Cb.closed"),
    "subject with a zero byte": (publish(b"sessions.\x00.closed"), "dead.sessions.%00.closed"),
    "subject with a separator of text": (publish(b"sessions.\x1c.closed"), "dead.sessions.%1C.closed"),
    "subject with a blank beyond ASCII": (publish("sessions.\x85\xa0.x".encode()), "dead.sessions.%C2%85%C2%A0.x"),
    "subject that is a wildcard": (publish(b"sessions.*.closed"), "dead.sessions.%2A.closed"),
    "subject that is every subject": (publish(b"sessions.>"), "dead.sessions.%3E"),
    "subject that fills the line": (publish(b"sessions." + b"x" * 4040), OVERLONG_DEAD),
    "subject that fills the line escaped": (publish(b"sessions." + b"\xff" * 1400), OVERLONG_DEAD),
    "subject with headers of its own kind": (publish_with(b"NATS/1.0\r\n\r\n", b"sessions.\x0b"), "dead.sessions.%0B"),
    "headers without a line end": (publish_with(b"NATS/1.0"), "dead.sessions.3.closed"),
    "headers with a status that is no text": (publish_with(b"NATS/1.0 \xff\xff\xff\r\n\r\n"), "dead.sessions.3.closed"),
    "headers with a description that is no text": (
        publish_with(b"NATS/1.0 503 \xff\xff\r\n\r\n"),
        "dead.sessions.3.closed",
    ),
    "headers with a name that is no text": (publish_with(b"NATS/1.0\r\n\xff: \xff\r\n\r\n"), "dead.sessions.3.closed"),
}


async def send_as_clinic(nats: EmbeddedNats, *commands: bytes) -> None:
    """Past every client library; returns when the server has read it all."""
    address = urlsplit(nats.clinic_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    user = f'CONNECT {{"verbose":false,"headers":true,"user":"{address.username}","pass":"{address.password}"}}\r\n'
    writer.write(user.encode() + b"".join(commands) + b"PING\r\n")
    async with asyncio.timeout(10):
        while await reader.readline() != b"PONG\r\n":
            pass
    writer.close()


@pytest.mark.parametrize("name", HOSTILE)
async def test_bytes_that_are_no_event_become_a_dead_letter_and_events_go_on(name: str, nats: EmbeddedNats) -> None:
    command, letter = HOSTILE[name]
    good: list[str] = []

    async def read(delivery: Delivery) -> Outcome:
        if delivery.payload == b"bad":
            return Reject("no event")
        good.append(delivery.subject)
        return Ack()

    async with connected(nats, ConsumerSettings(ack_wait=2.0)) as broker:
        broker.consume("worker", "SESSIONS", read, in_flight=1)
        connection = broker._link.connection()
        await broker.publish(closed_subject(1), b"good", {})
        await send_as_clinic(nats, command)
        await broker.publish(closed_subject(2), b"good", {})

        async def is_buried() -> bool:
            info = await connection.ask(connection.jetstream.stream_info("DEAD"))
            return bool(info.state.messages == 1)

        await eventually(is_buried)
        await eventually(lambda: good == [closed_subject(1), closed_subject(2)])
        kept = await connection.ask(connection.jetstream.get_msg("DEAD", seq=1))
        assert (kept.subject, kept.data, kept.headers["Casenote-Reason"]) == (letter, b"bad", "no event")
        await eventually(lambda: has_no_more(broker.consumer_lag("worker", "SESSIONS")))
        assert not connection.is_lost


async def test_a_worker_that_comes_after_them_passes_all_of_them_in_hand_of_one_that_died(nats: EmbeddedNats) -> None:
    async def never(delivery: Delivery) -> Outcome:
        await asyncio.Event().wait()
        return Ack()

    async def refuse(delivery: Delivery) -> Outcome:
        return Reject("no event")

    settings = ConsumerSettings(ack_wait=1.0)
    async with connected(nats, settings) as dying:
        await send_as_clinic(nats, *(command for command, _ in HOSTILE.values()))
        dying.consume("worker", "SESSIONS", never, in_flight=len(HOSTILE))
        await eventually(lambda: has_in_hand(dying, len(HOSTILE)))
        await dying.kill()
    async with connected(nats, settings) as broker:
        broker.consume("worker", "SESSIONS", refuse)
        await eventually(lambda: has_no_more(broker.consumer_lag("worker", "SESSIONS")), 20.0)
        connection = broker._link.connection()
        info = await connection.ask(connection.jetstream.stream_info("DEAD"))
        assert info.state.messages == len(HOSTILE)


async def has_no_more(lag: Awaitable[int | None]) -> bool:
    return await lag == 0


async def has_in_hand(broker: JetStreamBroker, count: int) -> bool:
    with suppress(BrokerUnavailableError):
        # Until the consumer is made.
        return (await durable_progress(broker._link.connection(), "SESSIONS", "worker")).in_hand == count
    return False


async def test_a_connection_whose_reader_ends_in_silence_is_lost(nats: EmbeddedNats) -> None:
    connection = Connection("test", 3.0)
    await connection.open(parse_server_url(nats.url))

    async def fail(*told: object) -> None:
        raise ValueError("nothing that nats-py foresees")

    connection._client._process_msg = fail
    await connection.subscribe("casenote.odd", fail)
    await connection.send("casenote.odd")

    await eventually(lambda: connection.is_lost)
    await connection.close()
