"""``casenote train`` and ``casenote evaluate``. Mounted by ``server.cli``; heavy imports stay inside the commands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from models.errors import ModelError
from training import model_cli
from training.places import FolderOption, ServingOption, embedded_file, models_folder, serving_file
from training.stopping import stop

train_app = typer.Typer(help="Training an adapter: prepare, run, export.", no_args_is_help=True)


def mount(app: typer.Typer) -> None:
    """Adds the commands of training to the command line of the product."""
    app.add_typer(train_app, name="train")
    app.add_typer(model_cli.app, name="model")
    app.command("evaluate")(evaluate)


def _guarded(work: Callable[[], Any]) -> Any:
    """Runs a command; what a person can put right is one line and exit code 1."""
    from training.data import DatasetError
    from training.examples import ExampleError
    from training.export import ExportError
    from training.settings import SettingsError

    try:
        return work()
    except (ModelError, DatasetError, ExampleError, ExportError, SettingsError, ValueError, OSError) as error:
        stop(error)
    except ModuleNotFoundError as error:
        stop(ValueError(f"the package '{error.name}' is missing: 'make setup-test' installs what training needs"))


def _trained_on(given: Path | None, folder: Path | None, serving: Path | None, option: str) -> Path:
    """What is trained on: as it was named, else the embedded model; where another one serves, that is said."""
    if given is None and (other := serving_file(serving)) is not None:
        typer.echo(f"warning: {other} serves, this is for the embedded model: {option} names another", err=True)
    return given or embedded_file(folder)


@train_app.command()
def prepare(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Files of sessions (.csv, .jsonl, .json); FILE*2 repeats one, FILE*1/3 has sections in a third."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Where the examples go (.jsonl).")],
    labels: Annotated[Path | None, typer.Option(help="Section text for the first file.")] = None,
    vocabulary: Annotated[Path | None, typer.Option(help="GGUF whose tokenizer is used; the embedded model's.")] = None,
    seed: Annotated[int, typer.Option(help="Of the split.")] = 0,
    hold_out: Annotated[bool, typer.Option(help="Hold out 10 % to choose by and 10 % to measure on.")] = True,
    fold: Annotated[str, typer.Option(help="Hold out these folds instead, K/N as in 0/5 or 0/5,1/5.")] = "",
    folder: FolderOption = None,
    serving: ServingOption = None,
) -> None:
    """Validates sessions, splits them and writes them as tokens."""
    from training.pipeline import prepare as run_prepare

    def work() -> None:
        found = [_source(text, labels if place == 0 else None) for place, text in enumerate(sources)]
        tokens = _trained_on(vocabulary, folder, serving, "--vocabulary")
        prepared = run_prepare(found, tokens, out, seed=seed, hold_out=hold_out, fold=fold)
        for dataset in prepared.datasets:
            typer.echo(dataset.report())
        for line in prepared.left_out:
            typer.echo(f"left out: {line}", err=True)
        split = prepared.split
        typer.echo(
            f"{prepared.examples} examples; held out: {len(split.valid)} to choose by, {len(split.test)} to measure on"
        )

    _guarded(work)


def _source(text: str, labels: Path | None) -> Any:
    from training.pipeline import Source

    name, star, rest = text.rpartition("*")
    times, slash, every = rest.partition("/")
    if star and times.isdecimal():
        if slash and not (every.isdecimal() and int(every)):
            raise ValueError(f"'{text}': after the slash stands in one of how many a session has sections, as in *2/2")
        return Source(Path(name), max(1, int(times)), labels, int(every or 1))
    return Source(Path(text), 1, labels)


@train_app.command()
def run(
    examples: Annotated[Path, typer.Option(help="What 'casenote train prepare' wrote.")],
    out: Annotated[Path, typer.Option(help="Folder of the adapter.")],
    base: Annotated[Path | None, typer.Option(help="GGUF or folder of safetensors; the embedded model.")] = None,
    settings: Annotated[Path | None, typer.Option(help="Settings as JSON, or the run.json of an earlier run.")] = None,
    change: Annotated[list[str] | None, typer.Option("--set", help="One setting, NAME=VALUE in JSON.")] = None,
    seeds: Annotated[str, typer.Option(help="Runs to average, as 1,2,3.")] = "",
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    start: Annotated[Path | None, typer.Option(help="Adapter folder to go on from.")] = None,
    qlora: Annotated[bool, typer.Option("--qlora", help="Hold the base in 4 bits (NF4); needs bitsandbytes.")] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew; what this folder holds of an earlier run goes.")
    ] = False,
    folder: FolderOption = None,
    serving: ServingOption = None,
) -> None:
    """Trains an adapter; after a kill the same command goes on where it was. Another run needs another --out."""
    from training.devices import check_device
    from training.finetune import Step
    from training.pipeline import train_adapter
    from training.run_record import RECORD
    from training.settings import seeds_from

    def show(seed: int, step: Step) -> None:
        typer.echo(
            f"seed {seed}  step {step.step}/{step.steps}  loss {step.loss:.3f}  "
            f"{step.tokens_per_second:.0f} tokens/s  {step.eta:.0f} s left"
        )

    def work() -> None:
        chosen = _settings(settings, [*(change or []), *(["four_bit=true"] if qlora else [])])
        check_device(device)
        if start is not None and not (start / RECORD).is_file():
            typer.echo(f"warning: {start} holds no {RECORD}: nobody will know what it was trained on", err=True)
        numbers = seeds_from(seeds)
        path = train_adapter(
            examples,
            _trained_on(base, folder, serving, "--base"),
            chosen,
            out,
            seeds=numbers,
            device=device,
            start=start,
            resume=not fresh,
            watch=show,
        )
        typer.echo(f"adapter: {path}")

    _guarded(work)


def _settings(path: Path | None, changes: Sequence[str]) -> Any:
    from training.settings import SettingsError, read_settings, settings_from

    values = read_settings(path).to_dict() if path else {}
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise SettingsError(f"--set {change}: must be NAME=VALUE")
        try:
            values[name] = json.loads(value)
        except json.JSONDecodeError as error:
            raise SettingsError(f"--set {change}: the value must be JSON") from error
    return settings_from(values)


@train_app.command()
def distil(
    sources: Annotated[list[str], typer.Argument(help="Files of sessions.")],
    out: Annotated[Path, typer.Option(help="Where the sessions with their consensus go (.jsonl).")],
    model: Annotated[Path | None, typer.Option(help="GGUF; the model that serves.")] = None,
    adapter: Annotated[Path | None, typer.Option(help="GGUF adapter beside it.")] = None,
    part: Annotated[str, typer.Option(help="Of each file: all, or folds as in 0/5 that were held out.")] = "all",
    seed: Annotated[int, typer.Option(help="Of the split; that of the training.")] = 0,
    samples: Annotated[int, typer.Option(help="Samples of each paragraph.", min=3)] = 8,
    folder: FolderOption = None,
    serving: ServingOption = None,
) -> None:
    """Writes sessions with the paragraph on which a model's samples agree, to train on: the consensus, at no cost when
    serving. Take sessions that the model was not trained on: those it was, it knows by heart."""
    from training.consensus import distil as run_distil
    from training.measuring import chosen_sessions, resolve_candidates

    def work() -> None:
        records = [
            record for source in sources for record in chosen_sessions(Path(source), None, part, seed, typer.echo)
        ]
        place, other = models_folder(folder), serving_file(serving)
        found = resolve_candidates(model, adapter, place, serving=other, floor=False, current=False)
        [(path, beside)] = found.values()
        written = asyncio.run(run_distil(path, beside, records, samples, out, typer.echo))
        typer.echo(f"{out}: {written} of {len(records)} sessions")

    _guarded(work)


@train_app.command()
def export(
    adapter: Annotated[Path, typer.Option(help="Folder of the trained adapter.")],
    out: Annotated[Path, typer.Option(help="GGUF to write.")],
    base: Annotated[Path | None, typer.Option(help="What it was trained on; the embedded model.")] = None,
    kind: Annotated[str, typer.Option(help="f32, f16, bf16 or q8_0.")] = "f16",
    licence: Annotated[str, typer.Option(help="Its licence; that of its base, where the base says one.")] = "",
    folder: FolderOption = None,
) -> None:
    """Writes an adapter as GGUF with llama.cpp's own converter, and its card beside it."""
    from training.export import export_adapter
    from training.model_card import near, write_card

    def work() -> None:
        path = export_adapter(adapter, base or embedded_file(folder), out, kind, licence=licence)
        typer.echo(f"adapter: {path}")
        typer.echo(f"card: {write_card(path, near(adapter / out.name))}")

    _guarded(work)


