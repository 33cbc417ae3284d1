"""Files that hold text of sessions are their owner's alone."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from models.prompts import SUMMARY_ID
from tests.unit.training.test_report import evaluation
from training.consensus import write_sessions
from training.data import SessionRecord
from training.example_files import write_examples
from training.report import write_report

RECORD = SessionRecord("a", "Therapist: How was it?\nPatient: I slept badly.", "Client slept badly.")

WRITERS: dict[str, Callable[[Path], object]] = {
    "examples": lambda folder: write_examples(folder / "examples.jsonl", [], 2, {}),
    "the report of an evaluation": lambda folder: write_report(evaluation(), folder, "Evaluation"),
    "a consensus": lambda folder: write_sessions(folder / "c.jsonl", [RECORD], {("a", SUMMARY_ID): "Client slept."}),
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_what_holds_text_of_sessions_is_its_owners_alone(tmp_path: Path, write: Callable[[Path], object]) -> None:
    write(tmp_path)

    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
