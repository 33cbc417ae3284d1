"""The models a clinic knows: where each lies, its hash, source and licence, which one serves, which did before, and
which is on trial.

One JSON file in the models' folder, replaced as a whole. Nothing here loads a model.
"""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.catalog.files import check_gguf, check_sha256, replacing, sha256_of
from models.catalog.trial import Trial
from models.errors import ModelFileError

REGISTRY_FILE = "catalog.json"
BUILT_IN = "built-in"  # the product's own model, which every catalog has without an entry


@dataclass(frozen=True, slots=True)
class Entry:
    """A model by name. ``path`` is the GGUF; ``adapter`` a GGUF adapter to load beside it, or none."""

    name: str
    path: str
    sha256: str
    source: str = ""
    licence: str = ""
    adapter: str | None = None
    adapter_sha256: str | None = None

    @property
    def files(self) -> tuple[str, str | None]:
        """Its files by their hashes, wherever they lie."""
        return self.sha256, self.adapter_sha256


@dataclass(frozen=True, slots=True)
class Registry:
    """``current`` serves, the built-in default where it is None; ``history`` holds what served before, the last one
    last (None stands for the default). ``trial`` gives a candidate a share of the sessions; it ends when another
    model comes to serve, since what it was compared with is gone."""

    entries: tuple[Entry, ...] = ()
    current: str | None = None
    history: tuple[str | None, ...] = field(default=())
    trial: Trial | None = None

    def entry(self, name: str) -> Entry:
        """Raises ``ModelFileError``."""
        for entry in self.entries:
            if entry.name == name:
                return entry
        known = ", ".join((*(entry.name for entry in self.entries), BUILT_IN))
        raise ModelFileError(f"there is no model '{name}' in the catalog; known: {known}")

    def with_entry(self, entry: Entry) -> Registry:
        """The entry added, or put in place of the one of its name. Raises ``ModelFileError``, also where other files
        would take the place of a model that serves, served or is on trial: the gate let in its files, not its name."""
        if entry.name == BUILT_IN:
            raise ModelFileError(f"'{BUILT_IN}' is the product's own model: the new one needs another name")
        used: dict[str | None, str] = dict.fromkeys(self.history, "has served")
        used |= {self.trial.name: "is on trial"} if self.trial else {}
        used |= {self.current: "serves"}
        before = next((one for one in self.entries if one.name == entry.name), None)
        if before and entry.name in used and before.files != entry.files:
            raise ModelFileError(f"'{entry.name}' {used[entry.name]}, with other files: enter it under another name")
        others = tuple(one for one in self.entries if one.name != entry.name)
        return dataclasses.replace(self, entries=(*others, entry))

    def using(self, name: str) -> Registry:
        """``name`` serves from now on. Raises ``ModelFileError`` when it is not known."""
        chosen = self._known(name)
        if chosen == self.current:
            return self
        return dataclasses.replace(self, current=chosen, history=(*self.history, self.current), trial=None)

    def rolled_back(self) -> Registry:
        """What served before serves again. Raises ``ModelFileError`` when nothing did."""
        if not self.history:
            raise ModelFileError("there is nothing to go back to: no other model has served")
        return dataclasses.replace(self, current=self.history[-1], history=self.history[:-1], trial=None)

    def trying(self, trial: Trial) -> Registry:
        """The trial's model gets its share of the sessions from now on. Raises ``ModelFileError``."""
        if self._known(trial.name) == self.current:
            raise ModelFileError(f"'{trial.name}' serves already: another model is needed to compare it with")
        return dataclasses.replace(self, trial=trial)

    def _known(self, name: str) -> str | None:
        """As ``current`` has it: None for the built-in one. Raises ``ModelFileError``."""
        return None if name == BUILT_IN else self.entry(name).name

    def without_trial(self) -> Registry:
        """Raises ``ModelFileError`` when nothing is on trial."""
        if self.trial is None:
            raise ModelFileError("no model is on trial")
        return dataclasses.replace(self, trial=None)


def read_registry(folder: Path) -> Registry:
    """The registry of a folder, an empty one where there is none. Raises ``ModelFileError`` when it is unreadable."""
    path = folder / REGISTRY_FILE
    if not path.is_file():
        return Registry()
    try:
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        entries = tuple(Entry(**entry) for entry in state["entries"])
        trial = Trial(**state["trial"]) if state.get("trial") else None
        return Registry(entries, state["current"], tuple(state["history"]), trial)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"{path}: not a catalog of models: {error}") from error


def write_registry(folder: Path, registry: Registry) -> None:
    """Puts it in place as a whole. Raises ``ModelFileError``."""
    text = json.dumps(dataclasses.asdict(registry), indent=2) + "\n"
    try:
        with replacing(folder / REGISTRY_FILE) as draft:
            draft.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _unwritable(folder, error) from error


def change_registry(folder: Path, change: Callable[[Registry], Registry]) -> Registry:
    """Reads the registry of a folder, changes it and puts it in place, one process at a time, so that none loses what
    another one changed. ``change`` gets what lies there now, and may refuse. Raises ``ModelFileError``."""
    with _alone(folder):
        registry = change(read_registry(folder))
        write_registry(folder, registry)
    return registry


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        # A file system without locks is written to as it is.
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _unwritable(folder: Path, error: OSError) -> ModelFileError:
    return ModelFileError(
        f"{folder}: the catalog cannot be written ({error.strerror}); "
        "--folder or CASENOTE_MODELS must be a folder that this user may write to"
    )


def describe(name: str, path: Path, adapter: Path | None = None, source: str = "", licence: str = "") -> Entry:
    """An entry for files that lie here, with their hashes. Raises ``ModelFileError``."""
    check_gguf(path)
    if adapter is not None:
        check_gguf(adapter)
    return Entry(
        name,
        str(path.resolve()),
        sha256_of(path),
        source,
        licence,
        str(adapter.resolve()) if adapter else None,
        sha256_of(adapter) if adapter else None,
    )


def verify(entry: Entry) -> None:
    """Raises ``ModelFileError`` unless the files are those that were entered."""
    check_sha256(Path(entry.path), entry.sha256)
    if entry.adapter and entry.adapter_sha256:
        check_sha256(Path(entry.adapter), entry.adapter_sha256)
