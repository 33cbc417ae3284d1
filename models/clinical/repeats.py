"""What a small model says twice in one sentence: the second time goes."""

from __future__ import annotations

import re

from models.clinical.watch import plain_words

_QUOTE_MARKS = frozenset('"“”„«»')
_ITEM = r"[^\W\d_][\w'’-]{4,}(?: [\w'’-]+){0,3}"
_AND = r"(?:and|or|und|oder|y|o)"
_TWICE = re.compile(rf"(?<![\w'’-])({_ITEM})(?:,? {_AND} |, | )\1(?![\w'’-])", re.IGNORECASE)
_BETWEEN = re.compile(rf"(, {_AND} |, | {_AND} )(?![^(]*\))")
_END = re.compile(r"[.!?…]*$")


def without_repeats(sentence: str) -> str:
    """ "Boundary scripting, grounding, and boundary scripting." as "Boundary scripting, grounding."; "avoidance and
    avoidance of calls" as "avoidance of calls". A sentence that quotes comes back as it was."""
    if not _QUOTE_MARKS.isdisjoint(sentence):
        return sentence
    while (rest := _without_items(_TWICE.sub(r"\1", sentence))) != sentence:
        sentence = rest
    return sentence


def _without_items(sentence: str) -> str:
    """Without an item of a list that is an earlier one, word for word; what stands before a colon is no part of it."""
    end = _END.search(sentence)
    bare = sentence[: end.start()] if end else sentence
    kept, *rest = _BETWEEN.split(bare)
    told = [plain_words(kept.rpartition(":")[2])]
    for between, item in zip(rest[::2], rest[1::2], strict=True):
        said = plain_words(item)
        if len(" ".join(said)) > 3 and said in told:
            continue
        told.append(said)
        kept += between + item
    return kept + sentence[len(bare) :]
