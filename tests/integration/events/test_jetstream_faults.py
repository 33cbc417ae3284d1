"""The JetStream broker while the server is killed, frozen, restarted or talked to by others."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from contextlib import aclosing

import nats as nats_client
import pytest
from nats_waiting import connected, eventually, kill

from events.broker import BrokerUnavailableError, Delivery
from events.connection import Connection
from events.contracts import UnreadableEventError, read_session_event
from events.embedded import EmbeddedNats
from events.errors import MessageRefusedError
from events.jetstream import JetStreamBroker
from events.outcome import Ack, Outcome, Reject
from events.streams import MAX_SESSION_MESSAGE, ConsumerSettings
from events.subjects import closed_subject, segment_subject

ROUNDS = int(os.environ.get("KILL_ROUNDS", "3"))
HOSTILE = int(os.environ.get("EVENT_ROUNDS", "2000"))


async def publish_surely(broker: JetStreamBroker, subject: str, payload: bytes, message_id: str) -> None:
    """Until it is confirmed, as the relay does."""
    while True:
        try:
            return await broker.publish(subject, payload, {"Nats-Msg-Id": message_id})
        except BrokerUnavailableError:
            await asyncio.sleep(0.02)


async def test_it_starts_before_the_server_and_connects_when_that_comes(nats: EmbeddedNats) -> None:
    url = nats.url
    await nats.stop()
    broker = JetStreamBroker([url])
    await broker.start()
    came: list[Delivery] = []

    async def keep(delivery: Delivery) -> Outcome:
        came.append(delivery)
        return Ack()

    broker.consume("worker", "SESSIONS", keep)
    assert not broker.connected
    with pytest.raises(BrokerUnavailableError):
        await broker.publish(closed_subject(1), b"x", {})

    await nats.start()
    await eventually(lambda: broker.connected)
    await publish_surely(broker, closed_subject(1), b"x", "a")
    await eventually(lambda: len(came) == 1)
    await broker.stop()


async def test_it_goes_to_another_server_of_its_list(nats: EmbeddedNats) -> None:
    broker = JetStreamBroker(["nats://127.0.0.1:1", nats.url, "nats://user:wrong@127.0.0.1:1"])
    await broker.start()
    await eventually(lambda: broker.connected)
    await broker.stop()


async def test_a_stopped_broker_leaves_no_task_behind(nats: EmbeddedNats) -> None:
    before = asyncio.all_tasks()

    async def never(delivery: Delivery) -> Outcome:
        await asyncio.Event().wait()
        return Ack()

    broker = JetStreamBroker([nats.url], drain=0.1)
    await broker.start()
    await eventually(lambda: broker.connected)
    broker.consume("worker", "SESSIONS", never)
    broker.listen("casenote.>", lambda subject, payload: None)
    await broker.publish(closed_subject(1), b"x", {})
    frames = broker.follow_frames("1")
    await broker.publish_frame("1", b"x")
    await anext(frames)
    broker.notify("casenote.wake.relay")
    await broker.stop()
    await frames.aclose()

    await eventually(lambda: asyncio.all_tasks() <= before)


async def test_every_confirmed_message_is_delivered_however_often_the_server_is_killed(nats: EmbeddedNats) -> None:
    chance = random.Random(11)
    confirmed: set[str] = set()
    came: set[str] = set()

    async def keep(delivery: Delivery) -> Outcome:
        await asyncio.sleep(0.001)
        came.add(delivery.payload.decode())
        return Ack()

    async with connected(nats, ConsumerSettings(ack_wait=2.0)) as broker:
        broker.consume("worker", "SESSIONS", keep, in_flight=4)

        async def publish(session: int) -> None:
            for number in range(60):
                name = f"{session}-{number}"
                await publish_surely(broker, segment_subject(session), name.encode(), name)
                confirmed.add(name)

        publishers = [asyncio.create_task(publish(session)) for session in range(1, 5)]
        for _ in range(ROUNDS):
            await asyncio.sleep(chance.uniform(0.01, 0.1))
            await kill(nats)
            await nats.start()
        await asyncio.gather(*publishers)
        await eventually(lambda: came == confirmed, 30.0)
    assert len(confirmed) == 240


async def test_a_server_that_forgot_what_all_handlers_have_in_hand_does_not_hold_them_up(nats: EmbeddedNats) -> None:
    """A kill right after a delivery: the server knows nothing of it and takes no answer until it has made it again."""
    for number in range(2 * ROUNDS):
        in_hand, came, free = asyncio.Semaphore(0), set[str](), asyncio.Event()

        async def keep(
            delivery: Delivery,
            in_hand: asyncio.Semaphore = in_hand,
            came: set[str] = came,
            free: asyncio.Event = free,
        ) -> Outcome:
            in_hand.release()
            await free.wait()
            came.add(delivery.payload.decode())
            return Ack()

        names = {f"{number}-{session}-{turn}" for session in range(1, 5) for turn in range(2)}
        async with connected(nats, ConsumerSettings(ack_wait=2.0)) as broker:
            for name in sorted(names):
                await publish_surely(broker, segment_subject(int(name.split("-")[1])), name.encode(), name)
            broker.consume("worker", "SESSIONS", keep, in_flight=4)
            for _ in range(4):
                await in_hand.acquire()
            await kill(nats)
            await nats.start()
            await eventually(lambda broker=broker: broker.connected)
            free.set()
            # Without fetching anything new the answers would be given up after 20 s.
            await eventually(lambda came=came, names=names: names <= came)


async def test_a_frozen_server_is_noticed_and_used_again_when_it_thaws(nats: EmbeddedNats) -> None:
    assert nats.pid is not None
    came: list[bytes] = []

    async def keep(delivery: Delivery) -> Outcome:
        came.append(delivery.payload)
        return Ack()

    broker = JetStreamBroker([nats.url], publish_timeout=0.5)
    await broker.start()
    await eventually(lambda: broker.connected)
    broker.consume("worker", "SESSIONS", keep)
    await publish_surely(broker, closed_subject(1), b"before", "a")
    os.kill(nats.pid, signal.SIGSTOP)
    try:
        with pytest.raises(BrokerUnavailableError):
            await broker.publish(closed_subject(1), b"frozen", {"Nats-Msg-Id": "b"})
        await eventually(lambda: not broker.connected, 15.0)
    finally:
        os.kill(nats.pid, signal.SIGCONT)
    await publish_surely(broker, closed_subject(1), b"frozen", "b")
    await eventually(lambda: came == [b"before", b"frozen"], 20.0)
    await broker.stop()


async def test_a_follower_misses_and_repeats_nothing_when_its_connection_breaks(nats: EmbeddedNats) -> None:
    chance = random.Random(3)
    frames: list[bytes] = []
    async with connected(nats) as writer, connected(nats) as reader:

        async def follow() -> None:
            async with aclosing(reader.follow_frames("7")) as follower:
                async for frame in follower:
                    frames.append(frame)
                    if len(frames) == 3000:
                        return

        async def write() -> None:
            for number in range(3000):
                await writer.publish_frame("7", str(number).encode())

        following, writing = asyncio.create_task(follow()), asyncio.create_task(write())
        for _ in range(8):
            await asyncio.sleep(chance.uniform(0.02, 0.1))
            # The server stays, and the log with it: only this reader's connection breaks.
            await (await reader._link.wait()).close()
        await writing
        async with asyncio.timeout(20):
            await following

    assert frames == [str(number).encode() for number in range(3000)]


async def test_frames_can_be_followed_from_any_point_while_they_come(nats: EmbeddedNats) -> None:
    async with connected(nats) as broker:

        async def read_all() -> list[bytes]:
            frames = []
            async with aclosing(broker.follow_frames("7")) as follower:
                async for frame in follower:
                    frames.append(frame)
                    if frame == b"last":
                        return frames
            return frames

        readings = []
        for number in range(400):
            await broker.publish_frame("7", str(number).encode())
            if number % 20 == 0:
                readings.append(asyncio.create_task(read_all()))
        await broker.publish_frame("7", b"last")

        expected = [*(str(number).encode() for number in range(400)), b"last"]
        async with asyncio.timeout(20):
            assert all(frames == expected for frames in await asyncio.gather(*readings))


async def test_a_log_that_was_deleted_while_connected_is_made_again(nats: EmbeddedNats) -> None:
    async with connected(nats) as broker:
        frames = broker.follow_frames("7")
        await broker.publish_frame("7", b"old")
        assert await anext(frames) == b"old"
        await broker._link.connection().jetstream.delete_stream("TOKENS")

        async def publish() -> None:
            while True:
                try:
                    return await broker.publish_frame("7", b"new")
                except BrokerUnavailableError:
                    await asyncio.sleep(0.05)

        async with asyncio.timeout(20):
            await publish()
            assert await anext(frames) == b"new"
        await frames.aclose()


async def test_a_consumer_that_was_deleted_while_connected_is_made_again(nats: EmbeddedNats) -> None:
    came: list[bytes] = []

    async def keep(delivery: Delivery) -> Outcome:
        came.append(delivery.payload)
        return Ack()

    async with connected(nats) as broker:
        broker.consume("worker", "SESSIONS", keep)
        await publish_surely(broker, closed_subject(1), b"one", "a")
        await eventually(lambda: came == [b"one"])

        await broker._link.connection().jetstream.delete_consumer("SESSIONS", "worker")
        await publish_surely(broker, closed_subject(1), b"two", "b")

        await eventually(lambda: b"two" in came, 20.0)


async def test_a_message_larger_than_the_server_takes_is_refused_without_losing_the_connection(
    nats: EmbeddedNats,
) -> None:
    async with connected(nats) as broker:
        connection = broker._link.connection()
        with pytest.raises(MessageRefusedError, match="the broker takes"):
            await broker.publish(closed_subject(1), b"x" * (4 * 1024 * 1024), {})
        with pytest.raises(MessageRefusedError, match="message size exceeds maximum"):
            await broker.publish(closed_subject(1), b"x" * MAX_SESSION_MESSAGE, {"Nats-Msg-Id": "a"})
        assert broker._link.connection() is connection


async def test_the_largest_message_still_fits_the_dead_letters(nats: EmbeddedNats) -> None:
    async def reject(delivery: Delivery) -> Outcome:
        return Reject("no " * 1000)

    payload = os.urandom(MAX_SESSION_MESSAGE - 20_000)
    headers = {f"X-{number}": "y" * 1000 for number in range(18)}
    async with connected(nats) as broker:
        broker.consume("worker", "SESSIONS", reject)
        await broker.publish(closed_subject(1), payload, headers)

        async def is_buried() -> bool:
            info = await broker._link.connection().jetstream.stream_info("DEAD")
            return bool(info.state.messages == 1)

        await eventually(is_buried)
        letter = await broker._link.connection().jetstream.get_msg("DEAD", seq=1)
    assert letter.data == payload
    assert letter.headers is not None
    assert letter.headers["Casenote-Reason"].startswith("no no")


async def test_a_dead_letter_that_the_server_will_not_hold_whole_is_kept_by_name(nats: EmbeddedNats) -> None:
    async def reject(delivery: Delivery) -> Outcome:
        return Reject("unreadable")

    async with connected(nats) as broker:
        client = await nats_client.connect(nats.url)
        stream = client.jetstream()
        info = await stream.stream_info("SESSIONS")
        info.config.max_msg_size = -1
        await stream.update_stream(info.config)
        # Headers and payload fill the server's limit to the byte; no header more would fit.
        await stream.publish(closed_subject(1), b"x" * (4 * 1024 * 1024 - 40), headers={"X": "y"})
        broker.consume("worker", "SESSIONS", reject)

        async def letter_count() -> bool:
            return bool((await stream.stream_info("DEAD")).state.messages == 1)

        await eventually(letter_count)
        letter = await stream.get_msg("DEAD", seq=1)
        await client.close()
    assert letter.headers is not None
    assert letter.headers["Casenote-Left-Out"] == f"payload of {4 * 1024 * 1024 - 40} bytes"


async def test_headers_of_a_sender_do_not_pass_for_the_servers_words(nats: EmbeddedNats) -> None:
    came: list[Delivery] = []

    async def keep(delivery: Delivery) -> Outcome:
        came.append(delivery)
        return Ack()

    async with connected(nats) as broker:
        broker.consume("worker", "SESSIONS", keep, in_flight=1)
        for number, status in enumerate(("100", "404", "408", "409", "503")):
            headers = {"Status": status, "Nats-Pending-Messages": "5", "Nats-Msg-Id": str(number)}
            await broker.publish(closed_subject(number + 1), b"", headers)

        await eventually(lambda: len(came) == 5)


async def test_hostile_messages_end_in_the_dead_letters_and_never_stop_the_consumer(nats: EmbeddedNats) -> None:
    chance = random.Random(5)
    good: set[bytes] = set()
    rejected = 0

    async def read(delivery: Delivery) -> Outcome:
        nonlocal rejected
        try:
            read_session_event(delivery.subject, delivery.payload, delivery.headers)
        except UnreadableEventError as error:
            if delivery.payload.startswith(b"good"):
                good.add(delivery.payload)
                return Ack()
            rejected += 1
            return Reject(error.reason)
        raise AssertionError("a hostile message was read")

    subjects = ["sessions.1.closed", "sessions.0.closed", "sessions.x", "sessions.1.closed.more", "sessions.1.segment"]
    count = HOSTILE // 10
    async with connected(nats) as broker:
        broker.consume("worker", "SESSIONS", read, in_flight=16)
        for number in range(count):
            headers = {"Nats-Msg-Id": f"bad-{number}", "X-Odd": chance.choice(["é", "a\tb", "", "%00"])}
            await broker.publish(chance.choice(subjects), chance.randbytes(chance.randrange(300)), headers)
            if number % 20 == 0:
                await broker.publish(closed_subject(2), b"good %d" % number, {"Nats-Msg-Id": f"good-{number}"})
        await eventually(lambda: len(good) == len(range(0, count, 20)), 30.0)

        async def all_buried() -> bool:
            info = await broker._link.connection().jetstream.stream_info("DEAD")
            return bool(info.state.messages == count) and await broker.consumer_lag("worker", "SESSIONS") == 0

        await eventually(all_buried, 30.0)
    assert rejected == count


async def test_a_server_that_talks_nonsense_is_left_and_tried_again(nats: EmbeddedNats) -> None:
    greetings = [b"", b"HTTP/1.0 400 Bad Request\r\n\r\n", b"INFO {\r\n", b"INFO " + b"x" * 200_000, b"-ERR 'no'\r\n"]
    seen = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        writer.write(greetings[seen % len(greetings)])
        seen += 1
        writer.close()

    fake = await asyncio.start_server(talk, "127.0.0.1", 0)
    port = fake.sockets[0].getsockname()[1]
    broker = JetStreamBroker([f"nats://127.0.0.1:{port}"])
    await broker.start()
    await eventually(lambda: seen > len(greetings), 30.0)
    assert not broker.connected
    await broker.stop()
    fake.close()
    await fake.wait_closed()


async def test_a_connection_that_is_closed_says_so_at_once(nats: EmbeddedNats) -> None:
    async with connected(nats) as broker:
        connection = broker._link.connection()
        assert isinstance(connection, Connection)
        os.kill(nats.pid or 0, signal.SIGSTOP)
        try:
            asking = asyncio.create_task(connection.request("sessions.1.closed", b"x", within=30.0))
            await asyncio.sleep(0.05)
            await connection.close()
            with pytest.raises(BrokerUnavailableError):
                async with asyncio.timeout(2):
                    await asking
        finally:
            os.kill(nats.pid or 0, signal.SIGCONT)
