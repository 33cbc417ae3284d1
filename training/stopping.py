"""How a command ends that cannot do what it was asked: one line, and exit code 1."""

from __future__ import annotations

from typing import NoReturn

import typer


def stop(error: Exception) -> NoReturn:
    """Says what is wrong, and ends the command."""
    typer.echo(f"error: {_told(error)}", err=True)
    raise typer.Exit(1)


def _told(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: cannot be read or written ({error.strerror}); name a place where this user may"
    return str(error)
