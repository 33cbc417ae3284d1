"""Tokens become whole characters, and stop strings are never shown."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from models.engine.text import TextStream

TEXTS = st.text(alphabet=st.sampled_from("ab\n é漢🙂"), max_size=30)


def cut_in_pieces(raw: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(raw) + 1) for place in places), len(raw)]
    return [raw[begin:end] for begin, end in pairwise(edges)]


@given(TEXTS, st.lists(st.integers(0, 200), max_size=12))
def test_any_cut_of_the_bytes_gives_the_same_text(text: str, places: list[int]) -> None:
    stream = TextStream()
    shown = [stream.push(piece) for piece in cut_in_pieces(text.encode(), places)]
    assert "".join(shown) + stream.finish() == text
    assert all("�" not in part for part in shown)


@given(
    TEXTS,
    st.lists(st.text(alphabet="ab\né", min_size=1, max_size=4), min_size=1, max_size=3),
    st.lists(st.integers(0, 200), max_size=12),
)
def test_what_is_shown_ends_before_the_first_stop_string(text: str, stop: list[str], places: list[int]) -> None:
    stream = TextStream(tuple(stop))
    shown = ""
    for piece in cut_in_pieces(text.encode(), places):
        shown += stream.push(piece)
        if stream.stopped:
            break
    shown += stream.finish()
    assert text.startswith(shown)
    assert stream.stopped == any(mark in text for mark in stop)
    if stream.stopped:
        assert not any(mark in shown for mark in stop)
        assert any(text[len(shown) :].startswith(mark) for mark in stop)
    else:
        assert shown == text


def test_text_that_cannot_become_a_stop_string_is_shown_at_once() -> None:
    stream = TextStream(("\n\n",))
    assert stream.push(b"one") == "one"
    assert stream.push(b"\n") == ""
    assert stream.push(b"two") == "\ntwo"
