"""Whose words a text holds: the sentences that a model once wrote for a note, known again wherever they turn up.

A client may send back what it read long ago, or take over what the model only suggested. What it sends is the model's
wording then, whoever sent it. Kept are short hashes, so that a note does not carry every text it ever had.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from models.clinical.markers import strip_markers
from models.clinical.plan import ABSENT_SENTENCES
from models.clinical.sentences import split_sentences, word_count

# Anybody may come upon a sentence of fewer words.
_FEWEST_WORDS = 4
_DIGITS = 12


def sentences_of(texts: Iterable[str]) -> frozenset[str]:
    """The hashes of the sentences of ``texts`` that say something of their own."""
    return frozenset(digest for text in texts for digest in _hashes(text))


def holds(text: str, known: frozenset[str]) -> bool:
    """Whether one of the ``known`` sentences stands in ``text``."""
    return bool(known) and any(digest in known for digest in _hashes(text))


def _hashes(text: str) -> Iterator[str]:
    for sentence in split_sentences(strip_markers(text)):
        if sentence not in ABSENT_SENTENCES and word_count(sentence) >= _FEWEST_WORDS:
            plain = sentence.casefold().strip(" .!?…*")
            yield hashlib.sha256(plain.encode()).hexdigest()[:_DIGITS]
