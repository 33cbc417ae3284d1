"""One evaluation from end to end: sessions, the engines that write for them, the report and its scores as a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from models.catalog.demonstration import BASE_KEY, beams_of, is_demonstration
from models.catalog.embedded import EMBEDDED_FILE, EMBEDDED_SHA256
from models.catalog.files import sha256_of
from models.catalog.resolve import ResolvedModel, resolve_model
from models.engine.api import Engine
from models.engine.engine import LlamaEngine
from models.engine.gguf_file import read_head
from models.engine.settings import EngineSettings
from models.errors import ModelFileError
from training.cases import Texts, whole_notes, with_whole_notes
from training.checked import after_checks
from training.consensus import write_consensus
from training.data import SessionRecord, read_dataset, transcript_mark, with_sections
from training.evaluate import Evaluation, evaluate, summary_line
from training.examples import references
from training.gatekeeping import remarks
from training.report import write_report
from training.score_files import MeasuredOn, ScoreFile, identity_of, write_scores
from training.splits import apart, fold_of, split_records
from training.writing import write_notes

Candidates = Mapping[str, tuple[Path, Path | None]]  # by name: the GGUF and its adapter

Say = Callable[[str], None]

BASE = "the base without adapter"
AFTER_CHECKS = "after the service's checks"


def resolve_candidates(
    model: Path | None,
    adapter: Path | None,
    folder: Path,
    *,
    serving: Path | None = None,
    floor: bool = True,
    current: bool = True,
) -> Candidates:
    """What is to be measured, by name: ``model``, with ``current`` the one that serves beside it, so that the gate can
    compare them, and as a ``floor`` the first of them without its adapter. ``serving`` serves where it is given, else
    the catalog of ``folder`` says what does. Raises ``ModelFileError``."""
    if adapter is not None and model is None:
        raise ModelFileError("an adapter needs --model, the GGUF that it was trained on")
    chosen = _resolved(model or serving, folder)
    beside = adapter or chosen.adapter_path
    found: dict[str, tuple[Path, Path | None]] = {_name(chosen, adapter): (chosen.path, beside)}
    if model is not None and current:
        other = _resolved(serving, folder)
        files = (other.path, other.adapter_path)
        if files not in found.values():
            found[_name(other) if _name(other) not in found else f"{_name(other)} (serves)"] = files
    if floor and (base := base_of(chosen.path, beside, folder)) is not None:
        found[BASE] = (base, None)
    return found


def _resolved(file: Path | None, folder: Path) -> ResolvedModel:
    if file is not None and not file.is_file():
        raise ModelFileError(f"{file}: no such file; a GGUF model is needed")
    return resolve_model(str(file) if file else None, folder)


def _name(model: ResolvedModel, adapter: Path | None = None) -> str:
    """An adapter's folder, where it is told apart by that, else the model's own name."""
    if adapter is not None:
        return adapter.parent.name if adapter.stem == "adapter" else adapter.stem
    return model.adapter_name or model.name


def base_of(model: Path, adapter: Path | None, folder: Path) -> Path | None:
    """The model without its adapter: itself where the adapter lies beside it, that of ``folder`` where the embedded one
    was baked. None for a model of which nobody knows what it was made from."""
    if adapter is not None:
        return model
    embedded = folder / EMBEDDED_FILE
    made_of = read_head(model).values.get(BASE_KEY)
    return embedded if made_of == EMBEDDED_SHA256 and embedded.is_file() else None


@dataclass(frozen=True, slots=True)
class Measuring:
    """What is measured on: a ``part`` of the sessions of ``data``. ``whole``: the references are whole notes, and the
    parts of each written note are compared with them as one text. ``consensus``: so many samples of the first
    candidate's paragraph are another candidate, the one they agree on (see ``training.consensus``), 0 for none.
    ``unseen``: no session of the file was trained on. ``examples``: sessions whose text the report shows."""

    data: Path
    labels: Path | None = None
    part: str = "test"
    seed: int = 0
    whole: bool = False
    consensus: int = 0
    unseen: bool = False
    examples: int = 3

    def __post_init__(self) -> None:
        """Raises ``ValueError``."""
        if self.whole and self.consensus:
            raise ValueError("--consensus is of the paragraph, --whole measures whole notes: take one of them")


async def measure_models(
    candidates: Candidates, what: Measuring, folder: Path, say: Say = lambda line: None
) -> list[str]:
    """Writes the report to ``folder`` and returns one line for each candidate. Raises ``ValueError`` where the part
    holds no session."""
    records = chosen_sessions(what.data, what.labels, what.part, what.seed, say)
    if not records:
        raise ValueError(f"no usable session is left to measure on: {what.data}, part {what.part}")
    only = () if what.whole else tuple(dict.fromkeys(part for record in records for part in references(record)))
    records = with_whole_notes(records) if what.whole else records
    texts: dict[str, Texts] = {}
    speed: dict[str, float] = {}
    for name, (model, adapter) in candidates.items():
        async with _engine(model, adapter) as engine:
            written = await write_notes(engine, records, only=only, watch=_progress(name, say))
            is_first = not texts
            texts[name] = whole_notes(written.texts) if what.whole else written.texts
            if name != BASE:
                fitting = [record for record in records if record.id not in written.too_long]
                stored = after_checks(fitting, written.texts, written.cut_off)
                texts[f"{name}: {AFTER_CHECKS}"] = whole_notes(stored) if what.whole else stored
            if what.consensus and is_first:
                agreed = await write_consensus(engine, records, what.consensus, say)
                texts[f"{name}: consensus of {what.consensus}"] = agreed
        if written.too_long:
            say(f"{name}: {len(written.too_long)} sessions do not fit the context and count as not written")
        speed[f"{name}: prompt tokens a second"] = written.prefill_rate
        speed[f"{name}: tokens written a second"] = written.decode_rate
    evaluation = evaluate(records, texts, speed)
    title = f"Evaluation on {len(records)} sessions of {what.data.name} ({what.part})"
    write_report(evaluation, folder, title, what.examples)
    files = {name: identity_of(*pair) for name, pair in candidates.items()}
    write_scores(folder, ScoreFile(_measured_on(what, records), files, _rouge_l(evaluation)))
    for remark in remarks(next(iter(evaluation.candidates.values()))):
        say(remark)
    return [f"{name}: {summary_line(evaluation, name)}" for name in texts]


def _measured_on(what: Measuring, records: Sequence[SessionRecord]) -> MeasuredOn:
    return MeasuredOn(
        name=what.data.name,
        sha256=sha256_of(what.data),
        labels_sha256=sha256_of(what.labels) if what.labels else "",
        part=what.part,
        seed=what.seed,
        whole=what.whole,
        unseen=what.unseen,
        sessions=len(records),
        transcripts=tuple(sorted({transcript_mark(record.transcript) for record in records})),
    )


def _rouge_l(evaluation: Evaluation) -> dict[str, dict[str, dict[str, float]]]:
    """ROUGE-L by candidate, part and session, which is what the gate compares."""
    return {
        name: {part: dict(measured.values["rougeL"]) for part, measured in parts.items()}
        for name, parts in evaluation.candidates.items()
    }


def chosen_sessions(
    data: Path, labels: Path | None, part: str, seed: int, say: Say = lambda line: None
) -> tuple[SessionRecord, ...]:
    """The sessions of a part of a file, ``valid``, ``test`` and folds as the training of that seed held them out.
    ``say`` is told how many rows were skipped and why."""
    dataset = read_dataset(data)
    if skipped := dataset.skipped():
        say(skipped)
    records = with_sections(dataset.records, labels) if labels else dataset.records
    if part == "all":
        return records
    if "/" in part:
        return fold_of(records, part, seed).test
    split, _ = apart(split_records(records, seed))
    if part not in ("valid", "test"):
        raise ValueError(f"the part is '{part}', it may be valid, test, all, or a fold as in 0/5")
    return split.valid if part == "valid" else split.test


@asynccontextmanager
async def _engine(model: Path, adapter: Path | None) -> AsyncIterator[Engine]:
    engine = LlamaEngine(
        EngineSettings(model, lora_path=adapter, beams=beams_of(demonstration=is_demonstration(model)))
    )
    await engine.start()
    try:
        yield engine
    finally:
        await engine.stop()


def _progress(name: str, say: Say) -> Callable[[int, int], None]:
    return lambda done, total: say(f"{name}: {done} of {total} sessions")
