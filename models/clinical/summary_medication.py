"""What the client takes, in the paragraph beside the sections, where the model wrote nothing of it.

Of 29 sessions in which a client names a drug, true notes speak of medication in 28.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.clinical.danger import risk_spans
from models.clinical.lexicon import COMING, MEDICATION, NEGATION, RELATIONS
from models.clinical.markers import strip_markers
from models.clinical.reported import quote, report
from models.clinical.sentences import split_sentences, word_count
from models.clinical.session import session_of
from models.transcript import Turn

_MOST_WORDS = 18
_SPOKEN_OF = re.compile(
    rf"{MEDICATION.pattern}|(?<!\w)(?:medicat\w*|meds|prescri\w+|dos(?:e|es|age))(?!\w)", re.IGNORECASE
)
_TAKEN = re.compile(
    r"(?<!\w)(?:tak(?:e|es|ing)|took|on|skip\w+|missed|increas\w+|start\w+|rais\w+|lower\w+|chang\w+|add(?:s|ed)|kept|dos(?:e|es)"
    r"|mg|milligrams?|prescribed|ma(?:de|kes) me|stay\w*)(?!\w)",
    re.IGNORECASE,
)
# What is no word of what the client takes now: what was, what others take, what is wished, feared or only thought of.
_NOT_TAKEN = re.compile(
    r"^(?:he|she|they)(?!\w)|(?<!\w)(?:if|when i was|years? ago|back then|used to|once|before|until|in (?:19|20)\d\d"
    r"|could|would|should|might|maybe|want\w*|wish\w*|afraid|fear\w*|worr\w+|think\w*|thought|pictur\w+|heard|read|about|than|like"
    r"|instead|article|ad|stopp?\w*|quit|borrow\w*|bottle|vial|lock\w*|leftover)(?!\w)",
    re.IGNORECASE,
)


def with_medication(text: str, turns: Sequence[Turn], max_words: int) -> str:
    """``text``, if it is silent on medication, with the first that the client said of a drug that they take, before
    homework and plans, as far as there is room. English alone, like the names of drugs."""
    session = session_of(turns)
    if session.language != "en" or _SPOKEN_OF.search(text):
        return text
    said = next((told for turn in turns if turn.speaker == "client" for told in _told(turn)), "")
    sentences = split_sentences(text)
    if not said or word_count(text) + word_count(said) > max_words:
        return text
    at = next((place for place, one in enumerate(sentences) if COMING.match(one)), len(sentences))
    return " ".join((*sentences[:at], said, *sentences[at:]))


def _told(turn: Turn) -> list[str]:
    """The sentences of a turn that say what the client takes, as a note tells them."""
    found = []
    for sentence in split_sentences(strip_markers(turn.text)):
        if not MEDICATION.search(sentence) or sentence.endswith("?") or risk_spans(sentence):
            continue
        if (
            not _TAKEN.search(sentence)
            or NEGATION.search(sentence)
            or RELATIONS.search(sentence)
            or _NOT_TAKEN.search(sentence)
        ):
            continue
        third = strip_markers(report(sentence, turn, _MOST_WORDS))
        if third and '"' not in third:
            found.append(third)
        elif word_count(sentence) <= _MOST_WORDS:
            found.append(quote("Medication:", sentence, _MOST_WORDS + 1))
    return found
