"""The mean of adapters that began from the same weights: one adapter, as large as each, and steadier than any.

Runs that differ only in the order of sessions and in what was dropped end in one basin (Wortsman et al., "Model
soups", 2022), so the mean of their halves is a good adapter; of runs with different first weights it would not be.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"


def average_adapters(folders: Sequence[Path], target: Path) -> Path:
    """Writes the mean of the adapters in ``folders`` to ``target``. Raises ``ValueError`` when they do not match."""
    from safetensors.torch import load_file, save_file

    if not folders:
        raise ValueError("no adapters to average: at least one folder is needed")
    total: dict[str, Any] = {}
    for folder in folders:
        weights = load_file(folder / WEIGHTS)
        if total and {name: w.shape for name, w in weights.items()} != {name: w.shape for name, w in total.items()}:
            raise ValueError(f"{folder}: its layers or rank differ from those of {folders[0]}")
        for name, weight in weights.items():
            total[name] = total[name] + weight.float() if name in total else weight.float()
    target.mkdir(parents=True, exist_ok=True)
    save_file({name: (weight / len(folders)).contiguous() for name, weight in total.items()}, target / WEIGHTS)
    shutil.copyfile(folders[0] / CONFIG, target / CONFIG)
    return target
