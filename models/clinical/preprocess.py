"""What happens to a text before a model reads it, in serving and in training alike (contract 6.4 to 6.6)."""

from __future__ import annotations

from collections.abc import Iterable

from models.clinical.markers import normalise_markers
from models.transcript import Turn, normalise_whitespace


def preprocess(text: str) -> str:
    """``text`` on one line with single spaces, its markers in the one spelling. Idempotent; loses no marker."""
    before = None
    while before != text:
        before = text
        text = normalise_whitespace(normalise_markers(text))
    return text


def preprocess_turns(turns: Iterable[Turn]) -> tuple[Turn, ...]:
    """The turns with their texts preprocessed; what is left empty is left out, indexes are kept."""
    clean = [(turn, preprocess(turn.text)) for turn in turns]
    return tuple(Turn(turn.index, turn.speaker, text, turn.start) for turn, text in clean if text)
