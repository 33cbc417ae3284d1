"""The settings of a training run, as they are recorded with it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# All linear layers: Llama and its kin; Phi-3 fuses the same seven matrices into four.
LLAMA_TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
PHI3_TARGETS = ("qkv_proj", "o_proj", "gate_up_proj", "down_proj")


class SettingsError(ValueError):
    """A setting out of its range; the message names it, what it was and what it may be."""


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """How an adapter is trained. ``branch_weights`` weigh the parts of the note in the loss (``*``: all others);
    ``average`` is the decay of a running mean of the adapter, 0 for none; ``batch`` counts sessions, each with all
    its branches. ``checkpoint_every`` counts optimizer steps. ``start_seed``
    draws the first weights of the adapter, ``seed`` the order of the sessions and what is dropped: runs of one
    ``start_seed`` may be averaged."""

    rank: int = 16
    alpha: float = 32.0
    dropout: float = 0.05
    learning_rate: float = 8e-4
    epochs: float = 5.0
    batch: int = 4
    warmup: float = 0.06
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    neftune: float = 0.0
    clip: float = 1.0
    average: float = 0.0
    prompt_weight: float = 0.0
    branch_weights: Mapping[str, float] = field(default_factory=lambda: {"*": 1.0})
    seed: int = 0
    start_seed: int = 0
    four_bit: bool = False
    checkpoint_every: int = 20

    def __post_init__(self) -> None:
        """Raises ``SettingsError``."""
        ranges: tuple[tuple[str, float, float], ...] = (
            ("rank", 1, 512),
            ("alpha", 1e-6, 4096),
            ("dropout", 0, 0.9),
            ("learning_rate", 1e-7, 1),
            ("epochs", 0.01, 1000),
            ("batch", 1, 4096),
            ("warmup", 0, 0.9),
            ("weight_decay", 0, 1),
            ("label_smoothing", 0, 0.9),
            ("neftune", 0, 100),
            ("clip", 1e-6, 1e6),
            ("average", 0, 0.99999),
            ("prompt_weight", 0, 1),
            ("checkpoint_every", 1, 1_000_000),
        )
        _check_types(self)
        for name, low, high in ranges:
            value = getattr(self, name)
            if not low <= value <= high:
                raise SettingsError(f"{name} is {value}, it may be from {low:g} to {high:g}")
        if not all(weight >= 0 for weight in self.branch_weights.values()):
            raise SettingsError("branch_weights holds a weight below 0, a part that is not to be learned has 0")
        if not any(weight > 0 for weight in self.branch_weights.values()):
            raise SettingsError("branch_weights gives no part of the note a weight above 0")

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


_KINDS = {"int": "a whole number", "float": "a number", "bool": "true or false"}


def _check_types(settings: TrainSettings) -> None:
    """JSON may hold anything. Raises ``SettingsError``."""
    for entry in dataclasses.fields(settings):
        value = getattr(settings, entry.name)
        if entry.name == "branch_weights":
            if not (isinstance(value, Mapping) and all(_is("float", weight) for weight in value.values())):
                raise SettingsError(
                    f'branch_weights is {json.dumps(value)}, it must hold a weight by part, as in {{"*": 1.0}}'
                )
        elif not _is(str(entry.type), value):
            raise SettingsError(f"{entry.name} is {json.dumps(value)}, it must be {_KINDS[str(entry.type)]}")


def _is(kind: str, value: object) -> bool:
    if kind == "bool" or isinstance(value, bool):
        return kind == "bool" and isinstance(value, bool)
    return isinstance(value, int) or (kind == "float" and isinstance(value, float))


def seeds_from(text: str) -> list[int]:
    """The seeds of ``1,2,3``, none of "". Raises ``SettingsError``."""
    names = [name.strip() for name in text.split(",")] if text.strip() else []
    if not all(name.isascii() and name.isdecimal() for name in names) or len(set(map(int, names))) < len(names):
        raise SettingsError(f"--seeds {text}: must be whole numbers, each once, as in 1,2,3")
    return [int(name) for name in names]


def settings_from(values: Mapping[str, Any]) -> TrainSettings:
    """Settings from names and values; names left out keep their defaults. Raises ``SettingsError``."""
    known = {entry.name for entry in dataclasses.fields(TrainSettings)}
    if unknown := sorted(set(values) - known):
        raise SettingsError(f"{', '.join(unknown)}: not known, it may be {', '.join(sorted(known))}")
    return TrainSettings(**values)


def read_settings(path: Path) -> TrainSettings:
    """Settings from a JSON file. Raises ``SettingsError``."""
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise SettingsError(f"{path}: not a JSON file of settings: {error}") from error
    if not isinstance(loaded, dict):
        raise SettingsError(f"{path}: must hold one JSON object of settings")
    return settings_from(loaded.get("settings", loaded))
