"""One step of the engine: the rows of a batch, and who each of them is for."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace

import numpy as np

from models.engine.ports import Batch, Ints
from models.engine.residents import Resident
from models.engine.sequence import GenerationState, Lane
from models.engine.slots import common_length

__all__ = ["Feed", "LivePrefix", "Step", "StepBuilder"]


@dataclass(slots=True, eq=False)
class LivePrefix:
    """The prefix of a session that goes on, as far as it is known, and where it is computed."""

    session: str
    prefix: Ints
    resident: Resident | None = None
    strikes: int = 0


@dataclass(frozen=True, slots=True)
class Feed:
    """Rows for one sequence. ``before`` is its length without them; ``output`` asks for the logits of the last;
    ``row`` is the place of the last in the batch."""

    owner: GenerationState | LivePrefix
    lane: Lane | None
    sequence: int
    before: int
    count: int
    output: bool
    row: int = -1


@dataclass(frozen=True, slots=True)
class Step:
    """A batch that is about to be decoded."""

    batch: Batch
    feeds: tuple[Feed, ...]
    decoded: int  # rows of running branches
    fed: int  # rows of prompts

    @property
    def owners(self) -> tuple[GenerationState | LivePrefix, ...]:
        seen: dict[Hashable, GenerationState | LivePrefix] = {id(feed.owner): feed.owner for feed in self.feeds}
        return tuple(seen.values())

    @property
    def generation_ids(self) -> frozenset[str]:
        return frozenset(owner.id for owner in self.owners if isinstance(owner, GenerationState))

    @property
    def sessions(self) -> frozenset[str]:
        return frozenset(
            owner.request.session if isinstance(owner, GenerationState) else owner.session for owner in self.owners
        )


@dataclass(slots=True)
class StepBuilder:
    """Collects rows up to ``room``."""

    room: int
    decoded: int = 0
    fed: int = 0
    prefixes: list[Ints] = field(default_factory=list)  # those that this step computes a part of
    _feeds: list[Feed] = field(default_factory=list)
    _tokens: list[Ints] = field(default_factory=list)

    @property
    def left(self) -> int:
        return self.room - self.decoded - self.fed

    def add(self, feed: Feed, tokens: Ints) -> None:
        """Puts the rows of a feed, ``tokens``, behind those before."""
        if feed.lane is not None and feed.lane.decoding:
            self.decoded += len(tokens)
        else:
            self.fed += len(tokens)
        if feed.lane is None:
            self.prefixes.append(feed.owner.prefix)
        self._tokens.append(tokens)
        self._feeds.append(replace(feed, row=self.decoded + self.fed - 1))

    def computes_for(self, prefix: Ints, held: int) -> bool:
        """Whether this step computes the next tokens of ``prefix`` for somebody else; waiting for them is cheaper."""
        return any(common_length(other, prefix) > held for other in self.prefixes)

    def build(self) -> Step | None:
        """The step, or None when there is nothing to do."""
        if not self._feeds:
            return None
        total = self.decoded + self.fed
        positions = np.empty(total, np.int32)
        sequences = np.empty(total, np.int32)
        outputs = np.zeros(total, np.int8)
        for feed in self._feeds:
            begin = feed.row + 1 - feed.count
            positions[begin : feed.row + 1] = np.arange(feed.before, feed.before + feed.count, dtype=np.int32)
            sequences[begin : feed.row + 1] = feed.sequence
            outputs[feed.row] = feed.output
        batch = Batch(np.concatenate(self._tokens), positions, sequences, outputs)
        return Step(batch, tuple(self._feeds), self.decoded, self.fed)
