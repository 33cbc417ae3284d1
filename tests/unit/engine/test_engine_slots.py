"""The books of the KV cache: cells shared, counted and freed."""

from __future__ import annotations

import numpy as np
import pytest

from models.engine.slots import KvCache, common_length


class Silent:
    """A port that remembers what it was told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int, int, int]] = []

    def copy(self, source: int, target: int, length: int) -> None:
        self.calls.append(("copy", source, target, length))

    def cut(self, sequence: int, length: int) -> None:
        self.calls.append(("cut", sequence, -1, length))


def tokens(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


def filled(cache: KvCache, *values: int) -> int:
    sequence = cache.open()
    cache.append(sequence, tokens(*values))
    cache.settle(sequence)
    return sequence


def test_a_shared_prefix_takes_its_cells_once() -> None:
    cache = KvCache(10, 4, Silent())
    first = filled(cache, 1, 2, 3, 4)
    second = cache.share(first, 3)
    cache.append(second, tokens(9))
    assert cache.used == 5
    assert cache.tokens(second).tolist() == [1, 2, 3, 9]
    cache.close(first)
    assert cache.used == 4
    cache.close(second)
    assert cache.used == 0
    assert cache.free_sequences == 4


def test_tokens_that_were_not_decoded_cannot_be_shared() -> None:
    cache = KvCache(10, 4, Silent())
    sequence = filled(cache, 1, 2)
    cache.append(sequence, tokens(3))
    with pytest.raises(ValueError, match="3 tokens asked of a sequence of 2"):
        cache.share(sequence, 3)


def test_more_cells_than_there_are_is_an_error() -> None:
    cache = KvCache(3, 2, Silent())
    sequence = filled(cache, 1, 2)
    with pytest.raises(ValueError, match="2 cells wanted, 1 are free"):
        cache.append(sequence, tokens(3, 4))


def test_what_several_sequences_hold_is_free_only_when_all_of_them_go() -> None:
    cache = KvCache(10, 4, Silent())
    first = filled(cache, 1, 2, 3, 4)
    second = cache.share(first, 2)
    assert cache.held_only_by([first]) == 2
    assert cache.held_only_by([second]) == 0
    assert cache.held_only_by([first, second]) == 4


def test_every_change_reaches_the_port() -> None:
    port = Silent()
    cache = KvCache(10, 4, port)
    first = filled(cache, 1, 2, 3)
    second = cache.share(first, 2)
    cache.close(second)
    assert port.calls == [("cut", second, -1, 0), ("copy", first, second, 2), ("cut", second, -1, 0)]


@pytest.mark.parametrize(
    ("one", "other", "length"),
    [((), (1,), 0), ((1, 2), (1, 2), 2), ((1, 2, 3), (1, 2, 4), 2), ((1,), (2,), 0), ((1, 2), (1, 2, 3), 2)],
)
def test_the_common_beginning_is_counted(one: tuple[int, ...], other: tuple[int, ...], length: int) -> None:
    assert common_length(tokens(*one), tokens(*other)) == length
