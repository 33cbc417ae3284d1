"""A model without weights, for tests: the next token is a hash of every token before it, so a sequence that holds a
single wrong, missing or foreign token says something else. It refuses every call that would end a real process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from models.engine.ports import Batch, Decoded, Floats, Ints
from models.segments import Segment

END = 0
LETTERS = "abcdefgh"
N_VOCAB = len(LETTERS) + 1
SURE = 30.0  # so much likelier than all others that no detour by them ever is


def next_token(tokens: list[int]) -> int:
    """What the model says after ``tokens``; about every twelfth time its turn ends."""
    digest = hashlib.blake2b(bytes(tokens), digest_size=4).digest()
    return END if digest[0] < 20 else 1 + int.from_bytes(digest[1:], "big") % len(LETTERS)


def tokens_of(text: str) -> list[int]:
    return [1 + LETTERS.index(letter) for letter in text]


class SimulatedRunner:
    """A ``RunnerPort``. ``faults`` gives the code of the next decodes: 0 is success."""

    def __init__(self, kv_tokens: int, n_ctx: int, n_seq: int, n_batch: int, faults: Iterator[int]) -> None:
        self.kv_tokens = kv_tokens
        self.n_ctx = n_ctx
        self.n_seq = n_seq
        self.n_batch = n_batch
        self.faults = faults
        self.sequences: dict[int, list[int]] = {}
        self._cells: dict[int, list[object]] = {}
        self._last: dict[int, int] = {}
        self.closed = False

    def tokenize(self, segment: Segment) -> Ints:
        return np.array(tokens_of(segment.text), np.int32)

    def piece(self, token: int) -> bytes:
        return LETTERS[token - 1].encode()

    def is_end(self, token: int) -> bool:
        return token == END

    @property
    def ends(self) -> Ints:
        return np.array([END], np.int32)

    def copy(self, source: int, target: int, length: int) -> None:
        assert 0 <= target < self.n_seq
        assert not self.sequences.get(target), "a copy goes to an empty sequence"
        assert length <= len(self.sequences.get(source, []))
        self.sequences[target] = self.sequences.get(source, [])[:length]
        self._cells[target] = self._cells.get(source, [])[:length]

    def cut(self, sequence: int, length: int) -> None:
        assert 0 <= sequence < self.n_seq
        self.sequences[sequence] = self.sequences.get(sequence, [])[:length]
        self._cells[sequence] = self._cells.get(sequence, [])[:length]

    @property
    def used(self) -> int:
        return len({id(cell) for cells in self._cells.values() for cell in cells})

    def decode(self, batch: Batch) -> int:
        assert 0 < len(batch.tokens) <= self.n_batch
        assert self.used + len(batch.tokens) <= self.kv_tokens, "more cells than there are"
        code = next(self.faults, 0)
        if code == Decoded.ABORTED or code == Decoded.NO_ROOM:
            return code
        self._last = {}
        rows = zip(batch.tokens, batch.positions, batch.sequences, batch.outputs, strict=True)
        for row, (token, position, sequence, output) in enumerate(rows):
            held = self.sequences.setdefault(int(sequence), [])
            assert position == len(held), "positions follow each other"
            assert position < self.n_ctx
            held.append(int(token))
            self._cells.setdefault(int(sequence), []).append(object())
            if output:
                self._last[row] = next_token(held)
        return code  # a fatal error leaves its rows behind, as llama.cpp may

    def logits(self, row: int) -> Floats:
        logits = np.zeros(N_VOCAB, np.float32)
        logits[self._last[row]] = SURE
        return logits

    def abort(self) -> None:
        """Nothing runs long enough to be cut short."""

    def close(self) -> None:
        self.closed = True
