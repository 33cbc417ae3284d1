"""Splitting sessions for training, choosing and measuring: stable, by group, and checked for leaks."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from training.data import SessionRecord

SHINGLE_WORDS = 5
NEAR_DUPLICATE = 0.5


@dataclass(frozen=True, slots=True)
class Split:
    """Disjoint parts that together are everything."""

    train: tuple[SessionRecord, ...]
    valid: tuple[SessionRecord, ...]
    test: tuple[SessionRecord, ...]


@dataclass(frozen=True, slots=True)
class Leak:
    """Two sessions of different parts whose transcripts share too much. ``overlap``: shared runs of five words over
    those of the shorter one."""

    first: str
    second: str
    overlap: float


def _groups(records: Sequence[SessionRecord], seed: int) -> list[list[int]]:
    """Places of the records by group, shuffled by the seed alone: the order of the file does not matter."""
    by_group: dict[str, list[int]] = {}
    for place, record in enumerate(records):
        by_group.setdefault(record.group or record.id, []).append(place)
    names = sorted(by_group)
    random.Random(seed).shuffle(names)
    return [by_group[name] for name in names]


def split_records(records: Sequence[SessionRecord], seed: int = 0) -> Split:
    """80/10/10 within rounding, whole groups only, the same again under the same seed. Where a group is larger than
    the room that is left in a part it goes to the part with the most room."""
    total = len(records)
    tenth = round(total / 10)
    room = {"valid": tenth, "test": tenth, "train": total - 2 * tenth}
    parts: dict[str, list[int]] = {"train": [], "valid": [], "test": []}
    for places in _groups(records, seed):
        fitting = [part for part in ("test", "valid", "train") if room[part] >= len(places)]
        part = fitting[0] if fitting else max(room, key=lambda name: room[name])
        parts[part].extend(places)
        room[part] -= len(places)
    chosen = {name: tuple(records[place] for place in sorted(places)) for name, places in parts.items()}
    return Split(chosen["train"], chosen["valid"], chosen["test"])


def folds(records: Sequence[SessionRecord], count: int, seed: int = 0) -> list[tuple[list[int], list[int]]]:
    """``count`` pairs (places to train on, places held out); each place is held out once. Raises ``ValueError``."""
    groups = _groups(records, seed)
    if not 2 <= count <= len(groups):
        raise ValueError(f"{count} folds of {len(groups)} groups: there must be at least 2 and at most one a group")
    held = [sorted(place for group in groups[start::count] for place in group) for start in range(count)]
    return [(sorted(set(range(len(records))) - set(part)), part) for part in held]


def fold_of(records: Sequence[SessionRecord], fold: str, seed: int = 0) -> Split:
    """One fold as ``K/N`` (K from 0), or several of one N as ``0/5,1/5``: their sessions are the test part, all others
    are trained on. Raises ``ValueError``."""
    held: set[int] = set()
    of = fold.partition("/")[2].partition(",")[0]
    for one in fold.split(","):
        number, slash, count = one.partition("/")
        if not (slash and number.isdecimal() and count.isdecimal() and int(number) < int(count)):
            raise ValueError(f"the fold is '{one}', it must be K/N with K from 0 to N-1, as in 0/5")
        if count != of:
            raise ValueError(f"the folds are '{fold}', they must be K/N of one N, as in 0/5,1/5")
        held.update(folds(records, int(count), seed)[int(number)][1])
    if len(held) == len(records):
        raise ValueError(
            f"the folds {fold} are all sessions: nothing is left to train on; all of a file is measured as 'all'"
        )
    parts = [tuple(one for place, one in enumerate(records) if (place in held) is out) for out in (False, True)]
    return Split(parts[0], (), parts[1])


def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    words = text.lower().split()
    last = max(1, len(words) - SHINGLE_WORDS + 1)
    return frozenset(tuple(words[start : start + SHINGLE_WORDS]) for start in range(last))


def overlap(first: frozenset[tuple[str, ...]], second: frozenset[tuple[str, ...]]) -> float:
    """The share of the smaller set that is in the other."""
    smaller = min(len(first), len(second))
    return len(first & second) / smaller if smaller else 0.0


def find_leaks(
    train: Sequence[SessionRecord], held: Sequence[SessionRecord], threshold: float = NEAR_DUPLICATE
) -> list[Leak]:
    """Pairs over the threshold between what is trained on and what is measured on, the worst first."""
    shingled = [(record.id, _shingles(record.transcript)) for record in train]
    leaks = []
    for record in held:
        mine = _shingles(record.transcript)
        for name, other in shingled:
            if (share := overlap(mine, other)) >= threshold:
                leaks.append(Leak(name, record.id, round(share, 3)))
    return sorted(leaks, key=lambda leak: -leak.overlap)


def without(records: Sequence[SessionRecord], leaks: Sequence[Leak]) -> tuple[SessionRecord, ...]:
    """The records less those that leak."""
    leaking = {leak.first for leak in leaks}
    return tuple(record for record in records if record.id not in leaking)


def apart(split: Split) -> tuple[Split, tuple[Leak, ...]]:
    """The split with what is chosen by kept apart from what is measured on: near-duplicates of test sessions leave the
    valid part, and are trained on neither. Their leaks are returned."""
    leaks = find_leaks(split.valid, split.test)
    return Split(split.train, without(split.valid, leaks), split.test), tuple(leaks)
