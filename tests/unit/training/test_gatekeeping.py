"""Scores speak for a model at the gate only where they are of its file, on sessions that were held out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models.catalog.trained import Training, from_text, to_text, training_of
from models.errors import ModelFileError
from training.gatekeeping import remarks, verdict_of
from training.score_files import Identity, MeasuredOn, ScoreFile, read_scores, write_scores

NEW, SERVING, OTHER = Identity("a" * 64), Identity("b" * 64, "c" * 64), Identity("b" * 64)
DATA = MeasuredOn("sessions.csv", "d" * 64, "", "test", 0, False, False, 8)
PARTS = {part: {str(n): 0.4 for n in range(8)} for part in ("summary", "risk")}
FILE = ScoreFile(DATA, {"new": NEW, "old": SERVING}, {"new": PARTS, "old": PARTS, "another session's note": PARTS})


def test_scores_are_read_as_they_were_written(tmp_path: Path) -> None:
    assert read_scores(write_scores(tmp_path, FILE)) == FILE


def test_models_are_found_by_their_files_whatever_they_are_called() -> None:
    assert verdict_of(FILE, NEW, SERVING).passes
    assert verdict_of(FILE, NEW, SERVING, ("new", "old")).passes


def test_scores_of_another_file_are_refused_also_under_the_right_name() -> None:
    with pytest.raises(ModelFileError, match=r"not of the candidate's file \(bbbbbbbbbbbb\): they are of new \(aaaa"):
        verdict_of(FILE, OTHER, SERVING, ("new", ""))
    with pytest.raises(ModelFileError, match="not of the file that serves"):
        verdict_of(FILE, NEW, OTHER)
    with pytest.raises(ModelFileError, match="hold no model 'x', they hold new, old"):
        verdict_of(FILE, NEW, SERVING, ("x", ""))


def test_scores_of_sessions_that_may_have_been_trained_on_are_refused() -> None:
    whole = replace(DATA, part="all")
    with pytest.raises(ModelFileError, match=r"all sessions of sessions\.csv, trained on or not"):
        verdict_of(replace(FILE, data=whole), NEW, SERVING)
    assert verdict_of(replace(FILE, data=replace(whole, unseen=True)), NEW, SERVING).passes


def test_a_file_that_does_not_say_what_it_measured_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    path.write_text(json.dumps({"new": PARTS, "old": PARTS}))
    with pytest.raises(ModelFileError, match="does not say which files it measured: run 'casenote evaluate' again"):
        read_scores(path)
    path.write_text("{")
    with pytest.raises(ModelFileError, match="not the scores of an evaluation"):
        read_scores(path)


def test_a_gate_that_judged_no_section_says_so() -> None:
    assert remarks(["summary", "risk"]) == []
    assert remarks(["summary"])[0].startswith("no section was measured, only summary: ")
    assert remarks([])[0].startswith("no section was measured, only nothing: ")


def test_where_nothing_was_measured_nothing_passes() -> None:
    empty = replace(FILE, scores={"new": {}, "old": {}})
    assert verdict_of(empty, NEW, SERVING).refusals == ("nothing was measured of the model that serves",)


@pytest.mark.parametrize(
    ("training", "part", "seen"),
    [
        (Training(("d" * 64,), 0), "test", False),
        (Training(("d" * 64,), 0), "valid", False),
        (Training(("d" * 64,), 0), "all", True),
        (Training(("d" * 64,), 1), "test", True),
        (Training(("d" * 64,), None), "test", True),
        (Training(("d" * 64,), 0, "0/5"), "0/5", False),
        (Training(("d" * 64,), 0, "0/5"), "1/5", True),
        (Training(("d" * 64,), 0, "0/5"), "test", True),
        (Training(("e" * 64, "d" * 64), 0), "test", True),
        (Training(("e" * 64,), None), "all", False),
        (Training(("d" * 64,), 0, "0/5,1/5"), "0/5", False),
        (Training(("d" * 64,), 0, "0/5,1/5"), "1/5,0/5", False),
        (Training(("d" * 64,), 0, "0/5,1/5"), "1/5,2/5", True),
    ],
)
def test_scores_of_what_the_candidate_itself_says_it_was_trained_on_are_refused(
    training: Training, part: str, seen: bool
) -> None:
    file = replace(FILE, data=replace(DATA, part=part, unseen=True))
    if not seen:
        assert verdict_of(file, NEW, SERVING, trained=[training]).passes
        return
    with pytest.raises(ModelFileError, match="was trained on sessions it was measured on"):
        verdict_of(file, NEW, SERVING, trained=[training])


def test_a_session_that_was_trained_on_is_known_again_in_a_file_that_grew_or_was_saved_again() -> None:
    measured = replace(FILE, data=replace(DATA, sha256="f" * 64, part="all", unseen=True, transcripts=("1a", "2b")))
    before, other = Training(("d" * 64,), 0, "", ("2b", "3c")), Training(("d" * 64,), 0, "", ("3c",))

    with pytest.raises(ModelFileError, match="trained on 1 of the 8 sessions it was measured on"):
        verdict_of(measured, NEW, SERVING, trained=iter([before]))
    assert verdict_of(measured, NEW, SERVING, trained=[other]).passes


def test_records_of_before_transcripts_were_kept_are_judged_by_their_files(tmp_path: Path) -> None:
    path = write_scores(tmp_path, FILE)
    state = json.loads(path.read_text())
    del state["data"]["transcripts"]
    path.write_text(json.dumps(state))
    [old] = from_text('[{"files": ["' + "d" * 64 + '"], "fold": "", "split_seed": 0}]')

    assert read_scores(path) == FILE
    assert verdict_of(read_scores(path), NEW, SERVING, trained=[old]).passes
    assert old == Training(("d" * 64,), 0)


def test_what_a_model_was_trained_on_is_read_as_it_was_written_and_names_no_file() -> None:
    data: dict[str, Any] = {
        "files": [{"name": "clinic.csv", "sha256": "d" * 64, "repeat": 2}],
        "split_seed": 0,
        "fold": "0/5",
    }
    data["transcripts"] = ["1a", "2b"]
    training = training_of(data)
    assert training == Training(("d" * 64,), 0, "0/5", ("1a", "2b"))
    assert list(from_text(to_text([training, training]))) == [training]
    assert "clinic" not in to_text([training])
    assert list(from_text("[1]")) == []
    assert training_of({}) is None
