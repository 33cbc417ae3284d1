"""What the service would store of texts that a model wrote: its rules, as they run over every note."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from models.clinical.fallback import extractive_note
from models.clinical.finished import as_stored
from models.clinical.plan import SectionPlan, plan_note, plan_summary
from models.clinical.writer import SectionWriter
from models.formats.format import NoteFormat, load_format
from training.cases import Texts
from training.data import SessionRecord


def after_checks(
    records: Sequence[SessionRecord],
    texts: Texts,
    cut_off: Collection[tuple[str, str]] = (),
    note_format: NoteFormat | None = None,
) -> dict[tuple[str, str], str]:
    """The texts by session and part as the service would store them. ``cut_off``: those that ended with their budget.
    A part that breaks a rule while it is written (a transcript copied, a loop) is taken from the session, as the
    service does; it lets the model try once more before."""
    shape = note_format or load_format()
    return {key: text for record in records for key, text in _note(record, texts, cut_off, shape).items()}


def _note(
    record: SessionRecord, texts: Texts, cut_off: Collection[tuple[str, str]], shape: NoteFormat
) -> dict[tuple[str, str], str]:
    turns, used = record.turns, set[tuple[int, str]]()
    bounds = (shape.summary_min_words, shape.summary_max_words)
    stored = {}
    for plan in (*plan_note(shape, turns), plan_summary(shape, turns)):
        key = (record.id, plan.id)
        if key not in texts:
            continue
        if plan.fixed is not None:
            stored[key] = plan.fixed
            continue
        shown = _as_shown(plan, record, texts[key], complete=key not in cut_off)
        if shown is None:
            shown = extractive_note(shape, turns)[plan.id]
        stored[key] = as_stored(plan, shown, turns, used, bounds)
    return {key: stored[key] for key in texts if key in stored}


def _as_shown(plan: SectionPlan, record: SessionRecord, text: str, *, complete: bool) -> str | None:
    """What readers saw once the part was written; None where it broke a rule."""
    writer = SectionWriter(plan, record.turns)
    writer.feed(text)
    writer.finish(complete)
    return None if writer.problem else writer.text
