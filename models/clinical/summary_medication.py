"""What the client takes, in the paragraph beside the sections, where the model wrote nothing of it.

Of 29 sessions in which a client names a drug, true notes speak of medication in 28.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.clinical.coming import before_coming
from models.clinical.danger import risk_spans
from models.clinical.lexicon import MEDICATION, NEGATION, RELATIONS
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
    r"(?<!\w)(?:tak(?:e|es|ing)|took|on|skip\w+|missed|increas\w+|start\w+|rais\w+|lower\w+|chang\w+|add(?:s|ed)|kept"
    r"|dos(?:e|es)|mg|milligrams?|prescribed|ma(?:de|kes) me|stay\w*)(?!\w)",
    re.IGNORECASE,
)
# Whose word it is: the client's own of themselves, or of who prescribes for them.
_OWN = re.compile(
    r"(?:(?:so|well|and|yes)[, ]+)?(?:i|i['’](?:m|ve)|we|taking|took|(?:my )?(?:doctor|psychiatrist|prescriber|gp)"
    rf"|(?:the|my) (?:{MEDICATION.pattern}|meds|medication|dose))(?!\w)",
    re.IGNORECASE,
)
# What takes it back, in the next sentence or in the answer to what the therapist asks about it.
_TAKEN_BACK = re.compile(r"(?<!\w)(?:until|off|any ?more|not|no|now|did|stopp?\w*|quit)(?!\w)", re.IGNORECASE)
# What is no word of what the client takes now: what was, what others take, what is wished, feared or only thought of.
_NOT_TAKEN = re.compile(
    r"(?<!\w)(?:if|when i was|i was on|in (?:college|school)|dream\w*|years? ago|back then|used to|once|before|until"
    r"|in (?:19|20)\d\d|could|would|should|might|maybe|want\w*|wish\w*|afraid|fear\w*|worr\w+|think\w*|thought"
    r"|pictur\w+|heard|read|about|than|like|instead|article|ad|stopp?\w*|quit|borrow\w*|bottle|vial|lock\w*|leftover"
    r"|next door|for the|all of|whole|too many|extra|handful|their|his|her)(?!\w)",
    re.IGNORECASE,
)


def with_medication(text: str, turns: Sequence[Turn], max_words: int) -> str:
    """``text``, if it is silent on medication, with the first that the client said of a drug that they take, before
    homework and plans, as far as there is room. English alone, like the names of drugs."""
    session = session_of(turns)
    if session.language != "en" or _SPOKEN_OF.search(text):
        return text
    said = next((told for place in range(len(turns)) for told in _told(turns, place)), "")
    if not said or word_count(text) + word_count(said) > max_words:
        return text
    return before_coming(text, said)


def _told(turns: Sequence[Turn], place: int) -> list[str]:
    """The sentences of a turn of the client's that say what they take, as a note tells them."""
    turn, found = turns[place], []
    sentences = split_sentences(strip_markers(turn.text)) if turn.speaker == "client" else ()
    answer = next((other.text for other in turns[place + 1 :] if other.speaker == "client"), "")
    for number, sentence in enumerate(sentences):
        if not MEDICATION.search(sentence) or sentence.endswith("?") or risk_spans(sentence):
            continue
        after = sentences[number + 1] if number + 1 < len(sentences) else " ".join(split_sentences(answer)[:1])
        if not _is_taken(sentence) or _TAKEN_BACK.search(after):
            continue
        third = strip_markers(report(sentence, turn, _MOST_WORDS))
        if third and '"' not in third:
            found.append(third)
        elif word_count(sentence) <= _MOST_WORDS:
            found.append(quote("Medication:", sentence, _MOST_WORDS + 1))
    return found


def _is_taken(sentence: str) -> bool:
    own = _OWN.match(sentence) and _TAKEN.search(sentence)
    return bool(own and not (NEGATION.search(sentence) or RELATIONS.search(sentence) or _NOT_TAKEN.search(sentence)))
