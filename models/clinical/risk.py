"""Where a session speaks of danger: what, by whom, said of whom, and whether it was denied."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.clinical.lexicon import FIRST_PERSON, IDIOMS, NEGATION, NO_ANSWER, OTHERS, RISK, SECOND_PERSON, YES_ANSWER
from models.clinical.markers import strip_markers
from models.clinical.sentences import split_sentences
from models.transcript import Turn


@dataclass(frozen=True, slots=True)
class RiskMention:
    """One mention. ``category`` is a key of ``lexicon.RISK``; ``about`` is ``client`` or ``other`` (a brother's
    suicide, a partner's violence); ``question``: asked and not answered either way; ``idiom``: never set on a mention
    that ``find_risk`` returns."""

    term: str
    category: str
    negated: bool
    speaker: str
    turn: int
    about: str = "client"
    question: bool = False


_BREAK = re.compile(r"[,;:]?\s+(?:but|however|though|although|except|pero|aber|mais)(?!\w)|;", re.IGNORECASE)
_DANGER_BY_NEGATION = re.compile(r"\W*(?:not|n't|no longer|never|no)(?!\w)", re.IGNORECASE)
_DENIED_AFTER = re.compile(
    r"\W*(?:(?:ideation|thoughts?|intent|plan) )?(?:(?:is|was) )?(?:denied|is not|was not|isn't|wasn't|never)(?!\w)",
    re.IGNORECASE,
)
# Words between a negation and what it governs: "no thoughts of wanting to hurt myself".
_REACH = 9


def find_risk(turns: Sequence[Turn]) -> tuple[RiskMention, ...]:
    """Every mention of danger in the session, in order of speech. Idioms ("killing time") are none."""
    mentions: list[RiskMention] = []
    for place, turn in enumerate(turns):
        answer = next((later for later in turns[place + 1 : place + 3] if later.speaker != turn.speaker), None)
        for sentence in split_sentences(strip_markers(turn.text).replace("’", "'")):
            mentions.extend(_of_sentence(sentence, turn, answer))
    return tuple(mentions)


def risk_spans(sentence: str) -> Iterator[tuple[str, int, int]]:
    """``(category, start, end)`` of what a sentence says of danger; of overlapping terms the longest, no idioms."""
    idioms = [match.span() for match in IDIOMS.finditer(sentence)]
    spans = [
        (match.start(), match.end(), category)
        for category, pattern in RISK.items()
        for match in pattern.finditer(sentence)
        if not any(start < match.end() and match.start() < end for start, end in idioms)
    ]
    spans.sort(key=lambda span: (span[0], span[0] - span[1]))
    reached = -1
    for start, end, category in spans:
        if start >= reached:
            reached = end
            yield category, start, end


def _of_sentence(sentence: str, turn: Turn, answer: Turn | None) -> Iterator[RiskMention]:
    asked = sentence.rstrip("\"'”’)").endswith("?")
    for category, start, end in risk_spans(sentence):
        negated, open_question = _negated(sentence, start, end), False
        if asked and turn.speaker != "client":
            reply = _reply(answer)
            negated, open_question = reply == "no", reply is None
        yield RiskMention(
            term=sentence[start:end],
            category=category,
            negated=negated,
            speaker=turn.speaker,
            turn=turn.index,
            about=_about(sentence, start, end, category),
            question=open_question,
        )


def _reply(answer: Turn | None) -> str | None:
    if answer is None:
        return None
    text = answer.text.replace("’", "'")
    first = split_sentences(text)[0] if text.strip() else ""
    if NO_ANSWER.match(first) and not _BREAK.search(first):
        return "no"
    return "yes" if YES_ANSWER.match(first) else None


def _negated(sentence: str, start: int, end: int) -> bool:
    """Whether a negation governs the words at ``start``: one in the same clause before them."""
    before = sentence[:start]
    breaks = [match.end() for match in _BREAK.finditer(before)]
    clause = before[breaks[-1] :] if breaks else before
    if _DANGER_BY_NEGATION.match(sentence[start:end]):
        return False  # "not waking up" is the danger itself
    negations = list(NEGATION.finditer(clause))
    if not negations:
        return bool(_DENIED_AFTER.match(sentence[end:]))
    return len(clause[negations[-1].end() :].split()) <= _REACH


def _about(sentence: str, start: int, end: int, category: str) -> str:
    """``other`` when the nearest person before the words is a third one; the client else."""
    term = sentence[start:end].lower()
    if re.search(r"(?:him|her)self|themselves|himself", term):
        return "other"
    if re.search(r"myself|yourself|matarme|mich|me ", term):
        return "client"
    before = sentence[:start]
    third = [match.start() for match in OTHERS.finditer(before)]
    self_at = [match.start() for match in (*FIRST_PERSON.finditer(before), *SECOND_PERSON.finditer(before))]
    if third and third[-1] > max(self_at, default=-1):
        return "other"
    if (
        not self_at
        and OTHERS.search(sentence[end : end + 30])
        and category in ("suicide", "overdose", "abuse", "violence")
    ):
        return "other"
    return "client"
