"""Getting a session into the model's context: as it is where it fits, else reduced window by window.

A session that does not fit is never cut. Each window of turns is written down as a summary, and the note is then
written from these summaries, each of which names the turns it stands for. Evidence and rules look at the turns
themselves all the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from models import prompts
from models.chat import ChatFormat
from models.clinical.fallback import extractive_note
from models.clinical.plan import SectionPlan
from models.clinical.writer import SectionWriter
from models.engine.api import Branch, BranchEnded, Engine, Failed, GenerationRequest, StopReason, Token
from models.formats import NoteFormat
from models.segments import Segment
from models.transcript import Turn, normalise_whitespace
from server.worker.windows import plan_windows

# A turn that alone is longer than this share of the context is read in pieces.
_PIECE = 0.25


@dataclass(frozen=True, slots=True)
class Reading:
    """What stands in the prompt: the turns, or summaries of them."""

    turns: tuple[Turn, ...]
    windows: int = 0


class Reader:
    """Makes sessions fit."""

    def __init__(self, engine: Engine, chat: ChatFormat) -> None:
        self._engine = engine
        self._chat = chat

    def room(self, plans: Sequence[SectionPlan], note_format: NoteFormat) -> int:
        """Tokens of transcript that fit beside the instructions and what is to be written."""
        fixed = self._engine.count_tokens(prompts.note_prefix(self._chat, ()))
        # Sections decode side by side over the one prefix; each sees only its own text, all of them share the cache.
        written = sum(plan.max_tokens + 64 for plan in plans)
        return self._engine.info.n_ctx - fixed - written

    def lengths(self, turns: Sequence[Turn]) -> list[int]:
        return [self._engine.count_tokens((prompts.turn_segment(turn),)) for turn in turns]

    async def read(
        self, key: str, turns: tuple[Turn, ...], note_format: NoteFormat, summary: SectionPlan, room: int
    ) -> AsyncIterator[Reading | tuple[int, int]]:
        """Ends with the ``Reading``; before that, how far the reduction is as (windows done, windows in all)."""
        level = tuple(self._pieces(turns, max(64, int(self._engine.info.n_ctx * _PIECE))))
        depth = 0
        while sum(lengths := self.lengths(level)) > room:
            windows = plan_windows(lengths, room)
            reduced: list[Turn] = []
            for number, window in enumerate(windows):
                yield number, len(windows)
                part = level[window.start : window.stop]
                text = await self._summarise(f"{key}.{depth}.{number}", part, note_format, summary)
                reduced.append(Turn(part[0].index, "unknown", _reference(part, text)))
            if sum(self.lengths(reduced)) >= sum(lengths):
                break
            level, depth = tuple(reduced), depth + 1
        yield Reading(level, depth)

    async def _summarise(self, key: str, turns: tuple[Turn, ...], note_format: NoteFormat, plan: SectionPlan) -> str:
        """A window as a paragraph: the model's where it obeys the rules, else the extractive one."""
        prefix = prompts.note_prefix(self._chat, turns)
        branch = Branch("window", prompts.summary_prime(self._chat, note_format), plan.max_tokens)
        generation = self._engine.submit(GenerationRequest(key, key, prefix, (branch,)))
        writer = SectionWriter(plan, turns)
        text, failed = "", False
        try:
            async for step in generation:
                for event in step:
                    if isinstance(event, Token):
                        text += writer.feed(event.text)
                        if writer.done:
                            generation.stop_branch("window")
                    elif isinstance(event, BranchEnded):
                        text += writer.finish(event.reason is not StopReason.LENGTH)
                    elif isinstance(event, Failed):
                        failed = True
        finally:
            generation.cancel()
            self._engine.release(key)
        if failed or writer.problem or not text.strip():
            return extractive_note(note_format, turns)["summary"]
        return text.strip()

    def _pieces(self, turns: Sequence[Turn], most: int) -> list[Turn]:
        """Turns that fit, very long ones cut between words; the pieces keep the number of their turn."""
        pieces: list[Turn] = []
        for turn in turns:
            count = -(-self._engine.count_tokens((Segment(turn.text),)) // most)
            words = normalise_whitespace(turn.text).split(" ")
            size = max(1, -(-len(words) // max(1, count)))
            for begin in range(0, len(words), size):
                pieces.append(Turn(turn.index, turn.speaker, " ".join(words[begin : begin + size]), turn.start))
        return pieces


def _reference(turns: Sequence[Turn], text: str) -> str:
    return f"(turns {turns[0].index} to {turns[-1].index}) {text}"
