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


def check_vocabulary(path: Path, chosen: ExampleSet, base: str, vocabulary: Mapping[str, Any]) -> None:
    """Raises ``ExampleError`` unless the tokens of ``path`` are those of the base called ``base``, as far as both say:
    a file of before its vocabulary was kept is held against the number of tokens alone."""
    mine, size = chosen.origin.get("vocabulary") or {}, vocabulary.get("size")
    remedy = "prepare them with --vocabulary, the GGUF of that base"
    if mine.get("sha256") and vocabulary.get("sha256") not in (None, mine["sha256"]):
        raise ExampleError(
            f"{path}: made of another vocabulary, of {mine.get('size')} tokens, than the {size} of {base}: {remedy}"
        )
    highest = max((_highest(example) for example in chosen.examples), default=0)
    if size is not None and highest >= size:
        raise ExampleError(f"{path}: holds token {highest}, {base} knows {size}: {remedy}")


def _highest(example: Example) -> int:
    return max(max(tokens, default=0) for tokens in (example.prefix, *(b.prime + b.answer for b in example.branches)))


def _example(row: Any) -> Example:
    name, prefix, branches = row
    parts = tuple(Branch(branch_id, tuple(prime), tuple(answer)) for branch_id, prime, answer in branches)
    return Example(name, tuple(prefix), parts)
