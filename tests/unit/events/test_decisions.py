from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.backoff import Backoff
from events.broker import Delivery
from events.consumer import Bury, Confirm, Postpone, header_text, on_arrival, on_error, on_outcome
from events.dead_letters import dead_letter_headers
from events.outcome import Ack, Reject, Retry


def test_an_ack_is_confirmed() -> None:
    assert on_outcome(Ack(), 1, 5) == Confirm()


def test_a_retry_is_put_off_by_its_delay() -> None:
    assert on_outcome(Retry(2.5, "database"), 4, 5) == Postpone(2.5)


def test_a_retry_without_delay_does_not_spin() -> None:
    assert on_outcome(Retry(0.0, "database"), 1, 5) == Postpone(0.05)


def test_the_last_retry_is_buried_with_its_reason() -> None:
    assert on_outcome(Retry(2.5, "database"), 5, 5) == Bury("given up after 5 attempts: database")


def test_a_reject_is_buried_at_its_first_attempt() -> None:
    assert on_outcome(Reject("no such\r\nsession"), 1, 5) == Bury("no such session")


def test_a_handler_that_raised_is_tried_later_each_time_and_its_words_are_not_told() -> None:
    delays = [on_error(ValueError("he said"), attempt, 20) for attempt in (1, 2, 3, 8)]
    assert delays == [Postpone(1.0), Postpone(2.0), Postpone(4.0), Postpone(60.0)]
    assert on_error(ValueError("he said"), 20, 20) == Bury(
        "given up after 20 attempts: the handler failed (ValueError)"
    )


def test_a_message_that_nobody_answered_too_often_is_not_handled_again() -> None:
    assert on_arrival(5, 5) is None
    assert on_arrival(6, 5) == Bury("delivered 5 times without an answer")


@given(st.text())
def test_any_reason_fits_a_header(reason: str) -> None:
    text = header_text(reason)
    assert text.isprintable()
    assert 0 < len(text) <= 500


@given(st.floats(0.001, 10), st.floats(10, 600), st.integers(-5, 10_000), st.floats(1.0, 4.0))
def test_delays_grow_and_stay_in_their_bounds(first: float, longest: float, failures: int, factor: float) -> None:
    backoff = Backoff(first, longest, factor)
    assert first <= backoff.delay(failures) <= longest
    assert backoff.delay(failures) <= backoff.delay(failures + 1)


def delivery(**headers: str) -> Delivery:
    return Delivery("sessions.7.closed", b"x", headers, attempt=3, stream_sequence=9)


NOW = datetime(2026, 11, 23, 7, 5, tzinfo=UTC)


def test_a_dead_letter_says_why_how_often_and_when() -> None:
    headers = dead_letter_headers(delivery(), "unknown session", NOW, (9, 1))

    assert headers["Casenote-Reason"] == "unknown session"
    assert headers["Casenote-Attempts"] == "3"
    assert headers["Casenote-Time"] == "2026-11-23T07:05:00.000Z"


def test_a_dead_letter_keeps_the_senders_headers_but_none_that_the_server_obeys() -> None:
    sent = {
        "X-Clinic": "north",
        "Nats-Msg-Id": "a",
        "Nats-TTL": "1s",
        "nats-expected-stream": "X",
        "casenote-reason": "no",
    }

    headers = dead_letter_headers(delivery(**sent), "why", NOW, (9, 1))

    assert headers["X-Clinic"] == "north"
    assert headers["Casenote-Message-Id"] == "a"
    assert {name.lower() for name in headers if name.lower().startswith("nats-")} == {"nats-msg-id"}
    assert headers["Nats-Msg-Id"] != "a"
    assert "casenote-reason" not in headers


def test_burying_one_message_twice_gives_one_id_and_another_message_another() -> None:
    def name(identity: tuple[int, int]) -> str:
        return dead_letter_headers(delivery(), "why", NOW, identity)["Nats-Msg-Id"]

    assert name((9, 1)) == name((9, 1))
    assert name((9, 1)) != name((9, 2))


@pytest.mark.parametrize("name", ["", "a b", "ä", "a:b", "a\r\nb"])
def test_a_header_name_that_cannot_be_sent_is_left_out(name: str) -> None:
    assert name not in dead_letter_headers(delivery(**{name: "x"}), "why", NOW, (9, 1))


def test_headers_of_any_size_stay_small() -> None:
    headers = dead_letter_headers(delivery(**{f"X-{n}": "y" * 1000 for n in range(1000)}), "why", NOW, (9, 1))
    assert sum(len(name) + len(value) for name, value in headers.items()) < 20_000
