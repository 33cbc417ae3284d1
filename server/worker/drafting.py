"""A closed session becomes a note: one run of one generation, from the stored turns to the stored note.

The model is asked, what it says goes through the rules to the readers, and what the readers saw is stored with its
revision and its event in one transaction. A failure at any point leaves the earlier note as it was.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from models.chat import FAMILIES, ChatFormat
from models.clinical.fallback import extractive_note
from models.clinical.plan import SectionPlan
from models.clinical.session import session_of
from models.clinical.watch import look_through
from models.engine.api import (
    BranchEnded,
    Engine,
    EngineFailure,
    Failed,
    Finished,
    Generation,
    Prefill,
    Queued,
    Sampling,
    StopReason,
    Token,
)
from models.formats import NoteFormat
from models.transcript import Turn
from server.notes.state import Draft, Reduced, WrittenBy
from server.worker.asking import GREEDY, note_request, plans_of
from server.worker.composition import Composition
from server.worker.early import EarlyNote
from server.worker.failure import GenerationFailedError
from server.worker.frames import FrameWriter
from server.worker.progress import Progress
from server.worker.reading import Reader

_SECOND_TRY = Sampling(temperature=0.6, top_k=40, top_p=0.9, repeat_penalty=1.15, seed=7)


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be written: the session's turns, and how."""

    generation_id: str
    session_id: int
    attempt: int
    turns: tuple[Turn, ...]
    note_format: NoteFormat
    only: frozenset[str] | None
    allow_fallback: bool


