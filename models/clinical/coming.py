"""Where a paragraph turns from what was found to what comes next: homework and plans."""

from __future__ import annotations

from collections.abc import Sequence

from models.clinical.lexicon import COMING
from models.clinical.sentences import split_sentences


def coming_at(sentences: Sequence[str]) -> int:
    """The place of the first sentence of what comes next; behind the last where there is none."""
    return next((place for place, one in enumerate(sentences) if COMING.match(one)), len(sentences))


def before_coming(text: str, said: str) -> str:
    """``text`` with ``said`` before homework and plans."""
    sentences = split_sentences(text)
    at = coming_at(sentences)
    return " ".join((*sentences[:at], said, *sentences[at:]))
