"""Commands of an operator that cannot do what they were asked say why, in one line, and leave nothing behind."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.service import ROOT

READERS = (("audit", "verify"), ("audit", "heads"), ("model", "outcomes"), ("train", "collect", "--out", "out.jsonl"))


def command(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("CASENOTE_", "PHI3_"))}
    return subprocess.run(
        [sys.executable, "-m", "server", *words],
        cwd=folder,
        env={**clean, "PYTHONPATH": str(ROOT), "CASENOTE_HOME": str(folder / "home"), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(ended: subprocess.CompletedProcess[str], *named: str) -> None:
    assert ended.returncode in (1, 2)
    assert len(ended.stderr.splitlines()) == 1
    assert "Traceback" not in ended.stderr
    assert "SELECT" not in ended.stderr
    for word in named:
        assert word in ended.stderr


@pytest.mark.parametrize("words", READERS, ids=" ".join)
def test_a_database_that_is_not_there_is_named_and_not_made(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "home").mkdir()

    refused(command(tmp_path, *words), "there is no such file", "CASENOTE_HOME")

    assert [file.name for file in tmp_path.rglob("*")] == ["home"]


@pytest.mark.parametrize("words", READERS, ids=" ".join)
def test_a_database_without_the_tables_of_this_release_is_named_with_what_makes_them(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "casenote.db").touch()

    refused(command(tmp_path, *words), "no tables", "casenote migrate")


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("postgresql+asyncpg://u:hidden@127.0.0.1:1/y", "does not answer"),
        ("sqlite+aiosqlite:///damaged.db", "cannot be read"),
    ],
)
def test_a_database_that_is_away_or_damaged_is_named_without_its_password(tmp_path: Path, url: str, named: str) -> None:
    (tmp_path / "damaged.db").write_bytes(b"what was left of it " * 400)

    ended = command(tmp_path, "audit", "verify", DATABASE_URL=url)

    refused(ended, "DATABASE_URL", named)
    assert "hidden" not in ended.stderr


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    assert command(tmp_path, "migrate").returncode == 0
    (tmp_path / "m.gguf").write_bytes(b"GGUF")

    refused(command(tmp_path, "train", "collect", "--out", str(tmp_path)), "--out", "it must be the file to write")
    refused(command(tmp_path, "model", "outcomes", "--out", "/proc/x/y"), "--out", "/proc/x/y", "name a file")
    refused(command(tmp_path, "model", "add", "m", "m.gguf", "--folder", "/proc/x"), "--folder", "/proc/x")
    assert list(tmp_path.parent.glob(".*.part")) == []


@pytest.mark.parametrize("device", ["quantum", "cuda:99"])
def test_a_device_that_is_not_here_is_named_before_anything_is_trained(tmp_path: Path, device: str) -> None:
    ended = command(tmp_path, "train", "run", "--examples", "none.jsonl", "--out", "out", "--device", device)

    refused(ended, "--device", device)


@pytest.mark.parametrize("words", [("serve",), ("migrate",), ("audit", "verify")], ids=" ".join)
def test_a_database_of_a_newer_release_is_named_as_one(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert command(tmp_path, "migrate").returncode == 0
    with closing(sqlite3.connect(tmp_path / "home" / "casenote.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()

    ended = command(tmp_path, *words, API_PORT="0")

    refused(ended, "of a newer release", "restore the backup")
    assert "password" not in ended.stderr


def test_no_model_is_written_into_a_folder_that_is_not_there(tmp_path: Path) -> None:
    refused(command(tmp_path, "bench", "phi3-shape", "nope/x.gguf"), "nope/x.gguf", "folder that is there")

    assert not (tmp_path / "nope").exists()
