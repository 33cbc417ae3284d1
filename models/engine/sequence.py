"""The state of what is being written: a branch, the lane it runs in, the generation it belongs to. Pure.

A lane is one sequence of the cache. Side by side, each branch has a lane of its own; in order, all branches share one
lane, each going on after the text of the one before.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from models.engine.api import Branch, EngineEvent, GenerationRequest, Priority, StopReason
from models.engine.beams import Beam, Beams
from models.engine.ports import Ints, Vocabulary
from models.engine.sampling import Sampler
from models.engine.settings import MOST_BEAMS
from models.engine.text import TextStream
from models.segments import Segment

__all__ = ["BranchState", "GenerationState", "Lane", "join_tokens", "make_generation"]

_NOTHING = np.empty(0, np.int32)


class BranchState:
    """One branch: what it has said so far, and why it ended."""

    __slots__ = ("_ends", "branch", "prime", "produced", "reason", "sampler", "started", "text")

    def __init__(self, branch: Branch, prime: Ints) -> None:
        self.branch = branch
        self.prime = prime
        self.text = TextStream(branch.stop)
        self.sampler = Sampler(branch.sampling)
        self.produced = 0
        self.started = False
        self.reason: StopReason | None = None
        self._ends: list[int] = []  # characters of text after each token

    def accept(self, token: int, vocabulary: Vocabulary) -> str:
        """Takes a sampled token; returns the text to show and sets ``reason`` when it is the last."""
        self.produced += 1
        if vocabulary.is_end(token):
            self.reason = StopReason.END
            return self.text.finish()
        shown = self.text.push(vocabulary.piece(token))
        self._ends.append(self.text.characters)
        if self.text.stopped:
            self.reason = StopReason.STOP
        elif self.produced >= self.branch.max_tokens:
            self.reason = StopReason.LENGTH
            shown += self.text.finish()
        return shown

    def tokens_before_stop(self) -> int:
        """How many tokens lie wholly before the stop string that ended this branch."""
        limit = self.text.characters
        return sum(1 for end in self._ends[:-1] if end <= limit)


class Lane:
    """A sequence and the branches it runs, one after the other. ``pending`` is what it feeds next; ``need`` counts
    the cells it may take behind the prefix at most. A lane of one branch may follow ``width`` continuations: ``beams``
    holds them once it decodes, ``spare`` the sequences that none of them is in."""

    __slots__ = (
        "beams",
        "begun",
        "branches",
        "decoding",
        "need",
        "pending",
        "prefix_share",
        "sequence",
        "spare",
        "text_from",
        "width",
    )

    def __init__(self, branches: deque[BranchState], prefix: Ints, *, wide: bool) -> None:
        """``wide``: a branch may follow several continuations."""
        self.branches = branches
        first = branches[0]
        # Without a prime the last token of the prefix is computed once more, for its logits.
        self.prefix_share = len(prefix) - (0 if len(first.prime) else 1)
        self.pending: Ints = first.prime if len(first.prime) else prefix[-1:]
        self.width = first.branch.beams if wide and first.sampler.is_greedy else 1
        self.need = sum(len(state.prime) + self.width * state.branch.max_tokens for state in branches)
        self.beams: Beams | None = None
        self.spare: list[int] = []
        self.sequence: int | None = None
        self.decoding = False
        self.begun = False
        self.text_from = 0  # length of the sequence where the running branch's own text begins

    @property
    def current(self) -> BranchState:
        return self.branches[0]

    @property
    def done(self) -> bool:
        return not self.branches

    @property
    def longest(self) -> int:
        """Tokens behind the prefix that one sequence of it may have."""
        return sum(len(state.prime) + state.branch.max_tokens for state in self.branches)

    @property
    def produced(self) -> int:
        """How many tokens what it runs has so far, told or not."""
        return len(self.beams.alive[0].tokens) if self.beams else self.current.produced

    @property
    def rows(self) -> int:
        """How many rows of a batch it takes while it decodes."""
        return len(self.beams.alive) if self.beams else 1

    @property
    def sequences(self) -> list[int]:
        """All that it holds."""
        if self.sequence is None:
            return []
        return [*self.spare, *([beam.sequence for beam in self.beams.alive] if self.beams else [self.sequence])]

    def follow(self, alive: list[Beam], spare: list[int]) -> None:
        """These continuations go on, the first of them in the place of the lane's own sequence."""
        assert self.beams is not None
        self.beams.alive, self.spare, self.sequence = alive, spare, alive[0].sequence

    def narrow(self) -> None:
        """From now on, before it runs, one continuation."""
        self.need -= (self.width - 1) * sum(state.branch.max_tokens for state in self.branches)
        self.width = 1


