"""An evaluation from end to end, on the model that set-up made: what it measures under which names."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from models.catalog.embedded import default_models_dir
from training.measuring import AFTER_CHECKS, Measuring, measure_models, resolve_candidates

SESSIONS = [
    {
        "id": f"s{number}",
        "transcript": "Therapist: What brings you in?\n"
        f"Patient: I sleep {word} hours a night since the divorce, and I worry about work all day.\n"
        "Therapist: Any thoughts of suicide?\nPatient: No, none.\n"
        "Therapist: Homework: a thought record each evening, and a fixed time to get up.\n"
        "Patient: I can do that.",
        "summary": f"Client reported {word} hours of sleep since the divorce. Homework: thought record, rising time.",
    }
    for number, word in enumerate(("four", "five"))
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "sessions.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in SESSIONS))
    return path


@pytest.mark.parametrize("whole", [False, True])
async def test_beside_what_a_model_wrote_stands_what_the_service_would_store(
    data: Path, tmp_path: Path, whole: bool
) -> None:
    candidates = resolve_candidates(None, None, default_models_dir(), floor=False)
    [name] = candidates

    said = await measure_models(candidates, Measuring(data, part="all", whole=whole, unseen=True), tmp_path / "report")

    assert [line.split(": ROUGE")[0].split(": rouge")[0] for line in said] == [name, f"{name}: {AFTER_CHECKS}"]
    scores = json.loads((tmp_path / "report" / "scores.json").read_text())
    assert {name, f"{name}: {AFTER_CHECKS}"} <= set(scores["scores"])
    assert set(scores["models"]) == {name}
    assert len(scores["data"]["transcripts"]) == scores["data"]["sessions"] == len(SESSIONS)


def test_a_part_without_a_session_is_refused_before_a_model_is_loaded(data: Path, tmp_path: Path) -> None:
    data.write_text("".join(json.dumps({**one, "consent": False}) + "\n" for one in SESSIONS))
    missing = {"mine": (tmp_path / "no.gguf", None)}
    with pytest.raises(ValueError, match=r"no usable session is left to measure on: .*, part all"):
        asyncio.run(measure_models(missing, Measuring(data, part="all"), tmp_path / "report"))
    assert not (tmp_path / "report").exists()


def test_a_consensus_of_whole_notes_is_refused_before_anything_is_written(data: Path) -> None:
    with pytest.raises(ValueError, match="--consensus is of the paragraph"):
        Measuring(data, whole=True, consensus=2)
