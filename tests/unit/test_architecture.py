"""The rules of the house that a reader would otherwise have to check by eye."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Who may import whom. `training -> models <- server -> events`.
MAY_IMPORT = {
    "models": {"models"},
    "events": {"events"},
    "server": {"server", "models", "events", "training"},
    "training": {"training", "models"},
}

# Libraries that only some files may know.
ONLY_IN = {
    "llama_cpp": ("models/engine/runner.py", "models/bench/", "models/catalog/bake.py", "training/"),
    "nats": ("events/", "server/demo.py"),
    "sqlcipher3": ("server/db/driver.py",),
    "torch": ("training/",),
    "transformers": ("training/",),
    "peft": ("training/",),
}


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_point_one_way(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(package)
        for name in imports_of(path)
        if name.split(".")[0] in MAY_IMPORT and name.split(".")[0] not in MAY_IMPORT[package]
    ]

    assert wrong == []


def test_only_the_command_line_reaches_into_training() -> None:
    reaching = {
        path.relative_to(ROOT).as_posix()
        for path in sources("server")
        if any(name.split(".")[0] == "training" for name in imports_of(path))
    }

    assert reaching <= {"server/cli.py"}


@pytest.mark.parametrize("library", ONLY_IN)
def test_each_library_stays_behind_its_adapter(library: str) -> None:
    found = [
        path.relative_to(ROOT).as_posix()
        for package in MAY_IMPORT
        for path in sources(package)
        if any(name.split(".")[0] == library for name in imports_of(path))
    ]

    assert [path for path in found if not path.startswith(ONLY_IN[library])] == []


def test_only_the_settings_and_the_command_line_read_the_environment() -> None:
    allowed = {"server/settings.py", "server/supervisor.py", "server/wiring/worker.py"}
    reading = {
        path.relative_to(ROOT).as_posix()
        for path in sources("server")
        if "os.environ" in path.read_text(encoding="utf-8") or "os.getenv" in path.read_text(encoding="utf-8")
    }

    assert reading <= allowed


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_every_module_says_what_it_owns(package: str) -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sources(package)
        if path.read_text(encoding="utf-8").strip()
        and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
        and "migrations/versions" not in path.as_posix()
    ]

    assert silent == []


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_no_module_has_grown_past_four_hundred_lines(package: str) -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in sources(package)
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }

    assert long == {}
