"""``casenote audit``: the commands over ``server.audit``."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from server import audit
from server.audit import Findings, Place
from server.errors import SettingsError
from server.existing import existing_database
from server.settings import load_settings

audit_app = typer.Typer(help="Whether the versions of notes stand as they were written.", no_args_is_help=True)


@audit_app.command()
def verify(
    against: Annotated[
        Path | None, typer.Option(help="Hashes that 'audit heads' printed before, kept on another machine.")
    ] = None,
) -> None:
    """Holds every stored version of every note against its hash."""
    found = _examined(_held(against))
    for line in found.broken:
        typer.echo(f"BAD  {line}")
    older = f", {found.unchained} of them from before there were hashes" if found.unchained else ""
    counted = f"{found.versions} versions of {found.notes} notes{older}"
    typer.echo(f"{counted}; {len(found.broken) or 'none'} not as written.")
    raise typer.Exit(1 if found.broken else 0)


@audit_app.command()
def heads() -> None:
    """Prints session, version and hash of the last version of each note: to be kept where this machine cannot write."""
    for (session_id, version), digest in sorted(_examined({}).heads.items()):
        typer.echo(f"{session_id} {version} {digest}")


def _held(file: Path | None) -> dict[Place, str]:
    if file is None:
        return {}
    try:
        return audit.read_heads(file.read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file} holds no hashes: {error}") from error


def _examined(held: dict[Place, str]) -> Findings:
    async def look() -> Findings:
        async with existing_database(load_settings()) as database:
            return await audit.examine(database, held)

    return asyncio.run(look())
