"""Where a sentence speaks of danger, and of which."""

from __future__ import annotations

from functools import lru_cache

from models.clinical.lexicon import IDIOMS, RISK

GRAVE = frozenset({"suicide", "self_harm", "overdose", "harm_to_others"})
"""Danger to life."""


@lru_cache(maxsize=4096)
def risk_spans(sentence: str) -> tuple[tuple[str, int, int], ...]:
    """``(category, start, end)`` of what a sentence says of danger; of overlapping terms the longest, no idioms."""
    found = [(match, category) for category, pattern in RISK.items() for match in pattern.finditer(sentence)]
    idioms = [match.span() for match in IDIOMS.finditer(sentence)] if found else []
    spans = [
        (match.start(), match.end(), category)
        for match, category in found
        if not any(start < match.end() and match.start() < end for start, end in idioms)
    ]
    spans.sort(key=lambda span: (span[0], span[0] - span[1]))
    kept: list[tuple[str, int, int]] = []
    reached = -1
    for start, end, category in spans:
        if start >= reached:
            reached = end
            kept.append((category, start, end))
    return tuple(kept)


def named_alike(sentence: str) -> str:
    """``sentence`` with each grave danger as one word, however it was put: "end my life" and "suicide" are the same."""
    plain = sentence
    for category, start, end in reversed(risk_spans(sentence)):
        if category in GRAVE:
            plain = f"{plain[:start]}{_WORD_OF[category]}{plain[end:]}"
    return plain


_WORD_OF = {category: "danger" + category.replace("_", "") for category in GRAVE}
