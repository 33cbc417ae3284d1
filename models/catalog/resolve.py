"""Which model serves: the one that is configured, else the embedded one with the product's own adapter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from models.catalog.embedded import EMBEDDED_FILE, EMBEDDED_NAME
from models.errors import ModelFileError

ADAPTERS = Path(__file__).resolve().parents[2] / "training" / "adapters"


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """A model's files. ``demonstration``: its text shows the product, and is not for clinical use."""

    path: Path
    name: str
    adapter_path: Path | None
    adapter_name: str | None
    demonstration: bool


def resolve_model(path: str | None, folder: Path) -> ResolvedModel:
    """The model at ``path``, or the embedded one in ``folder``. Raises ``ModelFileError``."""
    if path:
        file = Path(path)
        if not file.is_file():
            raise ModelFileError("there is no such file; it must be a GGUF file")
        return ResolvedModel(file, file.stem, None, None, demonstration=False)
    file = folder / EMBEDDED_FILE
    if not file.is_file():
        raise ModelFileError(f"the embedded model is not set up: run 'make setup' (it fetches {EMBEDDED_FILE})")
    adapter = next(iter(sorted(ADAPTERS.glob("*/adapter.gguf"))), None)
    return ResolvedModel(file, EMBEDDED_NAME, adapter, adapter.parent.name if adapter else None, demonstration=True)
