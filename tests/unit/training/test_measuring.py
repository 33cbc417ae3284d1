"""Which models an evaluation measures, and by what names the gate then finds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.catalog.embedded import EMBEDDED_FILE
from models.catalog.registry import describe, read_registry, write_registry
from models.errors import ModelFileError
from training.measuring import BASE, resolve_candidates


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A catalog in which ``mine``, a model with an adapter, serves."""
    for name in (EMBEDDED_FILE, "m.gguf", "new.gguf"):
        (tmp_path / name).write_bytes(b"GGUF" + name.encode())
    (tmp_path / "tuned").mkdir()
    (tmp_path / "tuned" / "adapter.gguf").write_bytes(b"GGUF")
    entry = describe("mine", tmp_path / "m.gguf", tmp_path / "tuned" / "adapter.gguf")
    write_registry(tmp_path, read_registry(tmp_path).with_entry(entry).using("mine"))
    return tmp_path


def test_what_serves_is_measured_under_the_name_of_the_catalog_with_its_base(folder: Path) -> None:
    adapter = folder / "tuned" / "adapter.gguf"
    assert resolve_candidates(None, None, folder) == {
        "mine": (folder / "m.gguf", adapter),
        BASE: (folder / "m.gguf", None),
    }


def test_a_candidate_is_measured_beside_what_serves(folder: Path) -> None:
    adapter = folder / "tuned" / "adapter.gguf"
    found = resolve_candidates(folder / "new.gguf", adapter, folder)
    assert found == {
        "tuned": (folder / "new.gguf", adapter),
        "mine": (folder / "m.gguf", adapter),
        BASE: (folder / "new.gguf", None),
    }
    assert "mine" not in resolve_candidates(folder / "new.gguf", adapter, folder, floor=False, current=False)


def test_an_adapter_without_its_model_is_refused(folder: Path) -> None:
    with pytest.raises(ModelFileError, match="an adapter needs --model"):
        resolve_candidates(None, folder / "tuned" / "adapter.gguf", folder)


def test_a_file_that_goes_before_the_catalog_is_what_a_candidate_is_measured_beside(folder: Path) -> None:
    serving = folder / "m.gguf"
    assert resolve_candidates(None, None, folder, serving=serving, floor=False) == {"m": (serving, None)}
    found = resolve_candidates(folder / "new.gguf", None, folder, serving=serving, floor=False)
    assert found == {"new": (folder / "new.gguf", None), "m": (serving, None)}


def test_two_files_of_one_name_are_both_measured_and_told_apart(folder: Path) -> None:
    (folder / "other").mkdir()
    again = folder / "other" / "mine.gguf"
    again.write_bytes(b"GGUF")
    found = resolve_candidates(again, None, folder, floor=False)
    assert found == {
        "mine": (again, None),
        "mine (serves)": (folder / "m.gguf", folder / "tuned" / "adapter.gguf"),
    }


@pytest.mark.parametrize("role", ["model", "serving"])
def test_a_model_that_is_not_there_is_named(folder: Path, role: str) -> None:
    files = {"model": folder / "new.gguf", "serving": folder / "m.gguf", role: folder / "none.gguf"}
    with pytest.raises(ModelFileError, match=r"none\.gguf: no such file; a GGUF model is needed"):
        resolve_candidates(files["model"], None, folder, serving=files["serving"], floor=False)
