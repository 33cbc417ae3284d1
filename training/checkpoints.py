"""Checkpoints of a training run: written beside the old one and put in its place at once, so that a kill at any
moment leaves the old or the new."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_NAME = "checkpoint.pt"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything the next step depends on. ``step`` counts the steps that are done."""

    step: int
    losses: tuple[float, ...]
    weights: Mapping[str, Any]
    mean: Mapping[str, Any]
    optimizer: Mapping[str, Any]
    generators: Mapping[str, Any] = field(default_factory=dict)


def _generators() -> dict[str, Any]:
    import torch

    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    return states


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Saves it, together with the state of torch's random generators."""
    import torch

    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / (_NAME + ".part")
    state = {
        "step": checkpoint.step,
        "losses": list(checkpoint.losses),
        "weights": dict(checkpoint.weights),
        "mean": dict(checkpoint.mean),
        "optimizer": dict(checkpoint.optimizer),
        "generators": _generators(),
    }
    with draft.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / _NAME)


def load_checkpoint(folder: Path) -> Checkpoint | None:
    """The last checkpoint of a folder, None if there is none; torch's random generators go on from its state."""
    import torch

    path = folder / _NAME
    if not path.is_file():
        return None
    # weights_only: a checkpoint is data, never a program.
    state = torch.load(path, map_location="cpu", weights_only=True)
    torch.set_rng_state(state["generators"]["cpu"])
    if "cuda" in state["generators"] and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["generators"]["cuda"])
    return Checkpoint(**{**state, "losses": tuple(state["losses"])})
