"""``casenote model``: which models there are, which one serves, and going back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.catalog.registry import BUILT_IN
from models.errors import ModelError
from training import making_cli
from training.places import FolderOption, ServingOption, models_folder, override_line, serving_file
from training.stopping import stop

if TYPE_CHECKING:
    from models.catalog.registry import Entry, Registry
    from training.score_files import Identity

app = typer.Typer(help="The catalog of models.", no_args_is_help=True)
making_cli.mount(app)

_Name = Annotated[str, typer.Argument(help=f"Its name in the catalog; '{BUILT_IN}' is the product's own.")]


def _warn(line: str) -> None:
    if line:
        typer.echo(f"warning: {line}", err=True)


@app.command("list")
def list_models(folder: FolderOption = None, serving: ServingOption = None) -> None:
    """Lists the models that are known: * the one that serves, ? the one on trial."""
    from models.catalog.built_in import built_in_entry
    from models.catalog.registry import read_registry

    place, other = models_folder(folder), serving_file(serving)
    try:
        registry = read_registry(place)
    except (ModelError, OSError) as error:
        stop(error)
    if other is not None:
        typer.echo(f"* PHI3_MODEL_PATH, in place of this catalog  {other}")
    for entry in registry.entries:
        typer.echo(_line(entry, _mark(registry, entry.name, other)))
    mark = _mark(registry, BUILT_IN, other)
    try:
        typer.echo(_line(built_in_entry(place), mark))
    except ModelError as error:
        typer.echo(f"{mark} {BUILT_IN}  {error}")


def _mark(registry: Registry, name: str, other: Path | None) -> str:
    if other is not None:
        return " "
    if name == (registry.current or BUILT_IN):
        return "*"
    return "?" if registry.trial is not None and registry.trial.name == name else " "


def _line(entry: Entry, mark: str) -> str:
    licence, source = entry.licence or "licence not entered", entry.source or "source not entered"
    beside = f" with {entry.adapter}" if entry.adapter else ""
    return f"{mark} {entry.name}  {licence}  {source}  {entry.sha256[:12]}  {entry.path}{beside}"


@app.command()
def pull(name: _Name = BUILT_IN, folder: FolderOption = None) -> None:
    """Fetches the embedded model and bakes the shipped adapter into it. Of another model it says where that is from."""
    from models.catalog.bake import ensure_baked
    from models.catalog.embedded import ensure_embedded_model
    from models.catalog.registry import read_registry

    place = models_folder(folder)
    try:
        if name != BUILT_IN:
            entry = read_registry(place).entry(name)
            raise ModelError(
                f"only '{BUILT_IN}' is fetched; {name} comes from {entry.source or 'a source that was not entered'}: "
                f"put the file in place and enter it with 'casenote model add'"
            )
        ensure_embedded_model(place, typer.echo)
        ensure_baked(place, typer.echo)
    except (ModelError, OSError) as error:
        stop(error)


@app.command()
def add(
    name: Annotated[str, typer.Argument()],
    path: Annotated[Path, typer.Argument(help="GGUF file.")],
    adapter: Annotated[Path | None, typer.Option(help="GGUF adapter to load beside it.")] = None,
    source: Annotated[str, typer.Option(help="Where it comes from.")] = "",
    licence: Annotated[str, typer.Option(help="Its licence.")] = "",
    folder: FolderOption = None,
) -> None:
    """Enters a file that lies here, with its hash."""
    from models.catalog.registry import change_registry, describe

    place = models_folder(folder)
    try:
        entry = describe(name, path, adapter, source, licence)
        change_registry(place, lambda registry: registry.with_entry(entry))
    except (ModelError, OSError) as error:
        stop(error)
    typer.echo(f"{name}: {entry.sha256}")


@app.command()
def verify(name: _Name, folder: FolderOption = None) -> None:
    """Compares a model's files with the hashes that were entered, or that set-up kept."""
    from models.catalog.built_in import verify_named
    from models.catalog.registry import read_registry

    place = models_folder(folder)
    try:
        verify_named(read_registry(place), name, place)
    except (ModelError, OSError) as error:
        stop(error)
    typer.echo(f"{name}: as entered")


_Scores = Annotated[Path, typer.Option(help="scores.json of an evaluation that measured both models.")]
_Candidate = Annotated[str, typer.Option(help="The model's name in that file; it is found by its hash.")]
_Current = Annotated[str, typer.Option(help="The name in that file of the model that serves; it is found by its hash.")]
_TAKES_OVER = "a running service takes it up within seconds, and finishes running notes with the model that began them"


@app.command()
def use(
    name: _Name,
    scores: _Scores,
    candidate: _Candidate = "",
    current: _Current = "",
    folder: FolderOption = None,
    serving: ServingOption = None,
) -> None:
    """Lets a model serve, if the gate lets it: not worse on the held-out sessions, part by part."""
    from models.catalog.registry import change_registry

    place, other = models_folder(folder), serving_file(serving)
    try:
        judged = _through_the_gate(place, other, name, scores, (candidate, current))
        change_registry(place, lambda now: _as_judged(now, judged, name).using(name))
    except (ModelError, OSError, ValueError) as error:
        stop(error)
    _chosen(name, other)


