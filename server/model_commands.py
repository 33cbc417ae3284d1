"""Commands that read the service's own notes for those who choose and train models."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from models.catalog.files import PRIVATE, replacing
from server.db import sessions, written
from server.errors import BadRequestError
from server.existing import existing_database
from server.notes.outcomes import compare, outcome
from server.notes.training_pairs import pair
from server.settings import load_settings


def outcomes(
    since: Annotated[str, typer.Option(help="Notes from then on, ISO 8601; all when it is left out.")] = "",
    out: Annotated[Path | None, typer.Option(help="A file for the report (Markdown) instead of the terminal.")] = None,
) -> None:
    """Compares what became of the notes of each model: support, changes before signing, time. Holds no text of them."""
    _check_place(out)
    report = "\n".join(asyncio.run(_compared(_moment(since)))) + "\n"
    if out is None:
        typer.echo(report, nl=False)
        return
    _write(out, report)
    typer.echo(str(out))


def collect(
    out: Annotated[Path, typer.Option(help="The file to write (.jsonl); it holds sessions, keep it as you keep them.")],
) -> None:
    """Writes signed notes as training data: session, draft and signed text, of sessions with consent."""
    _check_place(out)
    rows = asyncio.run(_pairs())
    _write(out, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    allowed = sum(row["consent"] for row in rows)
    typer.echo(f"{out}: {allowed} signed notes; {len(rows) - allowed} without consent are named without their text")


def _check_place(out: Path | None) -> None:
    """Before anything is read: the draft beside a folder would hold sessions where nobody looks for them."""
    if out is not None and out.is_dir():
        raise BadRequestError(f"--out is {out}: that is a folder; it must be the file to write")


def _write(path: Path, text: str) -> None:
    try:
        with replacing(path, mode=PRIVATE) as draft:
            draft.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadRequestError(
            f"--out is {path}: it cannot be written ({error.strerror}); name a file where this user may write"
        ) from error


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone() if text else None
    except ValueError:
        raise BadRequestError(f"--since is {text!r}: it must be a date or time as in 2026-11-26") from None


async def _compared(since: datetime | None) -> list[str]:
    async with _reading() as db:
        found = [outcome(session_id, versions) async for session_id, versions in written.histories(db, since)]
    return list(compare([one for one in found if one is not None]))


async def _pairs() -> list[dict[str, Any]]:
    async with _reading() as db:
        found = [
            pair(row.id, row.patient_id, await sessions.turns(db, row.id), versions, consent=consent)
            async for row, consent, versions in written.signed(db)
        ]
    return [one for one in found if one is not None]


@asynccontextmanager
async def _reading() -> AsyncIterator[AsyncSession]:
    async with existing_database(load_settings()) as database, database.read() as db:
        yield db
