"""Which sessions a model was trained on, as its file says it: by the hashes of their files and of their transcripts,
without names.

An adapter is given the record by its export, a model that is made of it by baking. So the gate knows scores that were
measured on what a candidate was trained on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

TRAINED_KEY = "casenote.train.data"
# Of an adapter: the hash of the GGUF that it was trained on.
TRAINED_BASE_KEY = "casenote.train.base_sha256"


@dataclass(frozen=True, slots=True)
class Training:
    """``files``: the SHA-256 of each file of sessions; all of it was trained on but for what was held out of the first:
    a ``fold`` as in 0/5 or 0/5,1/5, else a split by ``split_seed``, or nothing where that is None. ``transcripts``: the
    beginning of the hash of each session's words, so that it is known again in a file that grew or was saved again;
    none where the training is of before they were kept."""

    files: tuple[str, ...]
    split_seed: int | None = None
    fold: str = ""
    transcripts: tuple[str, ...] = ()

    def saw(self, sha256: str, part: str, seed: int) -> bool:
        """Whether sessions of that part of the file with that hash were trained on."""
        if sha256 not in self.files:
            return False
        held = set(self.fold.split(",")) if self.fold else {"valid", "test"}
        if sha256 in self.files[1:] or self.split_seed is None or seed != self.split_seed:
            return True
        return not set(part.split(",")) <= held


def training_of(data: Mapping[str, Any]) -> Training | None:
    """The training that ``data`` of a ``run.json`` tells of; None where it names no file."""
    files = tuple(str(file["sha256"]) for file in data.get("files", ()) if file.get("sha256"))
    transcripts = tuple(str(mark) for mark in data.get("transcripts") or ())
    return Training(files, data.get("split_seed"), str(data.get("fold") or ""), transcripts) if files else None


def trainings_of(record: Mapping[str, Any]) -> list[Training]:
    """All that the adapter of a ``run.json`` was trained on: by its run, and before that, where it went on from
    another adapter."""
    own, start = training_of(record.get("data") or {}), record.get("start") or {}
    return [*([own] if own else []), *from_text(json.dumps(start.get("trained_on") or []))]


def to_text(trainings: Iterable[Training]) -> str:
    """As it stands in a GGUF; "" for none."""
    found = [asdict(one) for one in dict.fromkeys(trainings)]
    return json.dumps(found, sort_keys=True) if found else ""


def from_text(text: str) -> Sequence[Training]:
    """What ``to_text`` wrote; none where it is empty or cannot be read."""
    try:
        return [
            Training(
                tuple(one["files"]),
                one.get("split_seed"),
                str(one.get("fold") or ""),
                tuple(one.get("transcripts") or ()),
            )
            for one in json.loads(text or "[]")
        ]
    except (ValueError, TypeError, KeyError, AttributeError):
        return []
