"""Which turns of a long session are reduced: for any lengths, whatever comes later."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.transcript import Turn, normalise_whitespace
from server.worker.windows import (
    Layout,
    full_windows,
    layout_of,
    reduced_windows,
    split_turns,
)

ROOMS = st.integers(512, 20_000)


@st.composite
def sessions(draw: st.DrawFn) -> tuple[Layout, list[int]]:
    """A layout, and lengths of turns of which none is longer than a window."""
    layout = layout_of(draw(ROOMS))
    some = st.integers(0, layout.window) | st.integers(0, 120)
    return layout, draw(st.lists(some, max_size=200))


def fits(layout: Layout, lengths: list[int], windows: list[range]) -> bool:
    left = sum(lengths[windows[-1].stop if windows else 0 :])
    return min(len(windows) * layout.share, layout.facts) + left <= layout.room


@given(sessions())
def test_windows_follow_each_other_from_the_first_turn_and_hold_no_more_than_they_may(
    session: tuple[Layout, list[int]],
) -> None:
    layout, lengths = session

    windows = full_windows(lengths, layout.window)

    assert [window.start for window in windows] == [0, *(window.stop for window in windows)][: len(windows)]
    assert all(window and sum(lengths[window.start : window.stop]) <= layout.window for window in windows)
    assert sum(lengths[windows[-1].stop if windows else 0 :]) <= layout.window


@given(sessions())
def test_what_is_reduced_makes_the_rest_fit_and_is_no_more_than_that_takes(session: tuple[Layout, list[int]]) -> None:
    layout, lengths = session

    windows = reduced_windows(lengths, layout)

    assert fits(layout, lengths, windows)
    assert all(not fits(layout, lengths, windows[:fewer]) for fewer in range(len(windows)))


@given(sessions(), st.data())
def test_a_turn_that_comes_later_takes_no_reduction_back_and_moves_no_window(
    session: tuple[Layout, list[int]], data: st.DataObject
) -> None:
    layout, lengths = session
    until = data.draw(st.integers(0, len(lengths)))

    before, after = reduced_windows(lengths[:until], layout), reduced_windows(lengths, layout)

    assert after[: len(before)] == before


@given(sessions(), st.data())
def test_a_turn_that_comes_late_moves_no_window_before_it(
    session: tuple[Layout, list[int]], data: st.DataObject
) -> None:
    layout, lengths = session
    place = data.draw(st.integers(0, len(lengths)))
    late = [*lengths[:place], data.draw(st.integers(0, layout.window)), *lengths[place:]]

    whole_before = [window for window in full_windows(lengths, layout.window) if window.stop < place]

    assert full_windows(late, layout.window)[: len(whole_before)] == whole_before


@given(st.lists(st.text(max_size=400), max_size=6), st.integers(12, 200))
def test_a_turn_of_any_length_is_split_into_pieces_that_fit_and_loses_no_word(texts: list[str], most: int) -> None:
    turns = [Turn(index, "client", normalise_whitespace(text)) for index, text in enumerate(texts)]

    pieces = split_turns(turns, most, lambda turn: 8 + len(turn.text))

    assert all(8 + len(piece.text) <= most for piece in pieces)
    assert [piece.index for piece in pieces] == sorted(piece.index for piece in pieces)
    for turn in turns:
        together = "".join(piece.text for piece in pieces if piece.index == turn.index)
        assert together.replace(" ", "") == turn.text.replace(" ", "")


@given(st.lists(st.text("ab ", max_size=300), max_size=6), st.integers(12, 60))
def test_pieces_end_between_words_where_a_word_fits(texts: list[str], most: int) -> None:
    turns = [Turn(0, "client", normalise_whitespace(text)) for text in texts]
    words = {word for turn in turns for word in turn.text.split(" ")}
    longest = max(map(len, words), default=0)

    pieces = split_turns(turns, most, lambda turn: len(turn.text))

    if 2 * longest < most:
        assert all(word in words for piece in pieces for word in piece.text.split(" "))
