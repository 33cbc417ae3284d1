"""Consensus: of several samples, the one that the others agree with most.

Minimum Bayes risk decoding (Kumar and Byrne, 2004; Eikema and Aziz, 2020) with ROUGE-L as the utility: the sample whose
mean likeness to the others is highest is the best guess under the model's own doubt, where the most likely text, which
greedy decoding looks for, is often an odd one. It costs as many samples, so it is not served: it is measured, and
distilled into training data.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.catalog.files import PRIVATE, replacing
from models.engine.api import Branch, Engine, Sampling
from models.engine.engine import LlamaEngine
from models.engine.settings import EngineSettings
from models.prompts import SUMMARY_ID
from training.data import PATIENT, SessionRecord
from training.writing import branches, write_branches

TEMPERATURE, TOP_K, TOP_P = 0.6, 50, 0.95

Say = Callable[[str], None]


def choose(samples: Sequence[str]) -> str:
    """The sample with the highest mean ROUGE-L (F, stemmer) to the others; of equals the first. "" of none."""
    from rouge_score import rouge_scorer

    scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=True)

    def likeness(place: int) -> float:
        others = [text for at, text in enumerate(samples) if at != place]
        return sum(float(scorer.score(other, samples[place])["rougeL"].fmeasure) for other in others)

    return samples[max(range(len(samples)), key=likeness)] if samples else ""


def sampling_branches(branch: Branch, count: int, seed: int = 0) -> tuple[Branch, ...]:
    """The same part ``count`` times, each with a chance of its own."""
    return tuple(
        replace(branch, id=f"{branch.id}.{number}", sampling=Sampling(TEMPERATURE, TOP_K, TOP_P, seed=seed + number))
        for number in range(count)
    )


async def write_consensus(
    engine: Engine, records: Sequence[SessionRecord], samples: int, say: Say = lambda line: None
) -> dict[tuple[str, str], str]:
    """The paragraph of each session, by session and part, on which ``samples`` samples agree."""
    [paragraph] = branches(engine, only=(SUMMARY_ID,))
    found = {}
    for place, record in enumerate(records, 1):
        written = await write_branches(engine, [record], sampling_branches(paragraph, samples))
        found[record.id, SUMMARY_ID] = choose([text for text in written.texts.values() if text])
        say(f"consensus: {place} of {len(records)} sessions")
    return found


async def distil(
    model: Path, adapter: Path | None, records: Sequence[SessionRecord], samples: int, target: Path, say: Say
) -> int:
    """Writes the sessions to ``target`` with their consensus in place of the reference; sessions of which nothing was
    written are left out. The sections stay. Returns how many were written. Raises ``ValueError`` without a session."""
    if not records:
        raise ValueError("no usable session was given")
    records = told_apart(records)
    engine = LlamaEngine(EngineSettings(model, lora_path=adapter))
    await engine.start()
    try:
        found = await write_consensus(engine, records, samples, say)
    finally:
        await engine.stop()
    return write_sessions(target, records, found)


def told_apart(records: Sequence[SessionRecord]) -> tuple[SessionRecord, ...]:
    """The records of several files, each with an id of its own: one that several have gets its file's name before it.
    Raises ``ValueError`` where the files have one name too."""
    ids = Counter(record.id for record in records)
    named = tuple(replace(one, id=f"{one.source}-{one.id}") if ids[one.id] > 1 else one for one in records)
    again = [name for name, count in Counter(record.id for record in named).items() if count > 1]
    if again:
        raise ValueError(f"{len(again)} sessions share an id and the name of their file: give the files other names")
    return named


def write_sessions(target: Path, records: Sequence[SessionRecord], found: Mapping[tuple[str, str], str]) -> int:
    """Writes the sessions of which there is a consensus, and returns how many."""
    count = 0
    with replacing(target, mode=PRIVATE) as draft, draft.open("w", encoding="utf-8") as file:
        for record in records:
            if text := found[record.id, SUMMARY_ID]:
                row: dict[str, Any] = {"id": f"{record.id}-consensus", "transcript": record.transcript, "summary": text}
                patient = {"patient_id": record.group.removeprefix(PATIENT)} if record.patient else {}
                row |= {**patient, "sections": dict(record.sections)}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                count += 1
    return count