def evaluate(
    data: Annotated[Path, typer.Option(help="Sessions to measure on, never trained on.")],
    out: Annotated[Path, typer.Option(help="Folder of the report.")],
    labels: Annotated[Path | None, typer.Option(help="Section text for the sessions.")] = None,
    part: Annotated[str, typer.Option(help="valid, test, all of the file, or folds as in 0/5 or 0/5,1/5.")] = "test",
    seed: Annotated[int, typer.Option(help="Of the split; that of the training.")] = 0,
    model: Annotated[Path | None, typer.Option(help="GGUF; the model that serves.")] = None,
    adapter: Annotated[Path | None, typer.Option(help="GGUF adapter beside it.")] = None,
    floor: Annotated[bool, typer.Option(help="Measure the base without adapter as well.")] = True,
    consensus: Annotated[int, typer.Option(help="Also measure the paragraph on which so many samples agree.")] = 0,
    whole: Annotated[bool, typer.Option("--whole", help="The references are whole notes, not paragraphs.")] = False,
    current: Annotated[bool, typer.Option(help="Measure the model that serves beside --model, for the gate.")] = True,
    unseen: Annotated[bool, typer.Option("--unseen", help="No session of the file was trained on.")] = False,
    examples: Annotated[int, typer.Option(help="Sessions shown in the report; 0 keeps text out of it.")] = 3,
    folder: FolderOption = None,
    serving: ServingOption = None,
) -> None:
    """Writes notes for held-out sessions with what serves, and reports how good they are."""
    from training.measuring import Measuring, measure_models, resolve_candidates

    def work() -> None:
        candidates = resolve_candidates(
            model, adapter, models_folder(folder), serving=serving_file(serving), floor=floor, current=current
        )
        what = Measuring(data, labels, part, seed, whole, consensus, unseen, examples)
        for line in asyncio.run(measure_models(candidates, what, out, typer.echo)):
            typer.echo(line)

    _guarded(work)
