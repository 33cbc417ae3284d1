"""Whether scores may speak for a model at the gate: they must be of its very file, beside the file that serves, on
sessions that were held out."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from models.catalog.gate import Scores, Verdict, judge
from models.catalog.trained import TRAINED_KEY, Training, from_text
from models.engine.gguf_file import read_head
from models.errors import ModelFileError
from models.prompts import SUMMARY_ID
from training.cases import WHOLE
from training.score_files import Identity, MeasuredOn, ScoreFile


def verdict_of(
    file: ScoreFile,
    candidate: Identity,
    current: Identity,
    names: tuple[str, str] = ("", ""),
    trained: Iterable[Training] = (),
) -> Verdict:
    """Compares the candidate with the model that serves. ``names``: theirs in the file, where they are to be found by
    name; their files must be those all the same. ``trained``: what the candidate's files say that it was trained on.
    Raises ``ModelFileError`` where the scores say nothing of them."""
    _check_held_out(file.data, tuple(trained))
    scores = [
        _scores(file, identity, name, which)
        for identity, name, which in zip(
            (candidate, current), names, ("the candidate's file", "the file that serves"), strict=True
        )
    ]
    return judge(scores[0], scores[1])


def remarks(parts: Iterable[str]) -> list[str]:
    """What a passed gate does not say: parts of the note that nothing was measured of."""
    measured = set(parts)
    if measured - {SUMMARY_ID, WHOLE}:
        return []
    return [
        f"no section was measured, only {', '.join(sorted(measured)) or 'nothing'}: "
        "references with 'sections' would let the gate judge each"
    ]


def trained_on(paths: Iterable[Path]) -> list[Training]:
    """What the GGUFs say that they were trained on; nothing where one cannot be read, which loading it will tell."""
    found: list[Training] = []
    for path in paths:
        with suppress(ModelFileError):
            found += from_text(str(read_head(path).values.get(TRAINED_KEY, "")))
    return found


def _check_held_out(data: MeasuredOn, trained: Collection[Training]) -> None:
    if any(training.saw(data.sha256, data.part, data.seed) for training in trained):
        raise ModelFileError(
            f"the candidate was trained on sessions it was measured on ({data.name}, {data.part}, seed {data.seed}): "
            "measure on what its training held out, or on another file"
        )
    seen = {mark for training in trained for mark in training.transcripts} & set(data.transcripts)
    if seen:
        raise ModelFileError(
            f"the candidate was trained on {len(seen)} of the {data.sessions} sessions it was measured on "
            f"({data.name}, {data.part}), which their transcripts tell: measure on what its training held out"
        )
    if data.part == "all" and not data.unseen:
        raise ModelFileError(
            f"the scores are of all sessions of {data.name}, trained on or not: measure on a part that was held out, "
            "or with --unseen where no session of the file was trained on"
        )


def _scores(file: ScoreFile, identity: Identity, name: str, which: str) -> Scores:
    if name and name not in file.models:
        raise ModelFileError(f"the scores hold no model '{name}', they hold {', '.join(file.models)}")
    found = [one for one, files in file.models.items() if files == identity and (not name or one == name)]
    if not found:
        held = ", ".join(f"{one} ({files.sha256[:12]})" for one, files in file.models.items()) or "none"
        raise ModelFileError(
            f"the scores are not of {which} ({identity.sha256[:12]}): they are of {held}; evaluate it beside that one"
        )
    return file.scores[found[0]]
