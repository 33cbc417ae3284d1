"""What is recorded with an adapter: of which data, base, settings and versions it was made, and what its loss was."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models.catalog.files import replacing, sha256_of
from models.catalog.trained import to_text, trainings_of
from models.errors import ModelFileError
from models.prompts import PROMPT_VERSION
from training.average import CONFIG, WEIGHTS
from training.settings import TrainSettings

RECORD = "run.json"
_PACKAGES = ("torch", "transformers", "peft", "safetensors", "bitsandbytes", "llama-cpp-python", "gguf")


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that matter, those that are installed."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def base_record(base: Path) -> dict[str, str]:
    """The name and hash of a base: of the file, or of the folder's configuration and weights."""
    if base.is_dir():
        parts = [base / "config.json", *sorted(base.glob("*.safetensors"))]
        return {"name": base.name, **{part.name: sha256_of(part) for part in parts if part.is_file()}}
    return {"name": base.name, "sha256": sha256_of(base)}


def start_record(start: Path, rank: int, alpha: float) -> dict[str, Any]:
    """The adapter that a run goes on from: its name, the hash of its weights, and what it was trained on, as far as
    its own record says. Raises ``ModelFileError`` unless the folder holds an adapter of that rank and alpha."""
    try:
        config = json.loads((start / CONFIG).read_text(encoding="utf-8"))
        found = config["r"], config["lora_alpha"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"{start}: not the folder of an adapter: it must hold {CONFIG} and {WEIGHTS}") from error
    if found != (rank, alpha):
        raise ModelFileError(
            f"{start}: an adapter of rank {found[0]} and alpha {found[1]}, the settings say {rank} and {alpha:g}: "
            f"--set rank={found[0]} --set alpha={found[1]} goes on from it"
        )
    before = trainings_of(read_record(start / RECORD)) if (start / RECORD).is_file() else []
    return {
        "name": start.name,
        "sha256": sha256_of(start / WEIGHTS),
        "trained_on": json.loads(to_text(before) or "[]"),
    }


def build_record(
    *,
    start: Mapping[str, Any] | None = None,
    base: Mapping[str, str],
    settings: TrainSettings,
    origin: Mapping[str, Any],
    sessions: int,
    losses: Mapping[str, Sequence[float]],
    seconds: float,
    device: str,
) -> dict[str, Any]:
    """The record of a run, fit for JSON. ``base``: its ``base_record``; ``losses`` by run; of each the last twenty
    steps' mean is kept beside it. ``start``: the ``start_record`` of the adapter that it went on from, where it did."""
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "base": dict(base),
        "prompt_version": PROMPT_VERSION,
        "data": dict(origin),
        **({"start": dict(start)} if start else {}),
        "sessions": sessions,
        "settings": settings.to_dict(),
        "runs": {
            name: {"steps": len(run), "final_loss": round(sum(run[-20:]) / max(1, len(run[-20:])), 4)}
            for name, run in losses.items()
        },
        "seconds": round(seconds, 1),
        "device": device,
        "versions": versions(),
    }


def write_record(folder: Path, record: Mapping[str, Any]) -> Path:
    """Writes it to ``folder``, all or nothing."""
    path = folder / RECORD
    with replacing(path) as draft:
        draft.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return path


def read_record(path: Path) -> dict[str, Any]:
    """Reads what ``write_record`` wrote. Raises ``ModelFileError``."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelFileError(f"{path}: not the record of a training run: {error}") from error
    if not isinstance(record, dict):
        raise ModelFileError(f"{path}: not the record of a training run: it must hold one JSON object")
    return record
