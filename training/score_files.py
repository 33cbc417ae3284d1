"""``scores.json``: what an evaluation measured, of which files and on which data, so that the gate compares files and
not names."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from models.catalog.files import replacing, sha256_of
from models.catalog.gate import Scores
from models.errors import ModelFileError

SCORES_FILE = "scores.json"
_FORMAT = 2


@dataclass(frozen=True, slots=True)
class Identity:
    """A model by its files: the SHA-256 of the GGUF and of the adapter beside it, "" for none."""

    sha256: str
    adapter_sha256: str = ""


@dataclass(frozen=True, slots=True)
class MeasuredOn:
    """The sessions that were measured on: ``sessions`` of the ``part`` of a file, drawn by ``seed``. ``unseen``: who
    measured says that no model saw any session of the file in training, so that all of it may be measured on.
    ``transcripts``: the ``transcript_mark`` of each session, none in a file of before they were kept."""

    name: str
    sha256: str
    labels_sha256: str
    part: str
    seed: int
    whole: bool
    unseen: bool
    sessions: int
    transcripts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoreFile:
    """Scores by candidate, part of the note and session; of the candidates that are models, not floors, their files."""

    data: MeasuredOn
    models: Mapping[str, Identity]
    scores: Mapping[str, Scores]


def identity_of(model: Path, adapter: Path | None = None) -> Identity:
    """Hashes the files. Raises ``ModelFileError``."""
    return Identity(sha256_of(model), sha256_of(adapter) if adapter else "")


def write_scores(folder: Path, scores: ScoreFile) -> Path:
    """Writes it to ``folder``, all or nothing."""
    path = folder / SCORES_FILE
    with replacing(path) as draft:
        draft.write_text(json.dumps({"format": _FORMAT, **dataclasses.asdict(scores)}, indent=1) + "\n", "utf-8")
    return path


def read_scores(path: Path) -> ScoreFile:
    """Reads what ``write_scores`` wrote. Raises ``ModelFileError``."""
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(state, dict) or state.get("format") != _FORMAT:
            raise ModelFileError(f"{path}: does not say which files it measured: run 'casenote evaluate' again")
        models = {name: Identity(**files) for name, files in state["models"].items()}
        data = MeasuredOn(**{**state["data"], "transcripts": tuple(state["data"].get("transcripts") or ())})
        return ScoreFile(data, models, state["scores"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelFileError(f"{path}: not the scores of an evaluation: {error}") from error
