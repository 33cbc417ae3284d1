"""A text within a number of words: whole sentences, else clauses, else words."""

from __future__ import annotations

import re

from models.clinical.sentences import split_sentences, word_count

_CLAUSE = re.compile(r"[,;:]$|[.!?…]$")


def cut_to_words(text: str, max_words: int) -> str:
    """The sentences of ``text`` from the first that fit in ``max_words``; of a first one that does not, its clauses;
    of a first clause that does not, its words. What is cut inside a sentence ends in an ellipsis."""
    kept = ""
    for sentence in split_sentences(text):
        longer = f"{kept} {sentence}".strip()
        if word_count(longer) > max_words:
            break
        kept = longer
    return kept or _cut_sentence(text, max_words)


def _cut_sentence(sentence: str, max_words: int) -> str:
    tokens = sentence.split()
    fitting = 0
    while fitting < len(tokens) and word_count(" ".join(tokens[: fitting + 1])) <= max_words:
        fitting += 1
    if fitting == len(tokens):
        return sentence
    if fitting == 0:
        return sentence[: 2 * max_words - 1] + "…" if sentence else ""
    clause = next((at for at in range(fitting, fitting // 2, -1) if _CLAUSE.search(tokens[at - 1])), fitting)
    return " ".join(tokens[:clause]).rstrip(",;:") + "…"
