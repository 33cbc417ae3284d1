"""The card of a model: what it is, how it was made, how well it does, of the right file and without session text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from gguf import GGUFWriter

from models.catalog.demonstration import BASE_KEY
from models.catalog.embedded import EMBEDDED_SHA256
from models.catalog.resolve import shipped_adapter
from models.errors import ModelFileError
from training.model_card import near, write_card
from training.score_files import Identity, MeasuredOn, ScoreFile, identity_of

DATA = MeasuredOn("sessions.csv", "d" * 64, "", "test", 0, False, False, 8)
PARTS = {part: {f"secret-{n}": 0.4 for n in range(8)} for part in ("summary", "risk")}


def gguf(path: Path, **values: str) -> Path:
    writer = GGUFWriter(path, "llama")
    for key, value in {"general.license": "MIT", "general.base_model.0.name": "Phi", **values}.items():
        writer.add_string(key, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def scores(files: Identity) -> ScoreFile:
    floor = {"summary": {f"secret-{n}": 0.2 for n in range(8)}}
    return ScoreFile(DATA, {"mine": files}, {"another session's note": floor, "mine": PARTS})


def test_a_card_says_what_the_file_is_how_it_was_made_and_how_well_it_does(tmp_path: Path) -> None:
    model = gguf(tmp_path / "clinic.gguf")
    record = {
        "base": {"name": "phi.gguf"},
        "data": {"files": [{"name": "ours.csv", "sha256": "e" * 64, "repeat": 2}], "split_seed": 0},
        "sessions": 412,
        "runs": {"1": {"steps": 9}, "2": {"steps": 9}},
        "settings": {"rank": 16},
        "versions": {"torch": "2"},
    }
    (tmp_path / "clinic").mkdir()
    (tmp_path / "clinic" / "run.json").write_text(json.dumps(record))

    text = write_card(model, scores=scores(identity_of(model))).read_text()

    assert text.startswith('---\nbase_model: "Phi"\nlicense: "MIT"\n')
    assert identity_of(model).sha256 in text
    assert "| sessions of | ours.csv (2 times in an epoch), SHA-256 eeee" in text
    assert "| runs averaged | seed 1, seed 2 |" in text
    assert "| settings | rank 16 |" in text
    assert "| mine (this one) | 0.400 [0.400, 0.400] | 0.400 [0.400, 0.400] |" in text
    assert "| another session's note | 0.200 [0.200, 0.200] | – |" in text
    assert "secret" not in text
    assert "demonstration" not in text


def test_a_card_of_what_is_not_known_says_so(tmp_path: Path) -> None:
    text = write_card(gguf(tmp_path / "m.gguf")).read_text()
    assert "No record of a training lies beside the file." in text
    assert "Not measured: " in text


def test_the_card_of_a_demonstration_says_that_it_is_one(tmp_path: Path) -> None:
    text = write_card(gguf(tmp_path / "m.gguf", **{BASE_KEY: EMBEDDED_SHA256})).read_text()
    assert "**A demonstration model: " in text


def test_an_adapter_is_known_in_scores_where_it_lay_beside_its_base(tmp_path: Path) -> None:
    adapter = gguf(tmp_path / "a.gguf")
    beside = Identity("b" * 64, identity_of(adapter).sha256)
    assert "| mine (this one) |" in write_card(adapter, scores=scores(beside)).read_text()


def test_scores_of_another_file_do_not_get_onto_a_card(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="the scores are of other files: mine"):
        write_card(gguf(tmp_path / "m.gguf"), scores=scores(Identity("0" * 64)))
    assert not (tmp_path / "m.md").exists()


def test_the_record_of_the_shipped_adapter_makes_a_card(tmp_path: Path) -> None:
    adapter = shipped_adapter()
    assert adapter is not None
    text = write_card(gguf(tmp_path / "m.gguf"), near(adapter)).read_text()
    assert "| held out | nothing was held out |" in text
    assert "name SmolLM2-135M-Instruct.Q4_1.gguf, sha256 b179c9523d0e" in text
    assert "**A demonstration model: " in text
    assert "psychotherapy_train.csv (2 times in an epoch)" in text
