"""From a session to token ids: one shared prefix, and for each part of the note a branch that begins with its heading.

That is what serves: the prefix is computed once and each branch continues it, seeing nothing of the others. Training
packs the branches of a session behind one copy of its prefix, so the gradient is that of separate examples at a
fraction of the work.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from models.formats.format import NoteFormat, load_format
from models.prompts import SUMMARY_ID, note_prefix, section_prime, summary_prime
from models.segments import Segment
from training.data import SessionRecord
from training.tokens import Tokenizer, encode_all


class ExampleError(ValueError):
    """A session that cannot be trained on as it is; the message names it and holds no text of it."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One part of the note: ``prime`` is fed, ``answer`` (end token included) is learned."""

    id: str
    prime: tuple[int, ...]
    answer: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A session as tokens."""

    id: str
    prefix: tuple[int, ...]
    branches: tuple[Branch, ...]

    @property
    def tokens(self) -> int:
        return len(self.prefix) + sum(len(branch.prime) + len(branch.answer) for branch in self.branches)


def paragraph_alone(example: Example) -> Example:
    """The session without its sections; as it is where it has no paragraph."""
    paragraph = tuple(branch for branch in example.branches if branch.id == SUMMARY_ID)
    return replace(example, branches=paragraph) if paragraph else example


def end_token(tokenizer: Tokenizer) -> int:
    """What the model writes when a part is done: the first token that closes its turn."""
    return tokenizer.encode(Segment(tokenizer.chat.assistant_close, control=True))[0]


def answer_tokens(tokenizer: Tokenizer, prime: Sequence[Segment], text: str) -> list[int]:
    """The tokens of an answer as the model writes it behind its heading: after a space, where the vocabulary does not
    add one by itself."""
    heading = prime[-1]
    head = tokenizer.encode(heading)
    whole = tokenizer.encode(Segment(f"{heading.text} {text}"))
    return whole[len(head) :] if whole[: len(head)] == head else tokenizer.encode(Segment(f" {text}"))


def branch_primes(tokenizer: Tokenizer, note_format: NoteFormat) -> dict[str, tuple[Segment, ...]]:
    """The primes of the paragraph and of each section, by id, in the order of the note."""
    primes = {SUMMARY_ID: summary_prime(tokenizer.chat, note_format)}
    for section in note_format.sections:
        primes[section.id] = section_prime(tokenizer.chat, note_format, section)
    return primes


def references(record: SessionRecord) -> Mapping[str, str]:
    """Reference text by branch id."""
    return {SUMMARY_ID: record.summary, **record.sections}


def build_example(
    record: SessionRecord, tokenizer: Tokenizer, note_format: NoteFormat | None = None, max_tokens: int = 4096
) -> Example:
    """A session with all parts that it has reference text for. Raises ``ExampleError`` when the longest branch does
    not fit ``max_tokens``: nothing is cut silently."""
    shape = note_format or load_format()
    prefix = tuple(encode_all(tokenizer, note_prefix(tokenizer.chat, record.turns)))
    end, wanted = end_token(tokenizer), references(record)
    branches = []
    for branch_id, prime in branch_primes(tokenizer, shape).items():
        if text := wanted.get(branch_id):
            answer = (*answer_tokens(tokenizer, prime, text), end)
            branches.append(Branch(branch_id, tuple(encode_all(tokenizer, prime)), answer))
    longest = len(prefix) + max(len(branch.prime) + len(branch.answer) for branch in branches)
    if longest > max_tokens:
        raise ExampleError(f"session {record.id}: {longest} tokens, the context holds {max_tokens}")
    return Example(record.id, prefix, tuple(branches))


def build_examples(
    records: Iterable[SessionRecord], tokenizer: Tokenizer, max_tokens: int = 4096
) -> tuple[tuple[Example, ...], tuple[str, ...]]:
    """Examples, and a line for each session that had to be left out."""
    kept, left_out = [], []
    for record in records:
        try:
            kept.append(build_example(record, tokenizer, max_tokens=max_tokens))
        except ExampleError as error:
            left_out.append(str(error))
    return tuple(kept), tuple(left_out)


@dataclass(frozen=True, slots=True)
class Packed:
    """A session's branches behind one prefix. ``owner`` is -1 for tokens of the prefix, else the place of the branch;
    ``positions`` start again behind the prefix for each branch; ``weights`` are 0 where nothing is learned and
    belong to the token that is predicted next (``targets``)."""

    tokens: tuple[int, ...]
    owner: tuple[int, ...]
    positions: tuple[int, ...]
    targets: tuple[int, ...]
    weights: tuple[float, ...]


def pack(example: Example, branch_weights: Mapping[str, float], prompt_weight: float = 0.0) -> Packed:
    """One row of tokens whose loss is that of the branches trained apart. A branch of weight 0 is left out."""
    length = len(example.prefix)
    tokens, owner = list(example.prefix), [-1] * length
    positions = list(range(length))
    targets = [*example.prefix[1:], 0]
    weights = [prompt_weight] * (length - 1) + [0.0]
    for place, branch in enumerate(example.branches):
        weight = branch_weights.get(branch.id, branch_weights.get("*", 1.0))
        if weight == 0:
            continue
        # The end token is learned but never fed.
        fed = [*branch.prime, *branch.answer[:-1]]
        tokens += fed
        owner += [place] * len(fed)
        positions += range(length, length + len(fed))
        targets += [*branch.prime[1:], *branch.answer]
        weights += [0.0] * (len(branch.prime) - 1) + [weight] * len(branch.answer)
    return Packed(tuple(tokens), tuple(owner), tuple(positions), tuple(targets), tuple(weights))


def batches(count: int, size: int, seed: int, epoch: int) -> list[list[int]]:
    """The order of one epoch: a function of seed and epoch alone, so that a resumed run sees what it would have."""
    order = list(range(count))
    random.Random(f"{seed}/{epoch}").shuffle(order)
    return [order[start : start + size] for start in range(0, count, size)]


def passes(lengths: Sequence[int], most: int) -> list[list[int]]:
    """The sessions of a batch by place, in groups of similar length of which none has more than ``most`` tokens once
    it is padded to its longest; a session that is longer alone is a group of its own."""
    groups: list[list[int]] = []
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        if groups and (len(groups[-1]) + 1) * lengths[groups[-1][0]] <= most:
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups
