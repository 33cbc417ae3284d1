"""The steps of training in order: sessions to examples, examples to an adapter. Each step leaves files, so that each
can be done again, or somewhere else."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.catalog.files import replacing, sha256_of
from training.average import average_adapters
from training.checkpoints import check_checkpoint, discard_checkpoint
from training.data import Dataset, SessionRecord, read_dataset, transcript_mark, with_sections
from training.example_files import ExampleSet, check_vocabulary, read_examples, write_examples
from training.examples import Example, ExampleError, build_examples, end_token, paragraph_alone
from training.finetune import Step, train
from training.fingerprint import fingerprint
from training.pictures import loss_curve
from training.run_record import base_record, build_record, start_record, write_record
from training.settings import TrainSettings
from training.splits import SHINGLE_WORDS, Leak, Split, apart, find_leaks, fold_of, split_records, without
from training.tokens import LlamaTokenizer, vocabulary_of

LOSS_PICTURE = "loss.svg"


@dataclass(frozen=True, slots=True)
class Source:
    """A file of sessions. ``repeat``: how often an epoch sees each; ``labels``: section text to add to it;
    ``sections_every``: one in so many of what an epoch sees carries its sections, the others their paragraph alone,
    which takes a third of the time less."""

    path: Path
    repeat: int = 1
    labels: Path | None = None
    sections_every: int = 1

    def seen(self, examples: Sequence[Example]) -> list[Example]:
        """What an epoch sees of the file's examples. Which of them carry their sections differs between repeats."""
        return [
            example if (place + time) % self.sections_every == 0 else paragraph_alone(example)
            for time in range(self.repeat)
            for place, example in enumerate(examples)
        ]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Sessions split for training. ``datasets`` carry the validation reports, ``left_out`` what did not fit."""

    split: Split
    datasets: tuple[Dataset, ...]
    examples: int
    left_out: tuple[str, ...]


def load_sources(sources: Sequence[Source]) -> tuple[tuple[Dataset, ...], list[tuple[SessionRecord, ...]]]:
    """The data sets of the sources, and their records with section text where labels are given."""
    datasets = tuple(read_dataset(source.path) for source in sources)
    records = [
        with_sections(dataset.records, source.labels) if source.labels else dataset.records
        for dataset, source in zip(datasets, sources, strict=True)
    ]
    return datasets, records


def prepare(
    sources: Sequence[Source], vocabulary: Path, target: Path, *, seed: int = 0, hold_out: bool = True, fold: str = ""
) -> Prepared:
    """Writes the training examples of the sources to ``target``. The first source is split 80/10/10, or by ``fold``
    (see ``fold_of``); of all sources, what is a near-duplicate of a held-out session, or of its patient, is
    left out, and of the valid part what is a near-duplicate of a test session. Without ``hold_out`` everything is
    trained on. Raises ``ExampleError`` where nothing is left to train on."""
    datasets, records = load_sources(sources)
    if fold:
        split = fold_of(records[0], fold, seed)
    else:
        split = split_records(records[0], seed) if hold_out else Split(records[0], (), ())
    # By a near-duplicate of what it is measured on no model may be chosen either.
    split, twins = apart(split)
    held = (*split.valid, *split.test)
    tokenizer = LlamaTokenizer(vocabulary)
    examples: list[Example] = []
    marks: set[str] = set()
    left_out = [_leak_line(leak) for leak in twins]
    for part, source in zip([split.train, *records[1:]], sources, strict=True):
        part, others = _of_other_patients(part, held)
        leaks = find_leaks(part, held)
        left_out += [*others, *(_leak_line(leak) for leak in leaks)]
        built, problems = build_examples(without(part, leaks), tokenizer)
        examples += source.seen(built)
        kept = {example.id for example in built}
        marks |= {transcript_mark(record.transcript) for record in part if record.id in kept}
        left_out += problems
    if not examples:
        why = [*filter(None, (dataset.skipped() for dataset in datasets)), *left_out]
        raise ExampleError(f"nothing is left to train on: {'; '.join(why) or 'the files hold no session'}")
    write_examples(target, examples, end_token(tokenizer), _origin(sources, vocabulary, seed, fold or hold_out, marks))
    return Prepared(split, datasets, len(examples), tuple(left_out))


def _of_other_patients(
    part: Sequence[SessionRecord], held: Sequence[SessionRecord]
) -> tuple[tuple[SessionRecord, ...], list[str]]:
    """The records of patients of whom no session is held out, and a line for each of the others. A session without a
    patient is a group by its id, which means nothing in another file."""
    patients = {record.group for record in held if record.patient}
    kept = tuple(record for record in part if not (record.patient and record.group in patients))
    return kept, [
        f"session {record.id} of {record.source}: another session of its patient is held out"
        for record in part
        if record.patient and record.group in patients
    ]


def _leak_line(leak: Leak) -> str:
    share = f"{leak.overlap:.0%} of its runs of {SHINGLE_WORDS} words"
    return f"session {leak.first}: shares {share} with session {leak.second}, which is held out"


def _origin(
    sources: Sequence[Source], vocabulary: Path, seed: int, hold_out: bool | str, marks: Collection[str]
) -> dict[str, Any]:
    files = [
        {
            "name": source.path.name,
            "sha256": sha256_of(source.path),
            "repeat": source.repeat,
            **({"sections_every": source.sections_every} if source.sections_every > 1 else {}),
            **({"labels_sha256": sha256_of(source.labels)} if source.labels else {}),
        }
        for source in sources
    ]
    fold = {"fold": hold_out} if isinstance(hold_out, str) else {}
    return {
        "files": files,
        "split_seed": seed if hold_out else None,
        **fold,
        "transcripts": sorted(marks),
        "vocabulary": vocabulary_of(vocabulary),
    }


def train_adapter(
    examples_path: Path,
    base: Path,
    settings: TrainSettings,
    target: Path,
    *,
    seeds: Sequence[int] = (),
    device: str = "cpu",
    start: Path | None = None,
    resume: bool = True,
    watch: Callable[[int, Step], None] = lambda seed, step: None,
) -> Path:
    """Trains one adapter for each seed (``settings.seed`` alone by default), averages them, and writes the mean to
    ``target`` with ``run.json`` and a picture of the losses. A seed that is done is not trained again; one that was
    killed goes on, without ``resume`` it begins anew. Raises ``CheckpointError``, before anything is trained, where a
    seed was trained on other examples, on another base or with other settings, and ``ModelFileError`` where ``start``
    is no folder of such an adapter."""
    chosen, begun = read_examples(examples_path), time.monotonic()
    if not chosen.examples:
        raise ExampleError(f"{examples_path}: holds no session to train on")
    made_on = base_record(base)
    check_vocabulary(examples_path, chosen, base.name, vocabulary_of(base))
    begun_from = start_record(start, settings.rank, settings.alpha) if start else None
    runs = [
        _Seed(target / "seeds" / str(seed), one, fingerprint(chosen.examples, one, made_on, start))
        for seed in seeds or (settings.seed,)
        for one in [dataclasses.replace(settings, seed=seed)]
    ]
    for run in runs:
        if resume:
            check_checkpoint(run.folder, run.made_of)
        else:
            discard_checkpoint(run.folder)
    losses = {str(run.settings.seed): _one_seed(chosen, base, run, device, start, watch) for run in runs}
    average_adapters([run.folder for run in runs], target)
    record = build_record(
        base=made_on,
        settings=settings,
        origin=chosen.origin,
        sessions=len(chosen.examples),
        losses=losses,
        seconds=time.monotonic() - begun,
        device=device,
        start=begun_from,
    )
    write_record(target, record)
    with replacing(target / LOSS_PICTURE) as draft:
        draft.write_text(loss_curve(losses), encoding="utf-8")
    return target


@dataclass(frozen=True, slots=True)
class _Seed:
    """One run of several: its folder, its settings and of what it is made."""

    folder: Path
    settings: TrainSettings
    made_of: Mapping[str, str]


def _one_seed(
    chosen: ExampleSet,
    base: Path,
    run: _Seed,
    device: str,
    start: Path | None,
    watch: Callable[[int, Step], None],
) -> Sequence[float]:
    from training.base_model import load_base

    trained = train(
        load_base(base, run.settings.four_bit).to(device),
        chosen.examples,
        run.settings,
        device=device,
        start=start,
        checkpoints=run.folder,
        made_of=run.made_of,
        watch=lambda step: watch(run.settings.seed, step),
    )
    trained.model.save_pretrained(str(run.folder))
    return trained.losses


def held_out(prepared: Prepared) -> Mapping[str, tuple[SessionRecord, ...]]:
    """The sessions to choose by and to measure on."""
    return {"valid": prepared.split.valid, "test": prepared.split.test}
