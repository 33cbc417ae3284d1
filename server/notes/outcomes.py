"""What became of the notes that a model wrote: how much was changed before signing, how well the session bears them
out, how long they took. Pure; numbers only, no text leaves this module."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from models.catalog.intervals import Interval, bootstrap, difference_of_means
from models.clinical.markers import strip_markers
from server.notes.state import Change, Note, Status, WrittenBy

SUMMARY = "summary"

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
    similarity over words, over the parts that a model wrote), None while it is not signed, as ``edits`` (versions that
    a person saved since a model first wrote) and ``to_sign`` (seconds since then). ``support``: the share of the
    draft's sentences that the session bears out. ``seconds``: how long the model wrote."""

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
    """What became of what a model wrote before the note was first signed, or at all where it is not: of each part the
    last text. None where no model wrote: the extractive fallback is nobody's work."""
    end = next((place for place, one in enumerate(versions) if one.note.status is Status.SIGNED), len(versions))
    written = _written(versions[:end])
    if not written:
        return None
    by_model = [one for one in written if _by_model(one.note)]
    parts = drafts(versions[:end])
    if not by_model or not parts:
        return None
    draft, first = by_model[-1], by_model[0]
    if (model := draft.note.model) is None:
        return None
    name, support, seconds = label(model), _support(parts), draft.note.inference_time
    if end == len(versions):
        return Outcome(session_id, name, support, seconds)
    signed = versions[end]
    return Outcome(
        session_id,
        name,
        support,
        seconds,
        edits=sum(one.change == Change.EDITED for one in versions[versions.index(first) : end]),
        changed=changed(
            "\n".join(text_of(version.note, part) for part, version in parts.items()),
            "\n".join(text_of(signed.note, part) for part in parts),
        ),
        to_sign=(signed.created_at - first.created_at).total_seconds(),
    )


def drafts(versions: Sequence[Version]) -> dict[str, Version]:
    """By part of the note (``summary``, or a section's id) the last version in which a model wrote it. A person's text
    that stood in the note while a model wrote another part is nobody's draft."""
    written = _written(versions)
    found: dict[str, Version] = {}
    for one in written:
        note = one.note
        if note.model is None or note.format != written[-1].note.format:
            continue
        for part in note.extractive:
            found.pop(part, None)  # what was signed goes back to the transcript, and no more to the model
        found.update(dict.fromkeys(_by_model(note), one))
    return found


def _by_model(note: Note) -> frozenset[str]:
    """The parts that stand as a model wrote them."""
    return note.untouched() - note.extractive if note.model is not None else frozenset()


def text_of(note: Note, part: str) -> str:
    """The text of a part, "" where the note has none."""
    if part == SUMMARY:
        return note.summary
    section = note.section(part)
    return section.text if section else ""


def _written(versions: Sequence[Version]) -> list[Version]:
    return [one for one in versions if one.change in (Change.GENERATED, Change.REGENERATED)]


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


def _support(parts: Mapping[str, Version]) -> float | None:
    sentences = [
        sentence
        for part, one in parts.items()
        for sentence in (
            one.evidence["summary_sentences"] if part == SUMMARY else one.evidence["sentences"].get(part, ())
        )
    ]
    return sum(bool(s["supported"]) for s in sentences) / len(sentences) if sentences else None
