"""One evaluation from end to end: sessions, the engines that write for them, the report and its scores as a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from models.catalog.embedded import EMBEDDED_FILE, EMBEDDED_SHA256, default_models_dir
from models.catalog.files import replacing
from models.catalog.resolve import BASE_KEY, resolve_model
from models.engine.engine import LlamaEngine
from models.engine.gguf_file import read_head
from models.engine.settings import EngineSettings
from models.errors import ModelFileError
from training.cases import Texts, whole_notes, with_whole_notes
from training.data import SessionRecord, read_dataset, with_sections
from training.evaluate import Evaluation, evaluate, summary_line
from training.examples import references
from training.report import write_report
from training.splits import split_records
from training.writing import Written, write_notes

Candidates = Mapping[str, tuple[Path, Path | None]]  # by name: the GGUF and its adapter

SCORES_FILE = "scores.json"
BASE = "the base without adapter"


def resolve_candidates(model: Path | None, adapter: Path | None, floor: bool) -> Candidates:
    """What is to be measured, by name. Raises ``ModelFileError``."""
    if adapter is not None and model is None:
        raise ModelFileError("an adapter needs --model, the GGUF that it was trained on")
    served = resolve_model(str(model) if model else None, default_models_dir())
    beside = adapter or served.adapter_path
    found: dict[str, tuple[Path, Path | None]] = {served.adapter_name or served.name: (served.path, beside)}
    if floor and (base := base_of(served.path, beside)) is not None:
        found[BASE] = (base, None)
    return found


def base_of(model: Path, adapter: Path | None) -> Path | None:
    """The model without its adapter: itself where the adapter lies beside it, the embedded one where that was baked.
    None for a model of which nobody knows what it was made from."""
    if adapter is not None:
        return model
    embedded = default_models_dir() / EMBEDDED_FILE
    made_of = read_head(model).values.get(BASE_KEY)
    return embedded if made_of == EMBEDDED_SHA256 and embedded.is_file() else None


async def measure_models(
    candidates: Candidates,
    data: Path,
    labels: Path | None,
    part: str,
    seed: int,
    folder: Path,
    examples: int = 3,
    say: Callable[[str], None] = lambda line: None,
    whole: bool = False,
) -> list[str]:
    """Writes the report to ``folder`` and returns one line for each candidate. ``whole``: the references are whole
    notes, and the parts of each written note are compared with them as one text."""
    records = chosen_sessions(data, labels, part, seed)
    only = () if whole else tuple(dict.fromkeys(part for record in records for part in references(record)))
    records = with_whole_notes(records) if whole else records
    texts: dict[str, Texts] = {}
    speed: dict[str, float] = {}
    for name, (model, adapter) in candidates.items():
        written = await _write(model, adapter, records, only, lambda line, name=name: say(f"{name}: {line}"))  # type: ignore[misc]
        texts[name] = whole_notes(written.texts) if whole else written.texts
        if written.too_long:
            say(f"{name}: {len(written.too_long)} sessions do not fit the context and count as not written")
        speed[f"{name}: prompt tokens a second"] = written.prefill_rate
        speed[f"{name}: tokens written a second"] = written.decode_rate
    evaluation = evaluate(records, texts, speed)
    write_report(evaluation, folder, f"Evaluation on {len(records)} sessions of {data.name} ({part})", examples)
    write_scores(evaluation, folder)
    return [f"{name}: {summary_line(evaluation, name)}" for name in candidates]


def chosen_sessions(data: Path, labels: Path | None, part: str, seed: int) -> tuple[SessionRecord, ...]:
    """The sessions of a part of a file, ``valid`` and ``test`` as the training of that seed held them out."""
    records = read_dataset(data).records
    if labels:
        records = with_sections(records, labels)
    if part == "all":
        return records
    split = split_records(records, seed)
    if part not in ("valid", "test"):
        raise ValueError(f"the part is '{part}', it may be valid, test or all")
    return split.valid if part == "valid" else split.test


async def _write(
    model: Path,
    adapter: Path | None,
    records: tuple[SessionRecord, ...],
    only: tuple[str, ...],
    say: Callable[[str], None],
) -> Written:
    engine = LlamaEngine(EngineSettings(model, lora_path=adapter))
    await engine.start()
    try:
        return await write_notes(
            engine, records, only=only, watch=lambda done, total: say(f"{done} of {total} sessions")
        )
    finally:
        await engine.stop()


def write_scores(evaluation: Evaluation, folder: Path) -> Path:
    """ROUGE-L by candidate, part and session, which is what the gate compares."""
    scores = {
        name: {part: dict(measured.values["rougeL"]) for part, measured in parts.items()}
        for name, parts in evaluation.candidates.items()
    }
    path = folder / SCORES_FILE
    with replacing(path) as draft:
        draft.write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
    return path
