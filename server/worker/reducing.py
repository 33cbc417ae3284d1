"""One window of a long session, written down by the model as a paragraph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from models import prompts
from models.chat import ChatFormat
from models.clinical.plan import SectionPlan, plan_summary
from models.clinical.writer import SectionWriter
from models.engine.api import (
    Branch,
    BranchEnded,
    Engine,
    EngineEvent,
    EngineFailure,
    Failed,
    Generation,
    GenerationRequest,
    Prefill,
    Priority,
    StopReason,
    Token,
)
from models.formats import NoteFormat
from models.segments import Segment
from models.transcript import Turn
from server.worker.failure import GenerationFailedError

_BRANCH = "window"
# The caller's own end, not the model's failure: nothing is written in its place.
_ENDED = (EngineFailure.CANCELLED, EngineFailure.STOPPED)


@dataclass(frozen=True, slots=True)
class Watch:
    """Who looks on. ``began`` gets the request once it is made, ``moved`` the tokens of its prompt that are computed,
    ``decoding`` is called when the first word came."""

    began: Callable[[Generation], None] = lambda _generation: None
    moved: Callable[[int], None] = lambda _done: None
    decoding: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """``text`` is empty where the model wrote nothing that may stand. ``final``: asking again would change nothing."""

    text: str
    final: bool


def window_prefix(chat: ChatFormat, window: Sequence[Turn]) -> tuple[Segment, ...]:
    """The prompt about one window: that of a note of these turns."""
    return prompts.note_prefix(chat, window)


async def paragraph_of(
    engine: Engine,
    chat: ChatFormat,
    window: Sequence[Turn],
    note_format: NoteFormat,
    *,
    request_id: str,
    priority: Priority,
    deadline: float | None,
    watch: Watch,
) -> Paragraph:
    """The model's paragraph about ``window``. Raises ``GenerationFailedError`` when the request was cancelled or the
    engine is shutting down."""
    plan = plan_summary(note_format, window)
    branch = Branch(_BRANCH, prompts.summary_prime(chat, note_format), plan.max_tokens)
    request = GenerationRequest(
        request_id, request_id, window_prefix(chat, window), (branch,), priority=priority, deadline=deadline
    )
    generation = engine.submit(request)
    watch.began(generation)
    try:
        return await _listen(generation, plan, window, watch)
    finally:
        generation.cancel()
        engine.release(request_id)


async def _listen(generation: Generation, plan: SectionPlan, window: Sequence[Turn], watch: Watch) -> Paragraph:
    writer = SectionWriter(plan, window)
    async for step in generation:
        for event in step:
            if isinstance(event, Failed):
                if event.reason in _ENDED:
                    raise GenerationFailedError(event.reason, event.detail)
                return Paragraph("", final=False)
            _take(event, writer, generation, watch)
    return Paragraph("" if writer.problem else writer.text.strip(), final=True)


def _take(event: EngineEvent, writer: SectionWriter, generation: Generation, watch: Watch) -> None:
    if isinstance(event, Prefill):
        watch.moved(event.done)
    elif isinstance(event, Token):
        watch.decoding()
        writer.feed(event.text)
        if writer.done:
            generation.stop_branch(_BRANCH)
    elif isinstance(event, BranchEnded):
        writer.finish(event.reason is not StopReason.LENGTH)
