"""``casenote bench …``: the commands of the measurements."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from server.errors import SettingsError
from server.settings import load_settings

bench = typer.Typer(help="Measurements.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@bench.command("stream")
def bench_stream(
    notes: Annotated[int, typer.Option(help="Notes to measure.", min=1, max=100)] = 5,
    watchers: Annotated[int, typer.Option(help="Watchers of the crowded note.", min=1, max=2000)] = 200,
    as_json: AsJson = False,
) -> None:
    """What lies between a decoded token and a client that sees it, beside llama.cpp alone, in one run."""
    from models.bench.raw_decode import raw_decode_rate
    from models.engine.settings import physical_cores
    from server import logs
    from server.bench import stream
    from server.wiring.model import model_of

    settings = load_settings()
    logs.configure("error", "bench")
    threads = settings.phi3_n_threads or physical_cores()
    raw = raw_decode_rate(model_of(settings).path, threads=threads)
    report = asyncio.run(stream.measure(settings, notes=notes, watchers=watchers, raw_decode_rate=raw))
    typer.echo(report.to_json() if as_json else "\n".join(report.lines()))


@bench.command("engine")
def bench_engine(
    model: Annotated[Path | None, typer.Option(help="A GGUF; the configured model by default.")] = None,
    transcript: Annotated[Path | None, typer.Option(help="A session as text, one turn a line.")] = None,
    llama_server: Annotated[Path | None, typer.Option(help="A llama-server to measure beside.")] = None,
    tokens: Annotated[int, typer.Option(help="Tokens of a note.", min=8, max=2000)] = 200,
    part: Annotated[
        list[str] | None, typer.Option(help="alone, close, silence, four or sweep; may be given again. All by default.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """This engine, llama.cpp alone and, where given, llama-server: the same model, context, threads and length."""
    from models.bench import PARTS, run_engine_bench
    from models.errors import ModelError
    from server.wiring.model import model_of

    settings = load_settings()
    try:
        report = run_engine_bench(
            model or model_of(settings).path,
            transcript=transcript,
            llama_server=llama_server,
            output_tokens=tokens,
            n_threads=settings.phi3_n_threads,
            parts=part or PARTS,
            progress=lambda line: typer.echo(f"  … {line}", err=True),
        )
    except (ModelError, ValueError) as error:
        raise SettingsError(str(error)) from error
    typer.echo(report.to_json() if as_json else "\n".join(report.lines()))


@bench.command("phi3-shape")
def bench_phi3_shape(
    out: Annotated[Path, typer.Argument(help="Where the GGUF goes; 2.4 GB.")],
    context: Annotated[int, typer.Option(help="Tokens of context it claims to be trained for.", min=512)] = 4096,
) -> None:
    """Writes a GGUF of Phi-3-mini's full shape with random weights: real speed and memory, noise for text."""
    from models.bench import FULL, phi3_vocabulary, write_phi3_shape
    from models.catalog.embedded import default_models_dir
    from models.errors import ModelError

    # A mistyped folder would take 2.4 GB.
    if not out.parent.is_dir() or out.is_dir():
        raise SettingsError(f"{out}: it must be a file in a folder that is there")
    try:
        write_phi3_shape(phi3_vocabulary(default_models_dir().parent / "vocab"), out, replace(FULL, context=context))
    except (ModelError, OSError) as error:
        raise SettingsError(f"{out}: {error}") from error
    typer.echo(f"{out}: {out.stat().st_size / 1e9:.1f} GB")
