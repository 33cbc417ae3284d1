"""``casenote model``: which models there are, which one serves, and going back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from models.catalog.embedded import default_models_dir, ensure_embedded_model
from models.errors import ModelError

if TYPE_CHECKING:
    from models.catalog.registry import Registry

app = typer.Typer(help="The catalog of models.", no_args_is_help=True)

_Folder = Annotated[Path | None, typer.Option("--folder", envvar="CASENOTE_MODELS", help="Folder of the models.")]


def _stop(error: Exception) -> NoReturn:
    typer.echo(f"error: {error}", err=True)
    raise typer.Exit(1)


@app.command("list")
def list_models(folder: _Folder = None) -> None:
    """Lists the models that are known: * the one that serves, ? the one on trial."""
    from models.catalog.registry import read_registry
    from models.catalog.resolve import resolve_model

    place = folder or default_models_dir()
    try:
        registry = read_registry(place)
        served = resolve_model(None, place)
    except ModelError as error:
        _stop(error)
    for entry in registry.entries:
        mark = "*" if entry.name == registry.current else "?" if _on_trial(registry, entry.name) else " "
        typer.echo(f"{mark} {entry.name}  {entry.licence or 'licence not entered'}  {entry.sha256[:12]}  {entry.path}")
    if registry.current is None:
        typer.echo(f"* {served.adapter_name or served.name} (built in)  {served.path}")


def _on_trial(registry: Registry, name: str) -> bool:
    return registry.trial is not None and registry.trial.name == name


@app.command()
def pull(folder: _Folder = None) -> None:
    """Fetches the embedded model and bakes the shipped adapter into it."""
    from models.catalog.bake import ensure_baked

    place = folder or default_models_dir()
    try:
        ensure_embedded_model(place, typer.echo)
        ensure_baked(place, typer.echo)
    except ModelError as error:
        _stop(error)


@app.command()
def add(
    name: Annotated[str, typer.Argument()],
    path: Annotated[Path, typer.Argument(help="GGUF file.")],
    adapter: Annotated[Path | None, typer.Option(help="GGUF adapter to load beside it.")] = None,
    source: Annotated[str, typer.Option(help="Where it comes from.")] = "",
    licence: Annotated[str, typer.Option(help="Its licence.")] = "",
    folder: _Folder = None,
) -> None:
    """Enters a file that lies here, with its hash."""
    from models.catalog.registry import describe, read_registry, write_registry

    place = folder or default_models_dir()
    try:
        entry = describe(name, path, adapter, source, licence)
        write_registry(place, read_registry(place).with_entry(entry))
    except ModelError as error:
        _stop(error)
    typer.echo(f"{name}: {entry.sha256}")


@app.command()
def verify(name: Annotated[str, typer.Argument()], folder: _Folder = None) -> None:
    """Compares a model's files with the hashes that were entered."""
    from models.catalog.registry import read_registry
    from models.catalog.registry import verify as check

    try:
        check(read_registry(folder or default_models_dir()).entry(name))
    except ModelError as error:
        _stop(error)
    typer.echo(f"{name}: as entered")


_Scores = Annotated[Path, typer.Option(help="scores.json of an evaluation that measured both models.")]
_Candidate = Annotated[str, typer.Option(help="The model's name in that file, if another.")]
_Current = Annotated[str, typer.Option(help="The name of the model that serves in that file.")]
_TAKES_OVER = "a running service takes it up within seconds, and finishes running notes with the model that began them"


@app.command()
def use(
    name: Annotated[str, typer.Argument()],
    scores: _Scores,
    candidate: _Candidate = "",
    current: _Current = "",
    folder: _Folder = None,
) -> None:
    """Lets a model serve, if the gate lets it: not worse on the held-out sessions, part by part."""
    from models.catalog.registry import write_registry

    place = folder or default_models_dir()
    try:
        registry = _through_the_gate(place, name, scores, candidate, current)
        write_registry(place, registry.using(name))
    except (ModelError, OSError, ValueError) as error:
        _stop(error)
    typer.echo(f"{name} serves: {_TAKES_OVER}")


