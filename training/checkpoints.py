"""Checkpoints of a training run: written beside the old one and put in its place at once, so that a kill at any
moment leaves the old or the new. Each says of what its run is made; another run does not go on from it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from training.fingerprint import differences

_NAME = "checkpoint.pt"
_WAYS_OUT = "--fresh begins anew, another --out leaves it as it is"


class CheckpointError(ValueError):
    """A checkpoint that the run may not go on from; the message names its folder, why, and what would be right."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything the next step depends on. ``step`` counts the steps that are done; ``made_of`` is the run's
    ``fingerprint``."""

    step: int
    losses: tuple[float, ...]
    weights: Mapping[str, Any]
    mean: Mapping[str, Any]
    optimizer: Mapping[str, Any]
    made_of: Mapping[str, str]
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
        "made_of": dict(checkpoint.made_of),
        "generators": _generators(),
    }
    with draft.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / _NAME)


def load_checkpoint(folder: Path, made_of: Mapping[str, str]) -> Checkpoint | None:
    """The last checkpoint of a folder, None if there is none; torch's random generators go on from its state.

    Raises ``CheckpointError`` where it belongs to a run that is made of something else than ``made_of``."""
    import torch

    state = _read(folder)
    if state is None:
        return None
    _compare(folder, state.get("made_of"), made_of)
    torch.set_rng_state(state["generators"]["cpu"])
    if "cuda" in state["generators"] and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["generators"]["cuda"])
    return Checkpoint(**{**state, "losses": tuple(state["losses"])})


def check_checkpoint(folder: Path, made_of: Mapping[str, str]) -> None:
    """Raises ``CheckpointError`` where ``load_checkpoint`` would, before anything is loaded to train on."""
    if (state := _read(folder)) is not None:
        _compare(folder, state.get("made_of"), made_of)


def discard_checkpoint(folder: Path) -> None:
    """Takes the checkpoint of a folder away, so that a run begins anew and no later one goes on from it."""
    (folder / _NAME).unlink(missing_ok=True)


def _read(folder: Path) -> dict[str, Any] | None:
    import torch

    path = folder / _NAME
    if not path.is_file():
        return None
    try:
        # weights_only: a checkpoint is data, never a program.
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, UnpicklingError) as error:
        raise CheckpointError(f"{path}: cannot be read as a checkpoint: {_WAYS_OUT}") from error
    return dict(state)


def _compare(folder: Path, before: Mapping[str, str] | None, now: Mapping[str, str]) -> None:
    if before is None:
        raise CheckpointError(
            f"{folder}: its checkpoint does not say of which examples, base and settings it is made: {_WAYS_OUT}"
        )
    if others := differences(before, now):
        raise CheckpointError(f"{folder}: its checkpoint was made with {', '.join(others)}: {_WAYS_OUT}")
