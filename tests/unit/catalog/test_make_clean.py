"""``make clean`` takes what set-up made anew, and nothing that an operator chose or brought."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from models.catalog.embedded import EMBEDDED_FILE
from models.catalog.registry import REGISTRY_FILE
from models.catalog.resolve import baked_file, shipped_adapter

ROOT = Path(__file__).resolve().parents[3]


def clean(folder: Path) -> list[str]:
    """Runs it in ``folder``; the files that are left."""
    shutil.copy(ROOT / "Makefile", folder)
    subprocess.run(["make", "-C", str(folder), "clean"], check=True, stdout=subprocess.DEVNULL)
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.name != "Makefile")


def test_the_catalog_and_the_models_of_others_stay(tmp_path: Path) -> None:
    models = tmp_path / "build" / "models"
    models.mkdir(parents=True)
    (tmp_path / "build" / "vocab").mkdir()
    adapter = shipped_adapter()
    assert adapter is not None
    baked = baked_file(models, adapter)
    for file in (models / EMBEDDED_FILE, baked, baked.with_name(f"{baked.name}.sha256")):
        file.touch()
    for name in (REGISTRY_FILE, "mine.gguf"):
        (models / name).touch()

    assert clean(tmp_path) == ["build", "build/models", "build/models/catalog.json", "build/models/mine.gguf"]


def test_where_nobody_chose_a_model_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "build" / "models").mkdir(parents=True)
    (tmp_path / "build" / "models" / EMBEDDED_FILE).touch()

    assert clean(tmp_path) == []
    assert clean(tmp_path) == []
