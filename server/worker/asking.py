"""What the engine is asked for a note: the same for a note that is waited for and for one that is begun before."""

from __future__ import annotations

from collections.abc import Sequence

from models import prompts
from models.chat import ChatFormat
from models.clinical.plan import SUMMARY_ID, SectionPlan, plan_note, plan_summary
from models.engine.api import Branch, GenerationRequest, Sampling
from models.formats import NoteFormat
from models.transcript import Turn
from server.worker.reading import session_key

GREEDY = Sampling()


def plans_of(note_format: NoteFormat, turns: Sequence[Turn], only: frozenset[str] | None = None) -> list[SectionPlan]:
    """The parts of a note in order, the summary last; of these ``only`` some."""
    plans = [*plan_note(note_format, turns), plan_summary(note_format, turns)]
    return [plan for plan in plans if only is None or plan.id in only]


def note_request(
    name: str,
    session_id: int,
    chat: ChatFormat,
    note_format: NoteFormat,
    plans: Sequence[SectionPlan],
    turns: tuple[Turn, ...],
    *,
    parallel: bool,
    beams: int = 1,
    sampling: Sampling = GREEDY,
) -> GenerationRequest:
    """Asks for ``plans`` over ``turns`` as the prompt holds them; ``name`` is the request's id, ``beams`` how many
    continuations of the paragraph are followed."""
    return GenerationRequest(
        id=name,
        session=session_key(session_id),
        prefix=prompts.note_prefix(chat, turns),
        branches=tuple(_branch(chat, note_format, plan, sampling, beams) for plan in plans),
        parallel=parallel,
    )


def asks_the_same(one: GenerationRequest, other: GenerationRequest) -> bool:
    """Whether both are answered by the same text."""
    return (one.session, one.prefix, one.branches, one.parallel) == (
        other.session,
        other.prefix,
        other.branches,
        other.parallel,
    )


def _branch(chat: ChatFormat, note_format: NoteFormat, plan: SectionPlan, sampling: Sampling, beams: int) -> Branch:
    if plan.id == SUMMARY_ID:
        prime = prompts.summary_prime(chat, note_format)
        return Branch(plan.id, prime, plan.max_tokens, sampling=sampling, beams=beams)
    prime = prompts.section_prime(chat, note_format, note_format.section(plan.id))
    return Branch(plan.id, prime, plan.max_tokens, sampling=sampling)
