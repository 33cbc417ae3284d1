"""Bookkeeping of the KV cache: which tokens each sequence holds, and how many cells that takes in all.

The cache is one pool of cells. A sequence is a list of cells; a copy shares them, so a prefix costs its cells once
however many sequences go on from it. Every change is passed on to the port, and the two never differ.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from models.engine.ports import CachePort, Ints

__all__ = ["KvCache", "common_length"]


def common_length(one: Ints, other: Ints) -> int:
    """How many tokens two sequences have in common at their beginnings."""
    shorter = min(len(one), len(other))
    differ = np.flatnonzero(one[:shorter] != other[:shorter])
    return int(differ[0]) if len(differ) else shorter


class _Sequence:
    """Tokens and cells of one sequence, in arrays that grow."""

    __slots__ = ("cells", "computed", "length", "tokens")

    def __init__(self) -> None:
        self.tokens = np.empty(64, np.int32)
        self.cells = np.empty(64, np.int32)
        self.length = 0
        self.computed = 0

    def extend(self, tokens: Ints, cells: Ints) -> None:
        end = self.length + len(tokens)
        if end > len(self.tokens):
            size = max(end, 2 * len(self.tokens))
            self.tokens = np.resize(self.tokens, size)
            self.cells = np.resize(self.cells, size)
        self.tokens[self.length : end] = tokens
        self.cells[self.length : end] = cells
        self.length = end


class KvCache:
    """``size`` cells shared by at most ``n_seq`` sequences. Raises ValueError for a call that cannot be kept."""

    def __init__(self, size: int, n_seq: int, port: CachePort) -> None:
        self.size = size
        self._port = port
        self._holders = np.zeros(size, np.int32)  # sequences that hold each cell
        self._free = list(range(size - 1, -1, -1))
        self._idle = list(range(n_seq - 1, -1, -1))
        self._sequences: dict[int, _Sequence] = {}

    @property
    def used(self) -> int:
        return self.size - len(self._free)

    @property
    def free(self) -> int:
        return len(self._free)

    @property
    def free_sequences(self) -> int:
        return len(self._idle)

    @property
    def sequences(self) -> tuple[int, ...]:
        return tuple(self._sequences)

    def length(self, sequence: int) -> int:
        return self._sequences[sequence].length

    def tokens(self, sequence: int) -> Ints:
        """A view of the sequence's tokens, good until it changes."""
        held = self._sequences[sequence]
        return held.tokens[: held.length]

    def computed(self, sequence: int) -> Ints:
        """A view of those tokens that were decoded; the others are in the batch that is being made."""
        held = self._sequences[sequence]
        return held.tokens[: held.computed]

    def settle(self, sequence: int) -> None:
        """The sequence's tokens were decoded."""
        held = self._sequences[sequence]
        held.computed = held.length

    def open(self) -> int:
        """A new, empty sequence."""
        if not self._idle:
            raise ValueError("no sequence is free")
        sequence = self._idle.pop()
        self._sequences[sequence] = _Sequence()
        return sequence

    def share(self, source: int, length: int) -> int:
        """A new sequence that begins with the first ``length`` tokens of another."""
        sequence = self.open()
        self.borrow(source, sequence, length)
        return sequence

    def borrow(self, source: int, sequence: int, length: int) -> None:
        """Makes an existing sequence the first ``length`` computed tokens of another."""
        held = self._sequences[source]
        if not 0 <= length <= held.computed:
            raise ValueError(f"{length} tokens asked of a sequence of {held.computed}")
        self.cut(sequence, 0)
        cells = held.cells[:length]
        borrower = self._sequences[sequence]
        borrower.extend(held.tokens[:length], cells)
        borrower.computed = length
        self._holders[cells] += 1
        self._port.copy(source, sequence, length)

    def append(self, sequence: int, tokens: Ints) -> None:
        """Takes cells for tokens about to be decoded at the end of a sequence."""
        if len(tokens) > len(self._free):
            raise ValueError(f"{len(tokens)} cells wanted, {len(self._free)} are free")
        if not len(tokens):
            return
        cells = np.array(self._free[-len(tokens) :], np.int32)
        del self._free[-len(tokens) :]
        self._holders[cells] = 1
        self._sequences[sequence].extend(tokens, cells)

    def cut(self, sequence: int, length: int) -> None:
        """Forgets the tokens of a sequence from ``length`` on; the cells nobody else holds are free at once."""
        held = self._sequences[sequence]
        if length < held.length:
            cells = held.cells[length : held.length]
            self._holders[cells] -= 1
            self._free.extend(cells[self._holders[cells] == 0].tolist())
            held.length = length
            held.computed = min(held.computed, length)
        self._port.cut(sequence, length)

    def close(self, sequence: int) -> None:
        """Forgets a sequence; its number may be given out again."""
        self.cut(sequence, 0)
        del self._sequences[sequence]
        self._idle.append(sequence)

    def held_only_by(self, sequences: Iterable[int]) -> int:
        """How many cells would be free if these sequences were closed."""
        mine = np.zeros(self.size, np.int32)
        for sequence in sequences:
            held = self._sequences[sequence]
            mine[held.cells[: held.length]] += 1
        return int(np.count_nonzero((mine > 0) & (mine == self._holders)))