@dataclass(slots=True, eq=False)
class GenerationState:
    """An admitted or waiting request. Times are of the engine's clock, in seconds."""

    request: GenerationRequest
    prefix: Ints
    lanes: list[Lane]
    input_tokens: int
    submitted: float
    order: int
    expires: float | None
    admitted: float | None = None
    prefilled: float | None = None
    cached_tokens: int = 0
    output_tokens: int = 0
    position: int = 0
    strikes: int = 0
    resident: int | None = None
    events: list[EngineEvent] = field(default_factory=list)

    @property
    def id(self) -> str:
        return self.request.id

    @property
    def waited_for(self) -> bool:
        return self.request.priority is Priority.WAITING

    @property
    def running(self) -> list[Lane]:
        return [lane for lane in self.lanes if lane.sequence is not None]

    @property
    def largest_need(self) -> int:
        """Cells behind the prefix without which not even one lane at a time can run."""
        return max((lane.need for lane in self.lanes if not lane.done), default=0)

    @property
    def longest(self) -> int:
        """Tokens behind the prefix that one sequence may have."""
        return max((lane.longest for lane in self.lanes), default=0)

    @property
    def widest(self) -> int:
        """Sequences without which not even one lane at a time can run."""
        return max((lane.width for lane in self.lanes if not lane.done), default=1)

    def branch(self, branch_id: str) -> tuple[Lane, BranchState] | None:
        """The branch of that id that has not ended, with its lane."""
        return next(
            ((lane, state) for lane in self.lanes for state in lane.branches if state.branch.id == branch_id), None
        )


def _check(request: GenerationRequest) -> None:
    ids = [branch.id for branch in request.branches]
    if not ids or len(set(ids)) != len(ids):
        raise ValueError(f"request {request.id}: branches must be one or more, of different ids")
    for branch in request.branches:
        if branch.max_tokens < 1:
            raise ValueError(f"request {request.id}: max_tokens is {branch.max_tokens}, it must be 1 or more")
        if not 1 <= branch.beams <= MOST_BEAMS:
            raise ValueError(f"request {request.id}: beams is {branch.beams}, it must be 1 to {MOST_BEAMS}")


def join_tokens(segments: tuple[Segment, ...], vocabulary: Vocabulary) -> Ints:
    """The tokens of a prompt: of each segment by itself, in order."""
    return np.concatenate([vocabulary.tokenize(segment) for segment in segments]) if segments else _NOTHING


def make_generation(
    request: GenerationRequest, vocabulary: Vocabulary, submitted: float, order: int
) -> GenerationState:
    """The state of a new request. Raises ValueError for a request that asks for nothing or begins with nothing."""
    _check(request)
    prefix = join_tokens(request.prefix, vocabulary)
    states = [BranchState(branch, join_tokens(branch.prime, vocabulary)) for branch in request.branches]
    if not len(prefix) and not all(len(state.prime) for state in states):
        raise ValueError(f"request {request.id}: a branch without a prime needs a prefix")
    if not request.parallel and not all(len(state.prime) for state in states[1:]):
        raise ValueError(f"request {request.id}: a branch that goes on after another needs a prime")
    groups = [deque([state]) for state in states] if request.parallel else [deque(states)]
    return GenerationState(
        request=request,
        prefix=prefix,
        lanes=[Lane(group, prefix, wide=request.parallel) for group in groups],
        input_tokens=len(prefix) + sum(len(state.prime) for state in states),
        submitted=submitted,
        order=order,
        expires=None if request.deadline is None else submitted + request.deadline,
    )
