"""Notes written by what serves: the GGUF through the engine, each part a branch of one prefix, greedily."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from models.chat import FAMILIES
from models.clinical.plan import max_tokens
from models.engine.api import (
    Branch,
    BranchEnded,
    Engine,
    EngineFailure,
    Failed,
    Finished,
    GenerationRequest,
    StopReason,
    Token,
)
from models.formats.format import NoteFormat, load_format
from models.prompts import SUMMARY_ID, note_prefix, section_prime, summary_prime
from models.transcript import Turn
from training.data import SessionRecord


class WritingError(RuntimeError):
    """The engine failed on a session; the message names it and the reason."""


@dataclass(slots=True)
class Written:
    """Texts by (session, part), and what the engine said of its speed, session by session. ``cut_off``: texts that
    ended with their budget; ``too_long``: sessions that do not fit the context, of which nothing was written."""

    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    cut_off: set[tuple[str, str]] = field(default_factory=set)
    too_long: list[str] = field(default_factory=list)
    finished: list[Finished] = field(default_factory=list)

    @property
    def prefill_rate(self) -> float:
        """Tokens of prompt a second."""
        tokens = sum(one.input_tokens - one.cached_tokens for one in self.finished)
        seconds = sum(one.prefill_seconds for one in self.finished)
        return tokens / seconds if seconds else 0.0

    @property
    def decode_rate(self) -> float:
        """Tokens written a second, all branches together."""
        seconds = sum(one.decode_seconds for one in self.finished)
        return sum(one.output_tokens for one in self.finished) / seconds if seconds else 0.0


def branches(engine: Engine, note_format: NoteFormat | None = None, only: Sequence[str] = ()) -> tuple[Branch, ...]:
    """The branches of a note as the service asks for them, the paragraph last: where a branch lies in a batch moves
    llama.cpp's numbers a little. ``only`` names parts, none for all."""
    chat, shape = FAMILIES[engine.info.chat], note_format or load_format()
    parts = [(s.id, section_prime(chat, shape, s), s.words) for s in shape.sections]
    parts.append((SUMMARY_ID, summary_prime(chat, shape), shape.summary_max_words))
    return tuple(
        Branch(name, prime, max_tokens(words), beams=engine.info.beams if name == SUMMARY_ID else 1)
        for name, prime, words in parts
        if not only or name in only
    )


async def write_notes(
    engine: Engine,
    records: Sequence[SessionRecord],
    *,
    only: Sequence[str] = (),
    note_format: NoteFormat | None = None,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> Written:
    """The notes of the sessions, one after the other. Raises ``WritingError``."""
    return await write_branches(engine, records, branches(engine, note_format, only), watch)


async def write_branches(
    engine: Engine,
    records: Sequence[SessionRecord],
    wanted: tuple[Branch, ...],
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> Written:
    """What the model writes for each branch, by session and the branch's id. Raises ``WritingError``."""
    written = Written()
    for place, record in enumerate(records):
        await _write(engine, record.id, record.turns, wanted, written)
        watch(place + 1, len(records))
    return written


async def _write(
    engine: Engine, name: str, turns: Sequence[Turn], wanted: tuple[Branch, ...], written: Written
) -> None:
    prefix = note_prefix(FAMILIES[engine.info.chat], turns)
    texts: dict[str, list[str]] = {branch.id: [] for branch in wanted}
    async for step in engine.submit(GenerationRequest(f"evaluate-{name}", name, prefix, wanted)):
        for event in step:
            if isinstance(event, Token):
                texts[event.branch].append(event.text)
            elif isinstance(event, BranchEnded) and event.reason is StopReason.LENGTH:
                written.cut_off.add((name, event.branch))
            elif isinstance(event, Failed) and event.reason is EngineFailure.TOO_LONG:
                written.too_long.append(name)
            elif isinstance(event, Failed):
                raise WritingError(f"session {name}: {event.reason}: {event.detail}")
            elif isinstance(event, Finished):
                written.finished.append(event)
    engine.release(name)
    written.texts.update({(name, part): "".join(pieces).strip() for part, pieces in texts.items()})