def _chosen(name: str, other: Path | None) -> None:
    if other is None:
        typer.echo(f"{name} serves: {_TAKES_OVER}")
    else:
        typer.echo(f"{name} is chosen")
        _warn(override_line(other))


@app.command()
def trial(
    name: _Name,
    share: Annotated[float, typer.Option(help="Of the sessions that it writes for, above 0 and at most 1.")],
    scores: _Scores,
    candidate: _Candidate = "",
    current: _Current = "",
    folder: FolderOption = None,
    serving: ServingOption = None,
) -> None:
    """Lets a model write for a share of the sessions beside the one that serves, if the gate lets it."""
    from datetime import UTC, datetime

    from models.catalog.registry import change_registry
    from models.catalog.trial import Trial

    place, other = models_folder(folder), serving_file(serving)
    try:
        judged = _through_the_gate(place, other, name, scores, (candidate, current))
        begun = Trial(name, share, datetime.now(UTC).isoformat(timespec="seconds"))
        change_registry(place, lambda now: _as_judged(now, judged, name).trying(begun))
    except (ModelError, OSError, ValueError) as error:
        stop(error)
    typer.echo(f"{name} writes for {share:.0%} of the sessions; 'casenote model outcomes' compares")
    _warn(override_line(other))


@app.command("end-trial")
def end_trial(folder: FolderOption = None) -> None:
    """Gives all sessions back to the model that serves."""
    from models.catalog.registry import Registry, change_registry

    place = models_folder(folder)
    try:
        registry = change_registry(place, Registry.without_trial)
    except (ModelError, OSError) as error:
        stop(error)
    typer.echo(f"{registry.current or BUILT_IN} writes for all sessions again")


def _as_judged(now: Registry, judged: Registry, name: str) -> Registry:
    """The registry as it is now. Raises ``ModelError`` where it is not what the gate judged by."""
    if now.current != judged.current:
        raise ModelError(
            f"{now.current or BUILT_IN} came to serve while the gate compared {name} with "
            f"{judged.current or BUILT_IN}: nothing was changed, measure it beside that one"
        )
    if name != BUILT_IN and now.entry(name) != judged.entry(name):
        raise ModelError(f"{name} was entered anew while the gate looked at it: nothing was changed, try again")
    return now


def _through_the_gate(place: Path, other: Path | None, name: str, scores: Path, names: tuple[str, str]) -> Registry:
    """The registry, once the model's files were verified and the gate let it pass. Raises ``ModelError``."""
    from models.catalog.built_in import verify_named
    from models.catalog.registry import read_registry
    from training.gatekeeping import remarks, trained_on, verdict_of
    from training.score_files import read_scores

    registry = read_registry(place)
    entry = verify_named(registry, name, place, hash_kept=False)
    trained = trained_on(Path(path) for path in (entry.path, entry.adapter) if path)
    measured = read_scores(scores)
    verdict = verdict_of(measured, _identity(entry), _serving(registry, place, other), names, trained)
    for one in verdict.comparisons:
        typer.echo(f"{one.part}: {one.difference:+.3f} [{one.low:+.3f}, {one.high:+.3f}], {one.sessions} sessions")
    if not verdict.passes:
        raise ModelError(f"{name} stays out: {'; '.join(verdict.refusals)}")
    for remark in remarks(one.part for one in verdict.comparisons):
        _warn(remark)
    return registry


def _identity(entry: Entry) -> Identity:
    from training.score_files import Identity

    return Identity(entry.sha256, entry.adapter_sha256 or "")


def _serving(registry: Registry, place: Path, other: Path | None) -> Identity:
    """The files that serve: those of PHI3_MODEL_PATH, else of the catalog."""
    from models.catalog.built_in import entry_named
    from training.score_files import identity_of

    return identity_of(other) if other is not None else _identity(entry_named(registry, registry.current, place))


@app.command()
def rollback(folder: FolderOption = None, serving: ServingOption = None) -> None:
    """Lets the model that served before serve again, once its files were found to be those that were entered; one
    whose files are not is named, and the one before it is taken."""
    from models.catalog.built_in import verify_named
    from models.catalog.registry import change_registry

    place = models_folder(folder)

    skipped: list[str] = []

    def back(now: Registry) -> Registry:
        before = now
        while before.history:
            before = before.rolled_back()
            if before.current == now.current:
                continue
            try:
                # Going back must not wait for a set-up that keeps hashes.
                verify_named(before, before.current, place, hash_kept=False)
            except ModelError as error:
                skipped.append(f"{before.current or BUILT_IN} cannot serve: {error}")
            else:
                return before
        if skipped:
            raise ModelError(f"there is nothing to go back to: {'; '.join(skipped)}")
        return now.rolled_back()

    try:
        registry = change_registry(place, back)
    except (ModelError, OSError) as error:
        stop(error)
    for line in skipped:
        _warn(line)
    _chosen(registry.current or BUILT_IN, serving_file(serving))
