"""Evaluation: what a model writes for sessions that it never saw, beside the floors, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.catalog.intervals import Interval, bootstrap
from models.formats.format import NoteFormat, load_format
from models.prompts import SUMMARY_ID
from models.transcript import Turn
from training.cases import (
    WHOLE,
    Case,
    Texts,
    other_sessions_note,
    pair,
    signed_drafts,
    transcript_lead,
    whole_notes,
    words_of,
)
from training.data import SessionRecord
from training.scores import (
    ROUGE,
    bleu,
    by_session,
    invented_numbers,
    omissions,
    repeats,
    risk_recall,
    rouge,
    support_rate,
    unspoken_dangers,
    words_within,
)

PARAGRAPH, SECTIONS = SUMMARY_ID, "sections"


@dataclass(frozen=True, slots=True)
class Measured:
    """Scores of one set of texts for one part: ``values`` by measure and session, ``bleu`` over all."""

    part: str
    values: Mapping[str, Mapping[str, float]]
    bleu: Interval

    def interval(self, measure: str) -> Interval:
        return bootstrap(list(self.values[measure].values()))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The candidates by name, each with its measured parts (the paragraph, each section, all sections together), and
    the cases of the first candidate as examples."""

    candidates: Mapping[str, Mapping[str, Measured]]
    cases: tuple[Case, ...]
    speed: Mapping[str, float]


def measure(
    cases: Sequence[Case],
    turns: Mapping[str, tuple[Turn, ...]],
    part: str,
    bounds: Mapping[str, tuple[int, int]],
) -> Measured:
    """All measures of one part. ``bounds``: how many words the parts of its cases may have, at least and at most."""
    values: dict[str, Mapping[str, float]] = dict(rouge(cases))
    values["support"] = by_session(cases, lambda case: support_rate(case.text, turns[case.session]))
    values["invented numbers"] = by_session(cases, lambda case: invented_numbers(case.text, turns[case.session]))
    values["dangers and denials not said"] = by_session(
        cases, lambda case: unspoken_dangers(case.text, turns[case.session])
    )
    values["omissions"] = {
        session: omissions(text, turns[session]) for (session, _), text in whole_notes(_as_texts(cases)).items()
    }
    values["risk recall"] = by_session(cases, risk_recall)
    values["repeats"] = by_session(cases, lambda case: repeats(case.text))
    values["length kept"] = by_session(cases, lambda case: words_within(case.text, *bounds[case.part]))
    values["words"] = by_session(cases, lambda case: len(case.text.split()))
    return Measured(part, values, bleu(cases))


def _as_texts(cases: Sequence[Case]) -> dict[tuple[str, str], str]:
    return {(case.session, case.part): case.text for case in cases}


def evaluate(
    records: Sequence[SessionRecord],
    candidates: Mapping[str, Texts],
    speed: Mapping[str, float] | None = None,
    note_format: NoteFormat | None = None,
) -> Evaluation:
    """Measures each candidate's texts, and the floors for the parts that the first one wrote."""
    shape = note_format or load_format()
    turns = {record.id: record.turns for record in records}
    first = next(iter(candidates.values()))
    parts = {part for _, part in first}
    floors = {
        "another session's note": other_sessions_note(records),
        "the transcript's first words": transcript_lead(records, shape),
    }
    if drafts := signed_drafts(records):
        floors["the drafts before signing"] = drafts
    measured: dict[str, dict[str, Measured]] = {}
    for name, texts in {**candidates, **floors}.items():
        cases = pair(records, {key: text for key, text in texts.items() if key[1] in parts})
        if name in floors:
            # A session that a floor has nothing for says nothing about the floor.
            cases = tuple(case for case in cases if case.text)
        measured[name] = _parts(cases, turns, shape)
    return Evaluation(measured, pair(records, first), dict(speed or {}))


def _parts(cases: Sequence[Case], turns: Mapping[str, tuple[Turn, ...]], shape: NoteFormat) -> dict[str, Measured]:
    bounds = {part: (1, words) for part, words in words_of(shape).items()}
    bounds[PARAGRAPH] = (shape.summary_min_words, shape.summary_max_words)
    found = {}
    for part in bounds:
        if chosen := [case for case in cases if case.part == part]:
            found[part] = measure(chosen, turns, part, bounds)
    if together := [case for case in cases if case.part in bounds and case.part not in (PARAGRAPH, WHOLE)]:
        found[SECTIONS] = measure(together, turns, SECTIONS, bounds)
    return found


def summary_line(evaluation: Evaluation, name: str) -> str:
    """ROUGE of one candidate's paragraph, or of its whole note, in one line."""
    parts = evaluation.candidates[name]
    measured = parts.get(PARAGRAPH) or next(iter(parts.values()), None)
    if measured is None:
        return "nothing was written"
    return ", ".join(f"{variant} {measured.interval(variant)}" for variant in ROUGE)
