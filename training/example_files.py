"""Examples as files: tokenised where the serving's tokenizer is, trained on where the GPU is.

JSON lines; the first says what the examples were made of. A file of examples holds sessions as tokens, and is to be
kept as the sessions are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.catalog.files import PRIVATE, replacing
from models.prompts import PROMPT_VERSION
from training.examples import Branch, Example, ExampleError


@dataclass(frozen=True, slots=True)
class ExampleSet:
    """Examples and where they come from: ``origin`` names the files, their hashes and the prompt's version."""

    examples: tuple[Example, ...]
    end: int
    origin: Mapping[str, Any]


def write_examples(path: Path, examples: Sequence[Example], end: int, origin: Mapping[str, Any]) -> None:
    """Writes them, all or nothing."""
    head = {"prompt_version": PROMPT_VERSION, "end": end, **origin}
    with replacing(path, mode=PRIVATE) as draft, draft.open("w", encoding="utf-8") as file:
        file.write(json.dumps(head) + "\n")
        for example in examples:
            branches = [[branch.id, branch.prime, branch.answer] for branch in example.branches]
            file.write(json.dumps([example.id, example.prefix, branches], separators=(",", ":")) + "\n")


def read_examples(path: Path) -> ExampleSet:
    """Reads what ``write_examples`` wrote. Raises ``ExampleError``."""
    try:
        with path.open(encoding="utf-8") as file:
            head = json.loads(next(file))
            examples = tuple(_example(json.loads(line)) for line in file)
    except (OSError, StopIteration, ValueError, TypeError) as error:
        raise ExampleError(f"{path}: not a file of examples: {error}") from error
    if head.get("prompt_version") != PROMPT_VERSION:
        raise ExampleError(
            f"{path}: made with prompt {head.get('prompt_version')}, this is {PROMPT_VERSION}: prepare it again"
        )
    return ExampleSet(examples, int(head["end"]), head)


def _example(row: Any) -> Example:
    name, prefix, branches = row
    parts = tuple(Branch(branch_id, tuple(prime), tuple(answer)) for branch_id, prime, answer in branches)
    return Example(name, tuple(prefix), parts)
