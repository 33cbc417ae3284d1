"""What became of the notes that a model wrote: how much was changed before signing, how well the session bears them
out, how long they took. Pure; numbers only, no text leaves this module."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from models.catalog.intervals import Interval, bootstrap, difference_of_means
from models.clinical.markers import strip_markers
from server.notes.state import Change, Note, Status, WrittenBy

_WORD = re.compile(r"\w+(?:['’-]\w+)*")


@dataclass(frozen=True, slots=True)
class Version:
    """One stored version of a note."""

    change: str
    note: Note
    evidence: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """``changed``: the share of words that differ between draft and signed text (1 less Ratcliff and Obershelp's
    similarity over words), None while it is not signed, as ``edits`` (versions that a person saved in between) and
    ``to_sign`` (seconds). ``support``: the share of the draft's sentences that the session bears out. ``seconds``: how
    long the model wrote."""

    session_id: int
    model: str
    support: float | None
    seconds: float | None
    edits: int | None = None
    changed: float | None = None
    to_sign: float | None = None


# What is compared, by title: all of it is better when smaller, but support.
MEASURES = {
    "support rate": "support",
    "words changed before signing": "changed",
    "edits before signing": "edits",
    "seconds to write": "seconds",
    "seconds to signature": "to_sign",
}


def label(model: WrittenBy) -> str:
    """The model by name, adapter and the beginning of its hash."""
    return " ".join(filter(None, (model.name, f"+ {model.adapter}" if model.adapter else "", f"({model.sha256[:8]})")))


def outcome(session_id: int, versions: Sequence[Version]) -> Outcome | None:
    """What became of the last text that a model wrote before the note was first signed, or at all where it is not.
    None where no model wrote: the extractive fallback is nobody's work. What a person had written before the draft is
    theirs and does not count."""
    end = next((place for place, one in enumerate(versions) if one.note.status is Status.SIGNED), len(versions))
    written = [
        place for place, one in enumerate(versions[:end]) if one.change in (Change.GENERATED, Change.REGENERATED)
    ]
    if not written:
        return None
    draft = versions[written[-1]]
    if draft.note.model is None or draft.note.fallback or not draft.note.untouched():
        return None
    persons = {section.id for section in draft.note.sections} | {"summary"}
    persons -= draft.note.untouched()
    name, support, seconds = label(draft.note.model), _support(draft.evidence, persons), draft.note.inference_time
    if end == len(versions):
        return Outcome(session_id, name, support, seconds)
    signed = versions[end]
    return Outcome(
        session_id,
        name,
        support,
        seconds,
        edits=sum(one.change == Change.EDITED for one in versions[written[-1] : end]),
        changed=changed(_without(persons, draft.note), _without(persons, signed.note)),
        to_sign=(signed.created_at - draft.created_at).total_seconds(),
    )


def changed(before: str, after: str) -> float:
    """The share of words that differ, from 0 (the same words in the same order) to 1."""
    words = [_WORD.findall(strip_markers(text).lower()) for text in (before, after)]
    if not any(words):
        return 0.0
    return 1 - SequenceMatcher(None, words[0], words[1], autojunk=False).ratio()


def compare(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The report: each model's means with their intervals, and what each other model differs by from the one with the
    most notes. Markdown."""
    by_model: dict[str, list[Outcome]] = {}
    for one in outcomes:
        by_model.setdefault(one.model, []).append(one)
    models = sorted(by_model, key=lambda name: -len(by_model[name]))
    yield f"# What became of {len(outcomes)} notes"
    yield ""
    yield "Means, with 95 % bootstrap intervals over notes; differences are from the model with the most notes."
    for title, name in MEASURES.items():
        first = _values(by_model[models[0]], name) if models else []
        yield from ("", f"## {title}", "", "| model | notes | mean | difference |", "| --- | --- | --- | --- |")
        for model in models:
            values = _values(by_model[model], name)
            differs = "" if model == models[0] else _shown(difference_of_means(values, first))
            yield f"| {model} | {len(values)} | {_shown(bootstrap(values))} | {differs} |"


def _values(outcomes: Sequence[Outcome], name: str) -> list[float]:
    return [float(value) for one in outcomes if (value := getattr(one, name)) is not None]


def _shown(interval: Interval) -> str:
    return str(interval) if interval.n else "–"


def _support(evidence: Mapping[str, Any], persons: Collection[str]) -> float | None:
    by_part = {**evidence["sentences"], "summary": evidence["summary_sentences"]}
    sentences = [sentence for part, each in by_part.items() if part not in persons for sentence in each]
    return sum(bool(s["supported"]) for s in sentences) / len(sentences) if sentences else None


def _without(persons: Collection[str], note: Note) -> str:
    texts = {"summary": note.summary} | {section.id: section.text for section in note.sections}
    return "\n".join(text for part, text in texts.items() if part not in persons)
