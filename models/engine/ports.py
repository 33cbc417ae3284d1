"""What the engine's pure parts need of the outside: a cache of sequences, a vocabulary, a decoder.

``runner.LlamaRunner`` gives all three with llama.cpp; the property tests give them with a simulation that checks
every call.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from models.segments import Segment

__all__ = ["Batch", "CachePort", "Decoded", "Floats", "Ints", "RunnerPort", "Vocabulary"]

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]


class Decoded(IntEnum):
    """What ``llama_decode`` answers; every other number is a fatal error of that batch."""

    OK = 0
    NO_ROOM = 1
    ABORTED = 2


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one decode: arrays of equal length. ``outputs`` is 1 where logits are wanted."""

    tokens: Ints
    positions: Ints
    sequences: Ints
    outputs: npt.NDArray[np.int8]


class CachePort(Protocol):
    """The sequences in the context's memory. Both calls move no data."""

    def copy(self, source: int, target: int, length: int) -> None:
        """Makes the empty sequence ``target`` share the first ``length`` positions of ``source``."""

    def cut(self, sequence: int, length: int) -> None:
        """Forgets all of a sequence from position ``length`` on."""


class Vocabulary(Protocol):
    """Tokens and text. Reading it is safe from every thread."""

    def tokenize(self, segment: Segment) -> Ints: ...

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for; none for a control token."""

    def is_end(self, token: int) -> bool:
        """Whether the token ends the model's turn."""

    @property
    def ends(self) -> Ints:
        """All tokens that end the model's turn."""


class RunnerPort(CachePort, Vocabulary, Protocol):
    """A loaded model with its context. All but the vocabulary belongs to one thread."""

    @property
    def n_ctx(self) -> int:
        """Tokens one sequence may have."""

    @property
    def kv_tokens(self) -> int:
        """Tokens all sequences together may have."""

    @property
    def n_seq(self) -> int: ...

    @property
    def n_batch(self) -> int: ...

    def decode(self, batch: Batch) -> int:
        """Computes a batch; ``Decoded`` or a negative number. Raises ValueError for a batch that llama.cpp would
        answer with the end of the process."""

    def logits(self, row: int) -> Floats:
        """A view of the logits of a row that asked for them; good until the next decode."""

    def abort(self) -> None:
        """From any thread: makes the decode that runs, or the next one, end with ``ABORTED``."""

    def close(self) -> None: ...
