"""What is recorded with an adapter, so that the gate knows all that it was trained on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.catalog.trained import TRAINED_BASE_KEY, Training, trainings_of
from models.errors import ModelFileError
from training.average import CONFIG, WEIGHTS
from training.export import check_base
from training.run_record import RECORD, base_record, build_record, read_record, start_record, write_record
from training.settings import TrainSettings

SHIPPED = Path(__file__).resolve().parents[3] / "training" / "adapters" / "progress-note-2" / RECORD


def data(digit: str) -> dict[str, object]:
    return {"files": [{"name": "s.csv", "sha256": digit * 64}], "split_seed": 0, "transcripts": [digit * 16]}


def adapter(folder: Path, record: dict[str, object] | None = None, **config: object) -> Path:
    folder.mkdir()
    (folder / CONFIG).write_text(json.dumps({"r": 16, "lora_alpha": 32, **config}))
    (folder / WEIGHTS).write_bytes(folder.name.encode())
    if record is not None:
        write_record(folder, record)
    return folder


def recorded(origin: dict[str, object], start: dict[str, object] | None = None) -> dict[str, object]:
    return build_record(
        base={}, settings=TrainSettings(), origin=origin, sessions=1, losses={}, seconds=1, device="cpu", start=start
    )


def test_an_adapter_that_went_on_from_others_says_all_that_it_was_trained_on(tmp_path: Path) -> None:
    first = adapter(tmp_path / "first", recorded(data("a")))
    second = adapter(tmp_path / "second", recorded(data("b"), start_record(first, 16, 32.0)))

    third = recorded(data("c"), start_record(second, 16, 32.0))

    assert trainings_of(third) == [Training((one * 64,), 0, "", (one * 16,)) for one in "cba"]
    assert trainings_of(recorded(data("c"), start_record(adapter(tmp_path / "other"), 16, 32.0))) == [
        Training(("c" * 64,), 0, "", ("c" * 16,))
    ]


def test_an_adapter_is_exported_for_the_base_that_its_record_names_by_hash(tmp_path: Path) -> None:
    base, other = tmp_path / "base.gguf", tmp_path / "other.gguf"
    base.write_bytes(b"GGUF base")
    other.write_bytes(b"GGUF other")
    record = {"base": base_record(base)}

    assert check_base(tmp_path, record, base) == {TRAINED_BASE_KEY: record["base"]["sha256"]}
    assert check_base(tmp_path, {}, other) == {}
    with pytest.raises(ModelFileError, match=r"trained on base\.gguf, .*other\.gguf is another one by its hash"):
        check_base(tmp_path, record, other)


def test_the_record_of_before_such_things_were_kept_is_read() -> None:
    [training] = trainings_of(read_record(SHIPPED))
    assert (len(training.files), training.transcripts) == (2, ())


def test_what_is_no_folder_of_an_adapter_or_of_another_rank_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"mistyped: not the folder of an adapter: it must hold adapter_config"):
        start_record(tmp_path / "mistyped", 16, 32.0)
    other = adapter(tmp_path / "other", r=8)
    with pytest.raises(ModelFileError, match=r"rank 8 and alpha 32, the settings say 16 and 32: --set rank=8"):
        start_record(other, 16, 32.0)
    (other / WEIGHTS).unlink()
    with pytest.raises(ModelFileError, match="cannot be read"):
        start_record(other, 8, 32.0)
