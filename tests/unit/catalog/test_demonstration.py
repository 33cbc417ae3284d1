"""The label of the demonstration stays on the embedded model, whatever it is called and wherever it is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from gguf import GGUFWriter

from models.catalog import demonstration
from models.catalog.demonstration import BASE_KEY, ROOT_KEY, is_demonstration
from models.catalog.embedded import EMBEDDED_BYTES, EMBEDDED_FILE, EMBEDDED_SHA256, default_models_dir
from models.catalog.registry import Entry, Registry, describe, write_registry
from models.catalog.resolve import resolve_lineup, resolve_model
from models.catalog.trial import Trial

EMBEDDED = default_models_dir() / EMBEDDED_FILE


@pytest.fixture
def model(tmp_path: Path) -> Callable[..., Path]:
    def write(name: str, **made: str) -> Path:
        writer = GGUFWriter(tmp_path / name, "llama")
        for key, value in made.items():
            writer.add_string(key, value)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return tmp_path / name

    return write


def test_the_embedded_file_is_a_demonstration_under_any_name_path_and_catalog(tmp_path: Path) -> None:
    assert EMBEDDED.stat().st_size == EMBEDDED_BYTES
    (tmp_path / "clinic.gguf").symlink_to(EMBEDDED)
    entry = describe("clinic", tmp_path / "clinic.gguf")
    write_registry(tmp_path, Registry((entry,)).using("clinic"))

    assert resolve_model(str(tmp_path / "clinic.gguf"), tmp_path).demonstration
    assert resolve_model(None, tmp_path).demonstration


@pytest.mark.parametrize("key", [BASE_KEY, ROOT_KEY])
def test_what_was_made_of_the_embedded_model_is_one_in_service_and_on_trial(
    tmp_path: Path, model: Callable[..., Path], key: str
) -> None:
    made, other = model("mine.gguf", **{key: EMBEDDED_SHA256}), model("other.gguf", **{key: "0" * 64})
    entries = tuple(describe(path.stem, path) for path in (made, other))
    write_registry(tmp_path, Registry(entries).using("other").trying(Trial("mine", 0.5)))

    assert resolve_model(str(made), tmp_path).demonstration
    assert not resolve_model(str(other), tmp_path).demonstration
    lineup = resolve_lineup(None, tmp_path)
    assert lineup.candidate is not None
    assert (lineup.current.demonstration, lineup.candidate.demonstration) == (False, True)


def test_a_file_of_another_size_is_not_hashed(
    model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def hashed(path: Path) -> str:
        raise AssertionError(path)

    monkeypatch.setattr(demonstration, "sha256_of", hashed)
    assert not is_demonstration(model("other.gguf"))


def test_a_file_that_cannot_be_read_is_left_to_the_loading_of_it(tmp_path: Path) -> None:
    (tmp_path / "m.gguf").write_bytes(b"GGUF")
    write_registry(tmp_path, Registry((Entry("mine", str(tmp_path / "m.gguf"), "0" * 64),)).using("mine"))
    assert not resolve_model(None, tmp_path).demonstration
