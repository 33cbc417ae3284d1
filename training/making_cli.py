"""``casenote model bake``, ``convert`` and ``card``: files of models from other files, with what is to be known of
them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from models.errors import ModelError
from training.stopping import stop

_Kind = Annotated[str, typer.Option(help="Q8_0, Q4_K_M, F16, …")]
_Licence = Annotated[str, typer.Option(help="Its licence, where it is another than the source says.")]
_Run = Annotated[Path | None, typer.Option(help="run.json of its training; the one that lies beside it.")]
_Scores = Annotated[Path | None, typer.Option(help="scores.json of an evaluation that measured it.")]


def mount(app: typer.Typer) -> None:
    """Adds the commands to those of ``casenote model``."""
    for command in (bake, convert, card):
        app.command()(command)


def bake(
    base: Annotated[Path, typer.Argument(help="GGUF.")],
    adapter: Annotated[Path, typer.Argument(help="GGUF adapter.")],
    out: Annotated[Path, typer.Argument(help="GGUF to write.")],
    kind: _Kind = "Q8_0",
    name: Annotated[str, typer.Option(help="Its name in the metadata.")] = "",
    licence: _Licence = "",
    run: _Run = None,
) -> None:
    """Merges an adapter into its base, and writes the model's card beside it."""
    from training.export import merge
    from training.model_card import near, write_card

    try:
        typer.echo(str(merge(base, adapter, out, name or out.stem, kind, licence)))
        typer.echo(str(write_card(out, run or near(adapter))))
    except (ModelError, OSError) as error:
        stop(error)


def convert(
    folder: Annotated[Path, typer.Argument(help="Folder of safetensors, as it is published.")],
    out: Annotated[Path, typer.Argument(help="GGUF to write.")],
    kind: _Kind = "F16",
    licence: _Licence = "",
) -> None:
    """Writes a folder of safetensors as GGUF with llama.cpp's own converter."""
    from models.catalog.bake import LICENCE_KEY
    from models.catalog.gguf_copy import stamp
    from training.export import ExportError
    from training.export import convert as run_convert

    try:
        run_convert(folder, out, kind)
        if licence:
            stamp(out, {LICENCE_KEY: licence})
    except (ModelError, ExportError, OSError) as error:
        stop(error)
    typer.echo(str(out))


def card(
    model: Annotated[Path, typer.Argument(help="GGUF, of a model or an adapter.")],
    run: _Run = None,
    scores: _Scores = None,
) -> None:
    """Writes a model's card beside it: what it is, how it was made, and how well it was measured to do."""
    from training.model_card import write_card
    from training.score_files import read_scores

    try:
        typer.echo(str(write_card(model, run, read_scores(scores) if scores else None)))
    except (ModelError, OSError) as error:
        stop(error)
