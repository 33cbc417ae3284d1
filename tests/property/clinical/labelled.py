"""The labelled evidence set, and how well scores part its sentences."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from models.clinical.evidence import EvidenceIndex
from models.transcript import Turn

_DATA = Path(__file__).parents[2] / "data"


@dataclass(frozen=True, slots=True)
class Labelled:
    """One sentence with its label and what the product says of it."""

    session: str
    part: str
    label: str
    text: str
    support: float
    supported: bool


def labelled_sentences(language: str = "en") -> list[Labelled]:
    """Every sentence of the set in ``language``, scored against the session that it is labelled for."""
    suffix = "" if language == "en" else f"_{language}"
    sessions = json.loads((_DATA / f"evidence_sessions{suffix}.json").read_text(encoding="utf-8"))
    indexes = {
        name: EvidenceIndex([Turn(at, turn["speaker"], turn["text"]) for at, turn in enumerate(session["turns"])])
        for name, session in sessions.items()
    }
    found = []
    for line in (_DATA / f"evidence{suffix}.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        evidence = indexes[row["session"]].support(row["text"])
        part = sessions[row["session"]]["part"]
        found.append(Labelled(row["session"], part, row["label"], row["text"], evidence.support, evidence.supported))
    return found


def auc(supported: list[float], others: list[float]) -> float:
    """How often a supported sentence scores above another, ties half."""
    wins = sum((s > o) + 0.5 * (s == o) for s in supported for o in others)
    return wins / (len(supported) * len(others))


def precision_recall(sentences: list[Labelled]) -> tuple[float, float]:
    """Of the sentences called supported how many are, and of those that are how many are called so."""
    called = [one for one in sentences if one.supported]
    right = sum(one.label == "supported" for one in called)
    return right / max(1, len(called)), right / sum(one.label == "supported" for one in sentences)
