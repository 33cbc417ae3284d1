"""Entity tags, conditions and cursors."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from server.errors import StaleVersionError
from server.http.answers import check_conditions, etag, is_unchanged
from server.http.bodies import MAX_ID
from server.http.cursor import decode_cursor, encode_cursor
from server.http.problems import InvalidInputError


def request(**headers: str) -> Request:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "PUT", "path": "/", "headers": named, "query_string": b""})


@given(session_id=st.integers(1, MAX_ID), version=st.integers(1, 10_000), other=st.integers(1, 10_000))
def test_only_the_tag_of_the_stored_version_matches(session_id: int, version: int, other: int) -> None:
    asked = request(if_match=etag(session_id, other))
    if other == version:
        check_conditions(asked, session_id, version)
    else:
        with pytest.raises(StaleVersionError):
            check_conditions(asked, session_id, version)


@given(before=st.lists(st.integers(1, 99)), after=st.lists(st.integers(1, 99)))
def test_a_tag_matches_anywhere_in_a_list(before: list[int], after: list[int]) -> None:
    tags = ", ".join(etag(1, version) for version in [*before, 100, *after])

    check_conditions(request(if_match=tags), 1, 100)
    assert is_unchanged(request(if_none_match=tags), etag(1, 100))


@given(
    header=st.text(max_size=40).filter(lambda text: text.strip(" ,") and '"1.1"' not in text and text.strip() != "*")
)
def test_a_header_that_names_no_version_refuses_the_change(header: str) -> None:
    with pytest.raises(StaleVersionError) as refusal:
        check_conditions(request(if_match=header), 1, 1)
    assert refusal.value.extra["version"] == 1


def test_no_condition_is_no_refusal() -> None:
    check_conditions(request(), 1, 0)
    assert not is_unchanged(request(), etag(1, 1))


@given(
    moment=st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
    session_id=st.integers(1, MAX_ID),
)
def test_a_cursor_is_read_as_it_was_written(moment: datetime, session_id: int) -> None:
    assert decode_cursor(encode_cursor(moment, session_id)) == (moment, session_id)


@given(text=st.text(max_size=80))
def test_a_made_up_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        decode_cursor(text)
