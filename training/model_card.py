"""A model card: what a GGUF is, of what and how it was made, and how well it was measured to do. Markdown, beside the
file, without text of any session."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.catalog.demonstration import is_demonstration
from models.catalog.embedded import EMBEDDED_SHA256
from models.catalog.files import replacing
from models.catalog.intervals import bootstrap
from models.engine.gguf_file import GgufHead, read_head
from models.errors import ModelFileError
from training.run_record import RECORD, read_record
from training.score_files import Identity, ScoreFile, identity_of

_BASE, _LICENCE = "general.base_model.0.name", "general.license"


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a card is made of. ``run``: the record of the training (``run.json``), empty where it is not known;
    ``scores``: an evaluation that measured the file, or None."""

    head: GgufHead
    identity: Identity
    demonstration: bool
    run: Mapping[str, Any]
    scores: ScoreFile | None


def write_card(model: Path, run: Path | None = None, scores: ScoreFile | None = None) -> Path:
    """Writes the card of ``model`` beside it and returns its path. ``run``: the record of its training; where it is
    None the one beside the file is taken, if there is one. Raises ``ModelFileError``."""
    beside = run or near(model)
    record = read_record(beside) if beside else {}
    shows = is_demonstration(model) or record.get("base", {}).get("sha256") == EMBEDDED_SHA256
    facts = CardFacts(read_head(model), identity_of(model), shows, record, scores)
    path = model.with_suffix(".md")
    text = "\n".join(card(facts)) + "\n"
    with replacing(path) as draft:
        draft.write_text(text, encoding="utf-8")
    return path


def near(file: Path) -> Path | None:
    """The record of the training that lies beside a file, or in the folder of its name."""
    places = (file.with_suffix("") / RECORD, file.parent / RECORD)
    return next((place for place in places if place.is_file()), None)


def card(facts: CardFacts) -> Iterator[str]:
    """The lines of the card. Raises ``ModelFileError`` where the scores are of other files."""
    values = facts.head.values
    base = values.get(_BASE) or facts.run.get("base", {}).get("name") or "not known"
    licence = values.get(_LICENCE) or "not entered"
    yield from (
        "---",
        f"base_model: {json.dumps(base)}",
        f"license: {json.dumps(licence)}",
        "library_name: gguf",
        "---",
    )
    yield from (f"# {facts.head.path.stem}", "")
    if facts.demonstration:
        yield from ("**A demonstration model: its notes show the product and are not for clinical use.**", "")
    yield from _table(
        ("what", "is"),
        [
            ("file", facts.head.path.name),
            ("SHA-256", facts.identity.sha256),
            ("size", f"{facts.head.size_bytes / 1e6:.0f} MB"),
            ("kind", str(values.get("general.type", "model"))),
            ("architecture", facts.head.architecture),
            ("base", str(base)),
            ("licence", str(licence)),
        ],
    )
    yield from ("", "## How it was made", "", *_made(facts.run))
    yield from ("", "## How well it does", "", *_measured(facts))
    yield from (
        *("", "## What it is for", ""),
        "It drafts progress notes of psychotherapy sessions for a clinician who reads, corrects and signs them. It can",
        "state what nobody said: the service holds each sentence against the session, the clinician has the last word.",
    )


def _made(run: Mapping[str, Any]) -> Iterator[str]:
    if not run:
        yield "No record of a training lies beside the file."
        return
    data, settings = run.get("data", {}), run.get("settings", {})
    files = [_source(file) for file in data.get("files", [])]
    held = "nothing was held out" if data.get("split_seed") is None else f"split by seed {data['split_seed']}"
    yield from _table(
        ("what", "was"),
        [
            ("made", str(run.get("made", "not known"))),
            ("trained on", ", ".join(f"{name} {value}" for name, value in sorted(run.get("base", {}).items()))),
            *([("went on from", _started(run["start"]))] if run.get("start") else []),
            ("sessions in an epoch", str(run.get("sessions", "not known"))),
            *(("sessions of", file) for file in files),
            ("held out", f"fold {data['fold']}" if data.get("fold") else held),
            ("prompt", str(run.get("prompt_version", "not known"))),
            ("runs averaged", ", ".join(f"seed {seed}" for seed in run.get("runs", {})) or "not known"),
            ("settings", ", ".join(f"{name} {_plain(value)}" for name, value in settings.items())),
            ("versions", ", ".join(f"{name} {value}" for name, value in run.get("versions", {}).items())),
        ],
    )


def _started(start: Mapping[str, Any]) -> str:
    return f"adapter {start.get('name')}, SHA-256 {start.get('sha256')}"


def _source(file: Mapping[str, Any]) -> str:
    times = file.get("repeat", 1)
    repeated = f" ({times} times in an epoch)" if times > 1 else ""
    every = file.get("sections_every", 1)
    thinned = f" (sections in one of {every})" if every > 1 else ""
    return f"{file.get('name')}{repeated}{thinned}, SHA-256 {file.get('sha256')}"


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else str(value)


def _measured(facts: CardFacts) -> Iterator[str]:
    scores = facts.scores
    if scores is None:
        yield "Not measured: `casenote evaluate`, then `casenote model card` with its scores."
        return
    # A GGUF is measured by itself, an adapter beside its base.
    digest = facts.identity.sha256
    mine = next((name for name, one in scores.models.items() if digest == (one.adapter_sha256 or one.sha256)), None)
    if mine is None:
        raise ModelFileError(f"{facts.head.path}: the scores are of other files: {', '.join(scores.models) or 'none'}")
    data = scores.data
    yield f"ROUGE-L on {data.sessions} sessions of {data.name} ({data.part}), with 95 % bootstrap intervals."
    yield ""
    parts = list(scores.scores[mine])
    rows = [(name, *(_cell(of.get(part, {})) for part in parts)) for name, of in scores.scores.items()]
    rows.sort(key=lambda row: row[0] != mine)
    yield from _table(
        ("candidate", *parts), [(f"{row[0]} (this one)" if row[0] == mine else row[0], *row[1:]) for row in rows]
    )


def _cell(by_session: Mapping[str, float]) -> str:
    return str(bootstrap(list(by_session.values()))) if by_session else "–"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for line in (heads, ["---"] * len(heads), *rows):
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in line)} |"
