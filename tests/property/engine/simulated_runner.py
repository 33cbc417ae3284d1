"""A model without weights, for tests: the next token is a hash of every token before it, so a sequence that holds a
single wrong, missing or foreign token says something else. It refuses every call that would end a real process."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

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


def sure(tokens: Sequence[int]) -> Floats:
    """Logits after ``tokens`` that leave no doubt about ``next_token``."""
    logits = np.zeros(N_VOCAB, np.float32)
    logits[next_token(list(tokens))] = SURE
    return logits


def doubtful(tokens: Sequence[int]) -> Floats:
    """Logits after ``tokens``, a hash of all of them from 0 to 3.3, with many continuations about as likely as the
    best. Fine enough that no two are equal: which of equals goes on is nobody's promise."""
    drawn = [hashlib.blake2b(bytes([*tokens, token]), digest_size=4).digest() for token in range(N_VOCAB)]
    logits = np.array([int.from_bytes(one, "big") / 1.3e9 for one in drawn], np.float32)
    logits[END] -= 1.0
    return logits


def searched(
    model: Callable[[Sequence[int]], Floats], context: Sequence[int], width: int, most: int, least: int = 0
) -> list[int]:
    """What beam search says after ``context``, without its end token, written as simply as can be. Its first token is
    the likeliest by itself."""
    alive: list[tuple[float, list[int]]] = [(0.0, [])]
    ended: tuple[float, list[int]] | None = None
    for written in range(most):
        found = []
        for score, tokens in alive:
            logits = model([*context, *tokens]).astype(float)
            logs = logits - np.log(np.exp(logits).sum())
            found += [(score + logs[t], [*tokens, t]) for t in range(N_VOCAB) if t != END or written >= least]
        found.sort(key=lambda one: -one[0])
        wide = width if written else 1
        for one in found[:wide]:
            if one[1][-1] == END and (ended is None or one[0] / len(one[1]) > ended[0] / len(ended[1])):
                ended = one
        alive = [one for one in found if one[1][-1] != END][:wide]
        means = [score / len(tokens) for score, tokens in alive]
        if ended and ended[0] / len(ended[1]) >= means[0]:
            return ended[1][:-1]
        if ended and ended[0] / len(ended[1]) < means[-1]:
            ended = None
    return alive[0][1]


class SimulatedRunner:
    """A ``RunnerPort``. ``faults`` gives the code of the next decodes: 0 is success; ``model`` the logits after
    tokens."""

    def __init__(
        self,
        kv_tokens: int,
        n_ctx: int,
        n_seq: int,
        n_batch: int,
        faults: Iterator[int],
        model: Callable[[Sequence[int]], Floats] = sure,
    ) -> None:
        self.model = model
        self.kv_tokens = kv_tokens
        self.n_ctx = n_ctx
        self.n_seq = n_seq
        self.n_batch = n_batch
        self.faults = faults
        self.sequences: dict[int, list[int]] = {}
        self._cells: dict[int, list[object]] = {}
        self._last: dict[int, Floats] = {}
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
                self._last[row] = self.model(held)
        return code  # a fatal error leaves its rows behind, as llama.cpp may

    def logits(self, row: int) -> Floats:
        return self._last[row]

    def abort(self) -> None:
        """Nothing runs long enough to be cut short."""

    def close(self) -> None:
        self.closed = True
