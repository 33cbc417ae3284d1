"""The command ``casenote``."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Annotated

import typer

from server import model_commands
from server.audit_commands import audit_app
from server.bench.commands import bench
from server.errors import CasenoteError, SettingsError
from server.settings import Role, load_settings
from training.cli import mount, train_app
from training.model_cli import app as model_app

app = typer.Typer(
    name="casenote",
    help="Progress notes for psychotherapy sessions, written on the clinic's own machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

app.add_typer(bench, name="bench")
app.add_typer(audit_app, name="audit")
mount(app)
model_app.command("outcomes")(model_commands.outcomes)
train_app.command("collect")(model_commands.collect)

_USAGE = 2


@app.command()
def serve() -> None:
    """Runs the service: the roles of CASENOTE_ROLES, and NATS where NATS_URL is empty."""
    from server import logs, supervisor

    settings = load_settings()
    logs.configure(settings.log_level, "supervisor")
    raise typer.Exit(asyncio.run(supervisor.serve(settings)))


@app.command(hidden=True)
def role(name: Role) -> None:
    """Runs one role as this process; ``serve`` starts these."""
    from server.roles import run_role

    raise typer.Exit(run_role(name, load_settings()))


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the note's event instead of serving on.")] = False,
    sample: Annotated[str, typer.Option(help="Which sample session is replayed.")] = "",
    speed: Annotated[float, typer.Option(help="Turns per second of the replay.", min=0.1)] = 20.0,
) -> None:
    """Starts the service, replays a sample session live and shows its note being written."""
    from server.demo import run_demo

    raise typer.Exit(asyncio.run(run_demo(load_settings(), once=once, sample=sample, speed=speed)))


@app.command("nats-url")
def nats_url() -> None:
    """Prints the address of the embedded NATS server, with credentials for a clinic system on this machine."""
    from server.supervisor import CLINIC_FILE

    settings = load_settings()
    if settings.nats_url:
        raise SettingsError("NATS_URL is set: NATS is not embedded here, ask its operator for an address.")
    file = settings.casenote_home / CLINIC_FILE
    if not file.is_file():
        raise SettingsError(f"{file} is not there: the embedded NATS server has not run in this CASENOTE_HOME yet.")
    typer.echo(file.read_text())


@app.command()
def migrate() -> None:
    """Brings the database to the schema of this release."""
    from server.supervisor import check_data_folder, prepare_database

    settings = load_settings()
    check_data_folder(settings.casenote_home)
    asyncio.run(prepare_database(settings))
    typer.echo("The database is at the schema of this release.")


@app.command()
def doctor(
    tune: Annotated[
        bool, typer.Option("--tune", help="Also find out what suits this machine; a minute or two.")
    ] = False,
) -> None:
    """Says what this installation has and lacks."""
    from server.doctor import examine, tuning_of

    settings = load_settings()
    findings = examine(settings)
    for finding in findings:
        typer.echo(f"{'ok  ' if finding.ok else 'BAD '} {finding.what}: {finding.detail}")
    if tune:
        typer.echo("\n".join(tuning_of(settings)))
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


@app.command()
def version() -> None:
    """Prints the version."""
    from server.version import VERSION

    typer.echo(VERSION)


def main() -> None:
    """Runs the command. Errors are one line on standard error."""
    # What is written holds sessions: no other user of the machine may read it, whatever folder it is in.
    os.umask(0o077)
    try:
        app(standalone_mode=True)
    except CasenoteError as error:
        typer.echo(f"casenote: {error.detail}", err=True)
        sys.exit(_USAGE)
