"""Of what a run is made, so that a checkpoint is only gone on from by the run that it belongs to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from models.catalog.files import sha256_of
from training.examples import Example
from training.settings import TrainSettings

# What may change between a kill and the next start: it changes no step.
_FREE = ("checkpoint_every",)


def fingerprint(
    examples: Sequence[Example],
    settings: TrainSettings,
    base: Mapping[str, str] | None = None,
    start: Path | None = None,
) -> dict[str, str]:
    """What every step of a run depends on, by name, each as a hash but for the settings, which are JSON. ``base`` is
    the record of the base (``run_record.base_record``), ``start`` the folder of the adapter that it goes on from."""
    chosen = {name: value for name, value in settings.to_dict().items() if name not in _FREE}
    return {
        "examples": _of_examples(examples),
        "settings": json.dumps(chosen, sort_keys=True),
        "base": _of({name: value for name, value in (base or {}).items() if name != "name"}),
        "start": _of({path.name: sha256_of(path) for path in sorted(start.glob("adapter_*"))} if start else {}),
    }


def _of_examples(examples: Sequence[Example]) -> str:
    digest = hashlib.sha256()
    for example in examples:
        parts = [[branch.id, branch.prime, branch.answer] for branch in example.branches]
        digest.update(json.dumps([example.id, example.prefix, parts]).encode())
    return digest.hexdigest()


def _of(record: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What is another than before, in words; the settings one by one. Nothing of a session is in it."""
    told = {"examples": "other examples", "base": "another base", "start": "another adapter to go on from"}
    found = [words for name, words in told.items() if before.get(name) != now.get(name)]
    if before.get("settings") != now.get("settings"):
        old, new = json.loads(before.get("settings", "{}")), json.loads(now["settings"])
        found += [f"{name}={json.dumps(old.get(name))}" for name in sorted(new) if old.get(name) != new[name]]
    return found