class Drafting:
    """One run. ``cancel`` may be called at any time from the same event loop. ``deadline`` is seconds for all of it."""

    def __init__(
        self,
        engine: Engine,
        reader: Reader,
        task: Task,
        frames: FrameWriter,
        *,
        parallel: bool,
        deadline: float,
        model: WrittenBy,
        early: EarlyNote | None = None,
    ) -> None:
        self._engine = engine
        self._reader = reader
        self._early = early
        self._chat: ChatFormat = FAMILIES[engine.info.chat]
        self._task = task
        self._frames = frames
        self._parallel = parallel
        self._ends_at = time.monotonic() + deadline
        self._model = model
        self._generation: Generation | None = None
        self._cancelled = False
        self._log = structlog.get_logger().bind(
            session_id=task.session_id, generation_id=task.generation_id, attempt=task.attempt
        )

    def cancel(self) -> None:
        self._cancelled = True
        if self._generation is not None:
            self._generation.cancel()

    async def write(self) -> Draft:
        """The draft, streamed as it came. Raises ``GenerationFailedError`` when it was cancelled, when the engine is
        shutting down, or when no model answered and no fallback is allowed."""
        began = time.monotonic()
        if self._task.attempt > 1:
            self._frames.add("reset", {"attempt": self._task.attempt, "reason": "restarted"})
        try:
            return await self._with_model(began)
        except GenerationFailedError as error:
            if error.reason in (EngineFailure.CANCELLED, EngineFailure.STOPPED) or not self._task.allow_fallback:
                raise
            return await self.write_fallback(error.reason.value)

    async def write_fallback(self, reason: str) -> Draft:
        """The extractive note, streamed in place of whatever came before."""
        began = time.monotonic()
        self._frames.add("reset", {"attempt": self._task.attempt, "reason": f"fallback: {reason}"})
        texts = await asyncio.to_thread(extractive_note, self._task.note_format, self._task.turns)
        composition = self._composition()
        for plan in self._plans():
            composition.rewrite(plan.id, texts.get(plan.id) or plan.absent, "fallback")
        self._frames.flush()
        return self._draft(composition, began, fallback=True)

    async def _with_model(self, began: float) -> Draft:
        # Seconds for a very long session; other notes are being streamed meanwhile.
        composition = await asyncio.to_thread(self._prepared)
        composition.write_fixed()
        self._frames.flush()
        plans = composition.open_parts
        expected = {plan.id: plan.words for plan in plans}
        progress = Progress(
            self._task.generation_id, self._task.attempt, expected, self._frames.add, parallel=self._parallel
        )
        reading = await self._reader.read(self._task.turns, self._task.note_format)
        await self._ask(composition, plans, reading.turns, progress, GREEDY)
        progress.checking()
        await self._mend(composition, reading.turns, progress)
        for section, text in (await asyncio.to_thread(composition.checked)).items():
            composition.rewrite(section, text, "grounding")
        self._frames.flush()
        return self._draft(composition, began, fallback=False, reduced=reading.reduced)

    async def _ask(
        self,
        composition: Composition,
        plans: list[SectionPlan],
        turns: tuple[Turn, ...],
        progress: Progress,
        sampling: Sampling,
    ) -> None:
        """Lets the model write ``plans``. Raises ``GenerationFailedError``."""
        if not plans:
            return
        self._stop_if_over()
        task = self._task
        deadline = max(0.1, self._ends_at - time.monotonic())
        request = note_request(
            f"{task.generation_id}.{task.attempt}",
            task.session_id,
            self._chat,
            task.note_format,
            plans,
            turns,
            parallel=self._parallel,
            beams=self._engine.info.beams,
            sampling=sampling,
        )
        began = time.monotonic()
        early = self._early.take(request, deadline) if self._early is not None else None
        self._generation = generation = early or self._engine.submit(replace(request, deadline=deadline))
        written = 0
        async for step in generation:
            for event in step:
                match event:
                    case Token(branch, text):
                        written += len(text)
                        progress.token(branch)
                        if not composition.feed(branch, text):
                            generation.stop_branch(branch)
                    case BranchEnded(branch, reason):
                        progress.ended(branch)
                        composition.end(branch, cut_off=reason is StopReason.LENGTH)
                    case Queued():
                        progress.queued(event)
                    case Prefill():
                        progress.prefill(event)
                    case Finished():
                        self._log_inference("finished", turns, written, began, event)
                    case Failed(reason, detail):
                        self._log_inference(reason.value, turns, written, began, None)
                        raise GenerationFailedError(reason, detail)
                    case _:
                        pass
            self._frames.flush()
            await asyncio.sleep(0)  # of a note that was begun early many steps are there at once
        self._stop_if_over()

    async def _mend(self, composition: Composition, turns: tuple[Turn, ...], progress: Progress) -> None:
        """Sections that broke a rule are written once more in another way, and taken from the transcript if that
        does not help."""
        if not composition.problems():
            return
        for section in composition.problems():
            composition.retry(section)
        await self._ask(composition, composition.open_parts, turns, progress, _SECOND_TRY)
        broken = composition.problems()
        if broken:
            texts = extractive_note(self._task.note_format, self._task.turns)
            for section, problem in broken.items():
                composition.rewrite(section, texts[section], problem)

    def _stop_if_over(self) -> None:
        if self._cancelled:
            raise GenerationFailedError(EngineFailure.CANCELLED, "cancelled")
        if time.monotonic() >= self._ends_at:
            raise GenerationFailedError(EngineFailure.DEADLINE, "the note took longer than it may")

    def _prepared(self) -> Composition:
        """An empty composition, and the session looked through for its rules."""
        session_of(self._task.turns)
        look_through(self._task.turns)
        return self._composition()

    def _composition(self) -> Composition:
        limits = (self._task.note_format.summary_min_words, self._task.note_format.summary_max_words)
        return Composition(self._plans(), self._task.turns, self._task.attempt, self._frames.add, limits)

    def _plans(self) -> list[SectionPlan]:
        return plans_of(self._task.note_format, self._task.turns, self._task.only)

    def _draft(
        self, composition: Composition, began: float, *, fallback: bool, reduced: tuple[Reduced, ...] = ()
    ) -> Draft:
        return Draft(
            format=self._task.note_format,
            sections=composition.texts(),
            summary=composition.summary,
            model=None if fallback else self._model,
            fallback=fallback,
            inference_time=round(time.monotonic() - began, 3),
            reduced=reduced,
        )

    def _log_inference(
        self, outcome: str, turns: tuple[Turn, ...], written: int, began: float, finished: Finished | None
    ) -> None:
        """Every inference leaves a line: how much went in and came out, how long it took, how it ended."""
        fields: Mapping[str, Any] = (
            {
                "input_tokens": finished.input_tokens,
                "cached_tokens": finished.cached_tokens,
                "output_tokens": finished.output_tokens,
                "tokens_per_second": round(finished.tokens_per_second, 2),
            }
            if finished
            else {}
        )
        self._log.info(
            "inference",
            outcome=outcome,
            input_characters=sum(len(turn.text) for turn in turns),
            output_characters=written,
            seconds=round(time.monotonic() - began, 3),
            **fields,
        )
