"""Which model serves: the one that is configured, else the embedded one with the product's own adapter."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from models.catalog.demonstration import ADAPTER_KEY, BASE_KEY, is_demonstration
from models.catalog.embedded import EMBEDDED_FILE, EMBEDDED_NAME, EMBEDDED_SHA256
from models.catalog.files import sha256_of
from models.catalog.registry import BUILT_IN, Entry, read_registry
from models.catalog.trial import Trial
from models.engine.gguf_file import read_head
from models.errors import ModelFileError

ADAPTERS = Path(__file__).resolve().parents[2] / "training" / "adapters"


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """A model's files. ``adapter_path`` is None when the adapter is baked in, or there is none. ``demonstration``:
    its text shows the product, and is not for clinical use. ``sha256`` is that of the catalog, where it is there."""

    path: Path
    name: str
    adapter_path: Path | None
    adapter_name: str | None
    demonstration: bool
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Lineup:
    """The models in service: the current one, and the candidate of ``trial`` where one is on trial."""

    current: ResolvedModel
    candidate: ResolvedModel | None = None
    trial: Trial | None = None


def shipped_adapter(adapters: Path = ADAPTERS) -> Path | None:
    """The product's own adapter for the embedded model."""
    return next(iter(sorted(adapters.glob("*/adapter.gguf"))), None)


def baked_file(folder: Path, adapter: Path) -> Path:
    """Where the embedded model with that adapter baked in lies."""
    return folder / f"{EMBEDDED_NAME}-{adapter.parent.name}-Q8_0.gguf"


def is_baked(file: Path, adapter: Path) -> bool:
    """Whether the file is the embedded model with exactly that adapter."""
    if not file.is_file():
        return False
    try:
        values = read_head(file).values
    except ModelFileError:
        return False
    return bool(values.get(BASE_KEY) == EMBEDDED_SHA256 and values.get(ADAPTER_KEY) == sha256_of(adapter))


def resolve_model(path: str | None, folder: Path, adapters: Path = ADAPTERS) -> ResolvedModel:
    """The model at ``path``, else the one that the folder's catalog names, else the embedded one: baked when set-up has
    done that, else with the adapter beside it. Raises ``ModelFileError``."""
    if path:
        file = Path(path)
        if not file.is_file():
            raise ModelFileError("there is no such file; it must be a GGUF file")
        return ResolvedModel(file, file.stem, None, None, is_demonstration(file))
    return _of_name(read_registry(folder).current, folder, adapters)


def built_in_model(folder: Path, adapters: Path = ADAPTERS) -> ResolvedModel:
    """The embedded model with the product's own adapter. Raises ``ModelFileError`` where it is not set up."""
    adapter = shipped_adapter(adapters)
    if adapter is not None and is_baked(baked := baked_file(folder, adapter), adapter):
        return ResolvedModel(baked, EMBEDDED_NAME, None, adapter.parent.name, demonstration=True)
    file = folder / EMBEDDED_FILE
    if not file.is_file():
        raise ModelFileError(f"the embedded model is not set up: run 'make setup' (it fetches {EMBEDDED_FILE})")
    return ResolvedModel(file, EMBEDDED_NAME, adapter, adapter.parent.name if adapter else None, demonstration=True)


def resolve_lineup(path: str | None, folder: Path, adapters: Path = ADAPTERS) -> Lineup:
    """The models that serve: the one at ``path`` alone, else those of the folder's catalog. Raises
    ``ModelFileError``."""
    current = resolve_model(path, folder, adapters)
    trial = None if path else read_registry(folder).trial
    if trial is None:
        return Lineup(current)
    return Lineup(current, _of_name(trial.name, folder, adapters), trial)


def _of_name(name: str | None, folder: Path, adapters: Path) -> ResolvedModel:
    """A model of the catalog; None is the built-in one."""
    if name is None or name == BUILT_IN:
        return built_in_model(folder, adapters)
    return _of_entry(read_registry(folder).entry(name))


def _of_entry(entry: Entry) -> ResolvedModel:
    beside = Path(entry.adapter) if entry.adapter else None
    digest = entry.sha256 + (entry.adapter_sha256 or "")
    file = Path(entry.path)
    shows = is_demonstration(file, entry.sha256)
    return ResolvedModel(file, entry.name, beside, entry.name if beside else None, shows, digest)
