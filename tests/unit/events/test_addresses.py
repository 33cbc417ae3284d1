"""Subjects and server addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.server_url import parse_server_url
from events.subjects import dead_subject, lane_of, matches, parse_session_subject, segment_subject, updated_subject


def test_an_address_gives_its_parts_and_keeps_the_password_out_of_sight() -> None:
    url = parse_server_url("nats://clinic:p%40ss@broker.example:4333")

    assert (url.address, url.user, url.password) == ("nats://broker.example:4333", "clinic", "p@ss")
    assert "p@ss" not in f"{url} {url!r}"


def test_an_address_may_hold_a_token_or_nothing() -> None:
    assert parse_server_url("nats://secret@broker").token == "secret"
    assert parse_server_url("broker").address == "nats://broker:4222"
    assert parse_server_url("tls://[::1]:5000").address == "tls://[::1]:5000"


@pytest.mark.parametrize(
    "text", ["http://broker", "nats://", "nats://user:secretword@", "nats://secretword@host:99999"]
)
def test_an_address_of_no_use_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(ValueError, match="NATS address") as caught:
        parse_server_url(text)
    assert "secretword" not in str(caught.value)


@pytest.mark.parametrize("session_id", [0, -1, 2**63, True, "7", 1.0])
def test_a_subject_is_made_of_a_positive_id_only(session_id: object) -> None:
    for make in (segment_subject, updated_subject):
        with pytest.raises(ValueError, match="positive integer"):
            make(session_id)  # type: ignore[arg-type]


@given(st.text())
def test_no_other_text_is_a_session_subject(text: str) -> None:
    parsed = parse_session_subject(text)
    assert parsed is None or text == f"sessions.{parsed[0]}.{parsed[1]}"


def test_a_dead_letter_keeps_the_subject_it_came_by() -> None:
    assert dead_subject("sessions.7.closed") == "dead.sessions.7.closed"


def test_a_lane_is_a_session() -> None:
    assert lane_of("sessions.7.segment") == lane_of("sessions.7.closed") == "sessions.7"
    assert lane_of("notes.7.updated") == "notes.7"
    assert lane_of("dead.sessions.7.closed") == "dead.sessions.7.closed"


@pytest.mark.parametrize(
    ("pattern", "subject", "taken"),
    [
        ("a.b", "a.b", True),
        ("a.*", "a.b", True),
        ("a.*", "a.b.c", False),
        ("a.>", "a.b.c", True),
        ("a.>", "a", False),
        ("a.*.c", "a.b.d", False),
        ("a.b", "a", False),
    ],
)
def test_patterns_take_subjects_as_nats_does(pattern: str, subject: str, taken: bool) -> None:
    assert matches(pattern, subject) is taken
