"""The engine's interface: what the rest of the product may ask of a model, and what it answers.

Pure types. ``engine.LlamaEngine`` and ``scripted.ScriptedEngine`` implement ``Engine``; one contract suite runs
over both.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from models.segments import Segment

__all__ = [
    "Branch",
    "BranchEnded",
    "BranchStarted",
    "Engine",
    "EngineEvent",
    "EngineFailure",
    "EngineStats",
    "Failed",
    "Finished",
    "Generation",
    "GenerationRequest",
    "ModelInfo",
    "Prefill",
    "Priority",
    "Queued",
    "Sampling",
    "StopReason",
    "Token",
]


class StopReason(StrEnum):
    """Why a branch ended."""

    END = "end"  # the model's own end of turn
    LENGTH = "length"  # its budget of tokens
    STOP = "stop"  # a stop string, or stop_branch()
    CANCELLED = "cancelled"


class Priority(StrEnum):
    """Who goes first when there is not room for all."""

    WAITING = "waiting"  # a person waits for it
    BACKFILL = "backfill"  # nobody watches


@dataclass(frozen=True, slots=True)
class Sampling:
    """Greedy (temperature 0) by default, so that a note can be reproduced."""

    temperature: float = 0.0
    top_k: int = 40
    top_p: float = 0.95
    repeat_penalty: float = 1.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Branch:
    """One continuation of the shared prefix: a section of the note. ``prime`` is fed, not sampled. Before
    ``min_tokens`` the model cannot end its turn. ``beams`` continuations are followed where branches run side by side
    and sampling is greedy, and the likeliest as a whole is the text (``models.engine.beams``)."""

    id: str
    prime: tuple[Segment, ...]
    max_tokens: int
    stop: tuple[str, ...] = ()
    sampling: Sampling = Sampling()
    min_tokens: int = 0
    beams: int = 1


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """A note to write: branches over one prefix.

    ``session`` names the prefix in the cache: a request whose prefix begins with what was prefilled under that
    name computes only the rest. ``parallel`` decodes the branches side by side, each from the prefix alone;
    otherwise they are decoded in order, each after the text of those before. ``deadline`` is seconds from
    submission; when it passes the generation fails with ``deadline``.
    """

    id: str
    session: str
    prefix: tuple[Segment, ...]
    branches: tuple[Branch, ...]
    parallel: bool = True
    priority: Priority = Priority.WAITING
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class Queued:
    """Waiting for room. ``position`` counts from 1; ``eta_seconds`` is an estimate of the wait."""

    position: int
    eta_seconds: float | None


@dataclass(frozen=True, slots=True)
class Prefill:
    """Tokens of the prompt that are in the cache, of all; a first event with ``done == total`` is a full hit."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class BranchStarted:
    branch: str


@dataclass(frozen=True, slots=True)
class Token:
    """Text of one decoded token (whole characters: a character split over tokens comes with the last)."""

    branch: str
    text: str


@dataclass(frozen=True, slots=True)
class BranchEnded:
    branch: str
    reason: StopReason


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of a generation that went well. Times in seconds."""

    input_tokens: int
    cached_tokens: int
    output_tokens: int
    prefill_seconds: float
    decode_seconds: float

    @property
    def tokens_per_second(self) -> float:
        return self.output_tokens / self.decode_seconds if self.decode_seconds > 0 else 0.0


class EngineFailure(StrEnum):
    """Why a generation failed."""

    CANCELLED = "cancelled"
    DEADLINE = "deadline"
    TOO_LONG = "too_long"  # the prompt and its budgets do not fit the context
    OVERLOADED = "overloaded"  # the queue is full
    DECODE = "decode"  # llama.cpp refused
    STOPPED = "stopped"  # the engine was shut down


@dataclass(frozen=True, slots=True)
class Failed:
    """The last event of a generation that did not go well. ``detail`` never holds text of the session."""

    reason: EngineFailure
    detail: str


EngineEvent = Queued | Prefill | BranchStarted | Token | BranchEnded | Finished | Failed


class Generation(Protocol):
    """A running request. Iterating gives one list of events for each step of the engine, the last of them ending
    in ``Finished`` or ``Failed``."""

    @property
    def id(self) -> str: ...

    @property
    def failed(self) -> bool:
        """Whether it has ended in ``Failed``, as far as is known by now."""

    @property
    def written(self) -> int:
        """Characters of text so far, whether they were read or not."""

    def __aiter__(self) -> AsyncIterator[list[EngineEvent]]: ...

    def stop_branch(self, branch: str) -> None:
        """Ends one branch with ``StopReason.STOP`` before the next step that decodes it."""

    def cancel(self) -> None:
        """Ends all: ``Failed(CANCELLED)`` within one step, its memory free at once."""

    def hurry(self, deadline: float | None) -> None:
        """Somebody waits for it from now on, for ``deadline`` seconds at most. Nothing once it has ended."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The model behind an engine. ``chat`` names a family of ``models.chat``; ``beams`` is how many continuations of a
    note's paragraph suit it."""

    name: str
    path: str
    sha256: str
    size_bytes: int
    n_ctx: int
    n_ctx_train: int
    chat: str
    architecture: str
    adapter: str | None = None
    adapter_sha256: str | None = None
    beams: int = 1


@dataclass(frozen=True, slots=True)
class EngineStats:
    """What an operator wants to know, now. ``reading``: how far each session that goes on has been read, by the name
    under which it is prefilled."""

    active: int = 0
    waiting: int = 0
    live_prefixes: int = 0
    kv_used: int = 0  # tokens held in the cache
    kv_total: int = 0
    generations: int = 0
    failures: int = 0
    prefill_tokens: int = 0
    decoded_tokens: int = 0
    prefill_tokens_per_second: float = 0.0
    decode_tokens_per_second: float = 0.0
    reading: dict[str, Prefill] = field(default_factory=dict)
    extra: dict[str, float] = field(default_factory=dict)


class Engine(Protocol):
    """A model that writes. All methods are called from one event loop and return at once unless awaited."""

    @property
    def info(self) -> ModelInfo: ...

    async def start(self) -> None:
        """Loads the model; returns when it can answer. Raises ``ModelError`` (models.errors) with one clear line."""

    async def stop(self) -> None:
        """Fails what runs with ``STOPPED`` and frees the model."""

    def count_tokens(self, segments: tuple[Segment, ...]) -> int: ...

    def prefill(self, session: str, prefix: tuple[Segment, ...]) -> None:
        """Puts a growing prefix into the cache in the background, at the lowest priority. Each call gives the whole
        prefix so far. A hint: it may be ignored or evicted, and never fails."""

    def release(self, session: str) -> None:
        """Forgets a prefix."""

    def submit(self, request: GenerationRequest) -> Generation: ...

    def stats(self) -> EngineStats: ...
