"""Another model while the service runs: chosen, taken back, refused, on the command line of an operator."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.catalog.built_in import built_in_entry
from models.catalog.embedded import EMBEDDED_FILE, default_models_dir
from models.catalog.registry import read_registry
from models.catalog.resolve import shipped_adapter
from tests.support.service import ROOT, Service, eventually, running_service
from tests.support.stream import Event, read_stream, shown
from tests.support.transcripts import SHORT_SESSION, sample_transcript
from training.score_files import Identity, MeasuredOn, ScoreFile, write_scores


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A catalog of its own over the models that set-up made."""
    models = tmp_path / "models"
    models.mkdir()
    for file in default_models_dir().glob("*.gguf"):
        (models / file.name).symlink_to(file)
    return models


@pytest.fixture
def service(tmp_path: Path, folder: Path) -> Iterator[Service]:
    with running_service(tmp_path / "service", CASENOTE_MODELS=str(folder)) as running:
        yield running


def model(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "server", "model", *arguments, "--folder", str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def scores(folder: Path, path: Path, candidate: float) -> Path:
    """Scores of ``beside`` and the built-in model, in folder ``path``."""
    parts = {part: {str(n): 0.4 for n in range(8)} for part in ("summary", "risk")}
    worse = parts | {"risk": {str(n): candidate for n in range(8)}}
    entries = {"beside": read_registry(folder).entry("beside"), "built in": built_in_entry(folder)}
    files = {name: Identity(entry.sha256, entry.adapter_sha256 or "") for name, entry in entries.items()}
    data = MeasuredOn("sessions.csv", "0" * 64, "", "test", 0, False, False, 8)
    return write_scores(path, ScoreFile(data, files, {"beside": worse, "built in": parts}))


def written_by(service: Service, session_id: int) -> str:
    return str(service.note_of(session_id)["model"]["sha256"])


def test_a_rollback_in_the_middle_of_a_note_loses_nothing(service: Service, folder: Path, tmp_path: Path) -> None:
    built_in = service.wait_ready()["model_name"]
    adapter = shipped_adapter()
    assert adapter is not None
    assert model(folder, "add", "beside", str(folder / EMBEDDED_FILE), "--adapter", str(adapter)).returncode == 0
    measured = scores(folder, tmp_path, 0.4)
    used = model(folder, "use", "beside", "--scores", str(measured))
    assert used.returncode == 0, used.stderr
    eventually(lambda: service.wait_ready()["model_name"] != built_in, within=60, what="the chosen model")

    session_id = service.create(sample_transcript("panic-on-the-train"))
    service.close(session_id)
    seen: list[Event] = []
    reader = threading.Thread(target=lambda: seen.extend(read_stream(service.base, session_id)))
    reader.start()
    read_stream(service.base, session_id, at_most=8)
    assert model(folder, "rollback").returncode == 0
    reader.join(120)
    eventually(lambda: service.wait_ready()["model_name"] == built_in, within=60, what="the model of before")
    later = service.create(SHORT_SESSION)
    service.close(later)

    note, shows = service.note_of(session_id), shown(seen)
    texts = {section: text for section, text in shows.sections.items() if section != "summary"}
    assert {section["id"]: section["text"] for section in note["sections"]} == texts
    assert {event.data["attempt"] for event in seen if event.event == "status"} == {1}
    assert len(service.revisions(session_id)) == 1
    assert note["fallback"] is False
    assert written_by(service, session_id) != written_by(service, later)


def test_a_candidate_on_trial_writes_and_is_compared_with_the_model_that_serves(
    service: Service, folder: Path, tmp_path: Path
) -> None:
    adapter = shipped_adapter()
    assert adapter is not None
    assert model(folder, "add", "beside", str(folder / EMBEDDED_FILE), "--adapter", str(adapter)).returncode == 0
    measured = scores(folder, tmp_path, 0.4)
    before = service.create(SHORT_SESSION)
    service.close(before)
    usual = written_by(service, before)

    tried = model(folder, "trial", "beside", "--share", "1", "--scores", str(measured))
    assert tried.returncode == 0, tried.stderr

    def by_the_candidate() -> bool:
        session_id = service.create(SHORT_SESSION)
        service.close(session_id)
        return written_by(service, session_id) != usual

    eventually(by_the_candidate, within=120, what="a note by the candidate")
    assert model(folder, "end-trial").returncode == 0
    eventually(lambda: not by_the_candidate(), within=120, what="a note by the model that serves")
    compared = subprocess.run(
        [sys.executable, "-m", "server", "model", "outcomes"],
        cwd=ROOT,
        env={**os.environ, "CASENOTE_HOME": str(service.home), "DATABASE_URL": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert compared.returncode == 0, compared.stderr
    rows = [line for line in compared.stdout.splitlines() if line.startswith("| ") and "(" in line]
    assert {row.split(" (")[1][:8] for row in rows} >= {usual[:8]}
    assert len({row.split(" | ")[0] for row in rows}) == 2


def test_a_worse_candidate_is_refused_with_the_part_that_is_worse_and_nothing_changes(
    folder: Path, tmp_path: Path
) -> None:
    assert model(folder, "add", "beside", str(folder / EMBEDDED_FILE)).returncode == 0
    catalog = (folder / "catalog.json").read_bytes()

    refused = model(folder, "use", "beside", "--scores", str(scores(folder, tmp_path, 0.3)))

    assert refused.returncode == 1
    assert "risk: worse by 0.100" in refused.stderr
    assert (folder / "catalog.json").read_bytes() == catalog