@app.command()
def trial(
    name: Annotated[str, typer.Argument()],
    share: Annotated[float, typer.Option(help="Of the sessions that it writes for, above 0 and at most 1.")],
    scores: _Scores,
    candidate: _Candidate = "",
    current: _Current = "",
    folder: _Folder = None,
) -> None:
    """Lets a model write for a share of the sessions beside the one that serves, if the gate lets it."""
    from datetime import UTC, datetime

    from models.catalog.registry import write_registry
    from models.catalog.trial import Trial

    place = folder or default_models_dir()
    try:
        registry = _through_the_gate(place, name, scores, candidate, current)
        begun = Trial(name, share, datetime.now(UTC).isoformat(timespec="seconds"))
        write_registry(place, registry.trying(begun))
    except (ModelError, OSError, ValueError) as error:
        _stop(error)
    typer.echo(f"{name} writes for {share:.0%} of the sessions; 'casenote model outcomes' compares")


@app.command("end-trial")
def end_trial(folder: _Folder = None) -> None:
    """Gives all sessions back to the model that serves."""
    from models.catalog.registry import read_registry, write_registry

    place = folder or default_models_dir()
    try:
        registry = read_registry(place)
        write_registry(place, registry.without_trial())
    except ModelError as error:
        _stop(error)
    typer.echo(f"{registry.current or 'the built-in model'} writes for all sessions again")


def _through_the_gate(place: Path, name: str, scores: Path, candidate: str, current: str) -> Registry:
    """The registry, once the model's files were verified and the gate let it pass. Raises ``ModelError``."""
    from models.catalog.gate import judge
    from models.catalog.registry import read_registry
    from models.catalog.registry import verify as check

    registry = read_registry(place)
    check(registry.entry(name))
    measured = json.loads(scores.read_text(encoding="utf-8"))
    serving = current or registry.current or _other(measured, candidate or name)
    verdict = judge(_of(measured, candidate or name), _of(measured, serving))
    for one in verdict.comparisons:
        typer.echo(f"{one.part}: {one.difference:+.3f} [{one.low:+.3f}, {one.high:+.3f}], {one.sessions} sessions")
    if not verdict.passes:
        raise ModelError(f"{name} stays out: {'; '.join(verdict.refusals)}")
    return registry


def _of(measured: dict[str, dict[str, dict[str, float]]], name: str) -> dict[str, dict[str, float]]:
    if name not in measured:
        raise ModelError(f"the scores hold no model '{name}', they hold {', '.join(measured)}")
    return measured[name]


def _other(measured: dict[str, dict[str, dict[str, float]]], name: str) -> str:
    """The one other model of the file, the floors left out."""
    others = [one for one in measured if one != name and not one.startswith(("another ", "the "))]
    if len(others) != 1:
        raise ModelError(f"--current must name the model that serves, one of {', '.join(others) or 'none'}")
    return others[0]


@app.command()
def rollback(folder: _Folder = None) -> None:
    """Lets the model that served before serve again."""
    from models.catalog.registry import read_registry, write_registry

    place = folder or default_models_dir()
    try:
        registry = read_registry(place).rolled_back()
        write_registry(place, registry)
    except ModelError as error:
        _stop(error)
    typer.echo(f"{registry.current or 'the built-in model'} serves: {_TAKES_OVER}")


@app.command()
def bake(
    base: Annotated[Path, typer.Argument(help="GGUF.")],
    adapter: Annotated[Path, typer.Argument(help="GGUF adapter.")],
    out: Annotated[Path, typer.Argument(help="GGUF to write.")],
    kind: Annotated[str, typer.Option(help="Q8_0, Q4_K_M, …")] = "Q8_0",
    name: Annotated[str, typer.Option(help="Its name in the metadata.")] = "",
) -> None:
    """Merges an adapter into its base."""
    from training.export import merge

    try:
        typer.echo(str(merge(base, adapter, out, name or out.stem, kind)))
    except ModelError as error:
        _stop(error)
