"""What every broker promises. The same tests run over the one in memory and over a real nats-server."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import aclosing

import pytest
from broker_bench import Bench, eventually

from events.broker import BrokerUnavailableError, Delivery, MessageBroker
from events.outcome import Ack, Outcome, Reject, Retry
from events.subjects import closed_subject, segment_subject


def message_id(name: str) -> dict[str, str]:
    return {"Nats-Msg-Id": name}


class Recorder:
    """A handler that answers as it was told, by payload, and remembers what came."""

    def __init__(self, **answers: list[Outcome | Exception]) -> None:
        self.came: list[Delivery] = []
        self._answers = answers

    async def __call__(self, delivery: Delivery) -> Outcome:
        self.came.append(delivery)
        answers = self._answers.get(delivery.payload.decode(), [])
        answer = answers[min(delivery.attempt, len(answers)) - 1] if answers else Ack()
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def payloads(self) -> list[str]:
        return [delivery.payload.decode() for delivery in self.came]


async def read_frames(broker: MessageBroker, key: str, count: int) -> list[bytes]:
    frames: list[bytes] = []
    async with asyncio.timeout(10), aclosing(broker.follow_frames(key)) as follower:
        async for frame in follower:
            frames.append(frame)
            if len(frames) == count:
                break
    return frames


async def test_a_published_message_reaches_the_consumer_with_its_headers(bench: Bench) -> None:
    broker = await bench.broker()
    recorder = Recorder()
    broker.consume("worker", "SESSIONS", recorder)

    await broker.publish(closed_subject(7), b"hello", {"Nats-Msg-Id": "a", "content-type": "text/plain"})

    await eventually(lambda: len(recorder.came) == 1)
    delivery = recorder.came[0]
    assert (delivery.subject, delivery.payload, delivery.attempt) == ("sessions.7.closed", b"hello", 1)
    assert delivery.headers["content-type"] == "text/plain"


async def test_messages_published_before_the_consumer_existed_are_delivered(bench: Bench) -> None:
    broker = await bench.broker()
    for number in range(20):
        await broker.publish(closed_subject(number + 1), str(number).encode(), message_id(str(number)))

    recorder = Recorder()
    broker.consume("worker", "SESSIONS", recorder, in_flight=3)

    await eventually(lambda: len(recorder.came) == 20)
    assert set(recorder.payloads) == {str(number) for number in range(20)}


async def test_the_same_message_id_is_stored_once(bench: Bench) -> None:
    broker = await bench.broker()
    recorder = Recorder()
    broker.consume("worker", "SESSIONS", recorder)

    for _ in range(5):
        await broker.publish(closed_subject(1), b"once", message_id("same"))
    await broker.publish(closed_subject(2), b"last", message_id("other"))

    await eventually(lambda: "last" in recorder.payloads)
    assert Counter(recorder.payloads) == {"once": 1, "last": 1}


async def test_an_acknowledged_message_does_not_come_again(bench: Bench) -> None:
    broker = await bench.broker()
    recorder = Recorder()
    broker.consume("worker", "SESSIONS", recorder)
    await broker.publish(closed_subject(1), b"x", message_id("a"))

    async def nothing_is_owed() -> bool:
        return len(recorder.came) == 1 and await broker.consumer_lag("worker", "SESSIONS") == 0

    await eventually(nothing_is_owed)
    other = await bench.broker()
    again = Recorder()
    await broker.stop()
    other.consume("worker", "SESSIONS", again)
    await other.publish(closed_subject(2), b"y", message_id("b"))
    await eventually(lambda: again.payloads == ["y"])


async def test_a_retried_message_comes_again_after_its_delay(bench: Bench) -> None:
    broker = await bench.broker()
    recorder = Recorder(again=[Retry(0.3, "later"), Ack()])
    broker.consume("worker", "SESSIONS", recorder)
    began = asyncio.get_running_loop().time()

    await broker.publish(closed_subject(1), b"again", message_id("a"))

    await eventually(lambda: len(recorder.came) == 2)
    assert asyncio.get_running_loop().time() - began >= 0.3
    assert [delivery.attempt for delivery in recorder.came] == [1, 2]


async def test_a_handler_that_raises_is_tried_again(bench: Bench) -> None:
    broker = await bench.broker()
    recorder = Recorder(boom=[RuntimeError("no"), Ack()])
    broker.consume("worker", "SESSIONS", recorder)

    await broker.publish(closed_subject(1), b"boom", message_id("a"))

    await eventually(lambda: len(recorder.came) == 2)


async def test_a_rejected_message_becomes_a_dead_letter_with_reason_attempts_and_time(bench: Bench) -> None:
    broker = await bench.broker()
    recorder = Recorder(bad=[Reject("the type is\nunknown")])
    broker.consume("worker", "SESSIONS", recorder)

    await broker.publish(closed_subject(5), b"bad", {"Nats-Msg-Id": "a", "X-Clinic": "north"})
    await broker.publish(closed_subject(6), b"good", message_id("b"))

    await eventually(lambda: "good" in recorder.payloads)
    [letter] = await bench.dead_letters(1)
    assert (letter.subject, letter.payload) == ("dead.sessions.5.closed", b"bad")
    assert letter.headers["Casenote-Reason"] == "the type is unknown"
    assert letter.headers["Casenote-Attempts"] == "1"
    assert letter.headers["Casenote-Time"].endswith("Z")
    assert letter.headers["Casenote-Message-Id"] == "a"
    assert letter.headers["X-Clinic"] == "north"
    assert recorder.payloads.count("bad") == 1


async def test_the_last_failed_attempt_ends_in_the_dead_letters(bench: Bench) -> None:
    broker = await bench.broker()
    recorder = Recorder(never=[Retry(0.05, "the model is away")])
    broker.consume("worker", "SESSIONS", recorder)

    await broker.publish(closed_subject(5), b"never", message_id("a"))

    [letter] = await bench.dead_letters(1)
    assert letter.headers["Casenote-Reason"] == "given up after 3 attempts: the model is away"
    assert letter.headers["Casenote-Attempts"] == "3"
    assert len(recorder.came) == 3


async def test_a_message_whose_handler_takes_long_is_not_delivered_twice(bench: Bench) -> None:
    broker, other = await bench.broker(), await bench.broker()
    came = []

    async def slow(delivery: Delivery) -> Outcome:
        came.append(delivery)
        await asyncio.sleep(2.5)  # two and a half times the acknowledgement wait
        return Ack()

    broker.consume("worker", "SESSIONS", slow)
    other.consume("worker", "SESSIONS", slow)
    await broker.publish(closed_subject(1), b"x", message_id("a"))

    async def nothing_is_owed() -> bool:
        return bool(came) and await broker.consumer_lag("worker", "SESSIONS") == 0

    await eventually(nothing_is_owed)
    assert len(came) == 1


async def test_what_a_crashed_consumer_had_in_hand_comes_again_to_another(bench: Bench) -> None:
    first, second = await bench.broker(), await bench.broker()
    began = asyncio.Event()

    async def hang(delivery: Delivery) -> Outcome:
        began.set()
        await asyncio.Event().wait()
        return Ack()

    first.consume("worker", "SESSIONS", hang)
    await first.publish(closed_subject(1), b"x", message_id("a"))
    async with asyncio.timeout(5):
        await began.wait()

    await bench.crash(first)
    recorder = Recorder()
    second.consume("worker", "SESSIONS", recorder)

    await eventually(lambda: len(recorder.came) == 1)
    assert recorder.came[0].attempt == 2


async def test_the_end_of_a_session_does_not_overtake_a_segment_that_a_crashed_consumer_had(bench: Bench) -> None:
    first, second = await bench.broker(), await bench.broker()
    began = asyncio.Event()

    async def hang(delivery: Delivery) -> Outcome:
        began.set()
        await asyncio.Event().wait()
        return Ack()

    first.consume("worker", "SESSIONS", hang)
    await first.publish(segment_subject(1), b"segment", message_id("a"))
    async with asyncio.timeout(5):
        await began.wait()
    await bench.crash(first)
    await second.publish(closed_subject(1), b"closed", message_id("b"))
    await second.publish(closed_subject(2), b"another session", message_id("c"))

    recorder = Recorder()
    second.consume("worker", "SESSIONS", recorder)

    await eventually(lambda: len(recorder.came) == 3)
    assert recorder.payloads == ["another session", "segment", "closed"]


async def test_what_another_consumer_has_in_hand_holds_its_session_up_no_longer_than_needed(bench: Bench) -> None:
    first, second = await bench.broker(), await bench.broker()
    began, release = asyncio.Event(), asyncio.Event()
    done: list[str] = []

    async def wait(delivery: Delivery) -> Outcome:
        began.set()
        await release.wait()
        done.append(delivery.payload.decode())
        return Ack()

    async def record(delivery: Delivery) -> Outcome:
        done.append(delivery.payload.decode())
        return Ack()

    first.consume("worker", "SESSIONS", wait, in_flight=1)
    await first.publish(segment_subject(1), b"segment", message_id("a"))
    async with asyncio.timeout(5):
        await began.wait()
    second.consume("worker", "SESSIONS", record)
    await second.publish(closed_subject(1), b"closed", message_id("b"))
    await second.publish(closed_subject(2), b"another session", message_id("c"))
    await eventually(lambda: done == ["another session"])

    release.set()

    await eventually(lambda: done == ["another session", "segment", "closed"], 2.0)


class Shared:
    """A handler of two consumers that holds on to segments until it may let go."""

    def __init__(self) -> None:
        self.holds = asyncio.Event()
        self.may_let_go = asyncio.Event()
        self.done: list[str] = []
        self._both_there = asyncio.Barrier(2)

    async def __call__(self, delivery: Delivery) -> Outcome:
        payload = delivery.payload.decode()
        if payload.startswith("begin"):
            # Each consumer takes one at a time: two at once show that both have begun.
            await self._both_there.wait()
        if payload == "segment":
            self.holds.set()
            await self.may_let_go.wait()
        self.done.append(payload)
        return Ack()


async def test_the_end_of_a_session_waits_for_a_segment_that_another_consumer_took_just_before(bench: Bench) -> None:
    first, second, handle = await bench.broker(), await bench.broker(), Shared()
    first.consume("worker", "SESSIONS", handle, in_flight=1)
    second.consume("worker", "SESSIONS", handle, in_flight=1)
    for session in (8, 9):
        await first.publish(segment_subject(session), b"begin", message_id(f"begin {session}"))
    await eventually(lambda: handle.done == ["begin", "begin"])

    await first.publish(segment_subject(1), b"segment", message_id("a"))
    await first.publish(closed_subject(1), b"closed", message_id("b"))
    await first.publish(closed_subject(2), b"another session", message_id("c"))
    async with asyncio.timeout(5):
        await handle.holds.wait()
    await eventually(lambda: handle.done[2:] == ["another session"])
    handle.may_let_go.set()

    await eventually(lambda: handle.done[2:] == ["another session", "segment", "closed"], 2.0)


async def test_the_end_of_a_session_does_not_wait_for_what_its_own_consumer_has_done(bench: Bench) -> None:
    broker = await bench.broker()
    held, recorder = asyncio.Event(), Recorder()

    async def handle(delivery: Delivery) -> Outcome:
        if delivery.payload == b"held":
            await held.wait()
        return await recorder(delivery)

    broker.consume("worker", "SESSIONS", handle)
    # Of another session, and not done: what comes after it lies above the floor of the consumer.
    await broker.publish(segment_subject(2), b"held", message_id("a"))
    await broker.publish(segment_subject(1), b"segment", message_id("b"))
    await eventually(lambda: recorder.payloads == ["segment"])
    await eventually(lambda: _lag_is(broker, 1))
    await broker.publish(closed_subject(1), b"closed", message_id("c"))

    # Less than the time after which it would go ahead in any case.
    await eventually(lambda: recorder.payloads == ["segment", "closed"], 0.9)
    held.set()


async def _lag_is(broker: MessageBroker, count: int) -> bool:
    return await broker.consumer_lag("worker", "SESSIONS") == count


async def test_stopping_gives_back_at_once_what_is_not_done(bench: Bench) -> None:
    first, second = await bench.broker(), await bench.broker()
    began = asyncio.Event()

    async def until_cancelled(delivery: Delivery) -> Outcome:
        began.set()
        await asyncio.Event().wait()
        return Ack()

    first.consume("worker", "SESSIONS", until_cancelled, in_flight=1)
    for number in range(3):
        await first.publish(closed_subject(1), str(number).encode(), message_id(str(number)))
    async with asyncio.timeout(5):
        await began.wait()
    await first.stop()

    recorder = Recorder()
    second.consume("worker", "SESSIONS", recorder)
    await eventually(lambda: len(recorder.came) == 3)
    assert recorder.payloads == ["0", "1", "2"]


async def test_at_most_in_flight_handlers_run_at_once(bench: Bench) -> None:
    broker = await bench.broker()
    running, most, done = 0, 0, 0

    async def count(delivery: Delivery) -> Outcome:
        nonlocal running, most, done
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1
        done += 1
        return Ack()

    for number in range(30):
        await broker.publish(closed_subject(number + 1), b"x", message_id(str(number)))
    broker.consume("worker", "SESSIONS", count, in_flight=4)

    await eventually(lambda: done == 30)
    assert most == 4


async def test_messages_of_one_session_are_handled_one_after_the_other_in_order(bench: Bench) -> None:
    broker = await bench.broker()
    busy: set[str] = set()
    order: dict[str, list[str]] = {}
    overlaps = []

    async def record(delivery: Delivery) -> Outcome:
        session = delivery.subject.split(".")[1]
        if session in busy:
            overlaps.append(session)
        busy.add(session)
        await asyncio.sleep(0.01)
        busy.discard(session)
        order.setdefault(session, []).append(delivery.payload.decode())
        return Ack()

    for number in range(10):
        for session in (1, 2, 3):
            await broker.publish(segment_subject(session), str(number).encode(), message_id(f"{session}-{number}"))
    for session in (1, 2, 3):
        await broker.publish(closed_subject(session), b"closed", message_id(f"{session}-closed"))
    broker.consume("worker", "SESSIONS", record, in_flight=8)

    await eventually(lambda: sum(map(len, order.values())) == 33)
    assert not overlaps
    assert all(came == [*map(str, range(10)), "closed"] for came in order.values())


async def test_a_close_waits_for_a_segment_that_was_put_off(bench: Bench) -> None:
    broker = await bench.broker()
    done: list[str] = []

    async def put_segment_off_once(delivery: Delivery) -> Outcome:
        if delivery.payload == b"segment" and delivery.attempt == 1:
            return Retry(0.3, "not now")
        done.append(delivery.payload.decode())
        return Ack()

    broker.consume("worker", "SESSIONS", put_segment_off_once)
    await broker.publish(segment_subject(1), b"segment", message_id("a"))
    await broker.publish(closed_subject(1), b"closed", message_id("b"))
    await broker.publish(closed_subject(2), b"another session", message_id("c"))

    await eventually(lambda: len(done) == 3)
    assert done == ["another session", "segment", "closed"]


async def test_a_session_that_takes_long_does_not_hold_up_the_others(bench: Bench) -> None:
    broker = await bench.broker()
    release = asyncio.Event()
    done: list[str] = []

    async def block_first_session(delivery: Delivery) -> Outcome:
        if delivery.subject == closed_subject(1):
            await release.wait()
        done.append(delivery.subject)
        return Ack()

    broker.consume("worker", "SESSIONS", block_first_session, in_flight=2)
    for number in range(12):
        await broker.publish(closed_subject(1), b"x", message_id(f"one-{number}"))
    await broker.publish(closed_subject(2), b"x", message_id("two"))

    await eventually(lambda: done == [closed_subject(2)])
    release.set()
    await eventually(lambda: len(done) == 13)


async def test_publishing_while_the_broker_is_away_says_so_and_works_again_after(bench: Bench) -> None:
    broker = await bench.broker()
    recorder = Recorder()
    broker.consume("worker", "SESSIONS", recorder)
    await broker.publish(closed_subject(1), b"before", message_id("a"))

    await bench.go_away()
    with pytest.raises(BrokerUnavailableError):
        await broker.publish(closed_subject(1), b"lost", message_id("b"))
    with pytest.raises(BrokerUnavailableError):
        await broker.publish_frame("1", b"lost")
    broker.notify("casenote.wake.relay")
    assert await broker.consumer_lag("worker", "SESSIONS") is None
    assert not broker.connected

    await bench.come_back()
    await eventually(lambda: broker.connected)
    await broker.publish(closed_subject(1), b"after", message_id("c"))
    await eventually(lambda: recorder.payloads == ["before", "after"])


async def test_a_message_in_hand_when_the_broker_went_is_done_once_it_is_back(bench: Bench) -> None:
    broker = await bench.broker()
    began, release = asyncio.Event(), asyncio.Event()
    attempts = []

    async def wait(delivery: Delivery) -> Outcome:
        attempts.append(delivery.attempt)
        began.set()
        await release.wait()
        return Ack()

    broker.consume("worker", "SESSIONS", wait)
    await broker.publish(closed_subject(1), b"x", message_id("a"))
    async with asyncio.timeout(5):
        await began.wait()

    await bench.go_away()
    await asyncio.sleep(1.5)  # longer than the acknowledgement wait: the server will deliver it again
    await bench.come_back()
    await eventually(lambda: broker.connected)
    release.set()

    async def nothing_is_owed() -> bool:
        return await broker.consumer_lag("worker", "SESSIONS") == 0

    await eventually(nothing_is_owed)
    assert attempts == [1]


async def test_a_notice_reaches_those_who_listen_now(bench: Bench) -> None:
    broker, other = await bench.broker(), await bench.broker()
    heard: list[tuple[str, bytes]] = []
    other.listen("casenote.wake.*", lambda subject, payload: heard.append((subject, payload)))

    async def was_heard() -> bool:
        broker.notify("casenote.wake.relay", b"now")
        return bool(heard)

    await eventually(was_heard)
    assert heard[0] == ("casenote.wake.relay", b"now")


async def test_a_listener_that_raises_does_not_end_the_listening(bench: Bench) -> None:
    broker = await bench.broker()
    heard: list[bytes] = []

    def listen(subject: str, payload: bytes) -> None:
        heard.append(payload)
        raise RuntimeError("no")

    broker.listen("casenote.>", listen)

    async def was_heard_twice() -> bool:
        broker.notify("casenote.wake.relay", b"x")
        return len(heard) > 2

    await eventually(was_heard_twice)


async def test_listening_goes_on_after_the_broker_was_away(bench: Bench) -> None:
    broker = await bench.broker()
    heard: list[bytes] = []
    broker.listen("casenote.wake.relay", lambda subject, payload: heard.append(payload))
    await bench.go_away()
    await bench.come_back()
    await eventually(lambda: broker.connected)

    async def was_heard() -> bool:
        broker.notify("casenote.wake.relay", b"x")
        return bool(heard)

    await eventually(was_heard)


async def test_a_follower_gets_the_kept_frames_and_then_the_new_ones_in_order(bench: Bench) -> None:
    broker, reader = await bench.broker(), await bench.broker()
    for number in range(300):
        await broker.publish_frame("7", str(number).encode())
    reading = asyncio.create_task(read_frames(reader, "7", 600))
    for number in range(300, 600):
        await broker.publish_frame("7", str(number).encode())

    assert await reading == [str(number).encode() for number in range(600)]


async def test_a_follower_gets_only_the_frames_of_its_key(bench: Bench) -> None:
    broker = await bench.broker()
    for number in range(10):
        await broker.publish_frame(str(number % 2 + 1), str(number).encode())

    assert await read_frames(broker, "2", 5) == [b"1", b"3", b"5", b"7", b"9"]


async def test_a_follower_may_come_before_the_first_frame(bench: Bench) -> None:
    broker = await bench.broker()
    reading = asyncio.create_task(read_frames(broker, "9", 1))
    await asyncio.sleep(0)

    await broker.publish_frame("9", b"first")

    assert await reading == [b"first"]


async def test_a_follower_that_does_not_read_harms_nobody(bench: Bench) -> None:
    broker = await bench.broker()
    idle = broker.follow_frames("1")
    await broker.publish_frame("1", b"0")
    assert await anext(idle) == b"0"

    for number in range(1, 2000):
        await broker.publish_frame("1", str(number).encode())

    expected = [str(number).encode() for number in range(2000)]
    assert await read_frames(broker, "1", 2000) == expected
    assert [await anext(idle) for _ in range(1999)] == expected[1:]
    await idle.aclose()


async def test_many_followers_of_one_key_all_get_every_frame(bench: Bench) -> None:
    broker = await bench.broker()
    readings = [asyncio.create_task(read_frames(broker, "1", 50)) for _ in range(40)]
    for number in range(50):
        await broker.publish_frame("1", str(number).encode())

    expected = [str(number).encode() for number in range(50)]
    assert all(frames == expected for frames in await asyncio.gather(*readings))


async def test_a_follower_goes_on_with_the_new_log_after_the_broker_lost_the_old_one(bench: Bench) -> None:
    broker = await bench.broker()
    reader = broker.follow_frames("1")
    for number in range(5):
        await broker.publish_frame("1", f"old {number}".encode())
    assert [await anext(reader) for _ in range(5)] == [f"old {number}".encode() for number in range(5)]

    await bench.go_away()
    await bench.come_back()
    await eventually(lambda: broker.connected)
    for number in range(3):
        await broker.publish_frame("1", f"new {number}".encode())

    async with asyncio.timeout(10):
        assert [await anext(reader) for _ in range(3)] == [f"new {number}".encode() for number in range(3)]
    await reader.aclose()


async def test_a_frame_key_with_wildcards_is_refused(bench: Bench) -> None:
    broker = await bench.broker()
    for key in ("*", ">", "a b", "", "a..b"):
        with pytest.raises(ValueError, match="frame key"):
            await broker.publish_frame(key, b"x")


async def test_a_stopped_broker_ends_its_followers(bench: Bench) -> None:
    broker = await bench.broker()
    reading = asyncio.create_task(read_frames(broker, "1", 1))
    await asyncio.sleep(0.05)

    await broker.stop()

    async with asyncio.timeout(5):
        assert await reading == []


async def test_lag_counts_what_waits_and_what_is_in_hand(bench: Bench) -> None:
    broker = await bench.broker()
    release = asyncio.Event()

    async def wait(delivery: Delivery) -> Outcome:
        await release.wait()
        return Ack()

    assert await broker.consumer_lag("worker", "SESSIONS") is None
    for number in range(5):
        await broker.publish(closed_subject(number + 1), b"x", message_id(str(number)))
    broker.consume("worker", "SESSIONS", wait, in_flight=2)

    async def lag_is(expected: int) -> bool:
        return await broker.consumer_lag("worker", "SESSIONS") == expected

    await eventually(lambda: lag_is(5))
    release.set()
    await eventually(lambda: lag_is(0))
