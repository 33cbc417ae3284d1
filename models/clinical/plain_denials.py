"""A denial of danger that a note may put in words of its own, because nothing in it needs reading: "Any suicidal
ideation?" "No." Any other is told as it was said."""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.clinical.danger import risk_spans
from models.clinical.lexicon import OF_DANGER
from models.clinical.risk import RiskMention, is_probe
from models.clinical.risk_parts import names_wish
from models.clinical.sentences import split_sentences
from models.clinical.session import Session
from models.transcript import Turn

# How a denial is noted: of the thing itself, and where only the wish for it was asked about.
_NAMES = {
    "suicide": ("suicidal ideation", "suicidal ideation"),
    "self_harm": ("self-harm", "urges to self-harm"),
    "harm_to_others": ("harm to others", "thoughts of harming others"),
}
_LEAD = re.compile(
    r"\W*(?:(?:and|so|okay|ok|safety check)\W+)*"
    r"(?:any|are you(?: having)?|do you have|are there|is there|have you had|have you been having|have there been)"
    r"(?: any)?(?!\w)",
    re.IGNORECASE,
)
# What may stand around the words for danger in a question that asks for nothing else.
_AROUND = re.compile(
    r"(?<!\w)(?:any|or|and|of|to|for|thoughts?|urges?|ideation|ideas|impulses?|suicidal|today|now|currently|current|lately"
    r"|recent|recently|this week|since (?:we last met|last (?:week|time|session))|either|at all)(?!\w)",
    re.IGNORECASE,
)
_NO = re.compile(
    r"\W*(?:(?:no|none|nope|never|not at all|nothing like that|no SI|no thoughts|no urges)(?:\W+|$))+", re.IGNORECASE
)
# What may take a no back in what follows it.
_TAKES_BACK = re.compile(
    r"(?<!\w)(?:but|just|only|except|though|although|however|sometimes|last|before|ago|used to|any ?more|months?|years?"
    r"|old|honest\w*|well|thoughts?|urges?|until|since|except|unless|mostly|really)(?!\w)",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"\W*(?:(?:i have|i've|i'm|i am|there (?:is|are)) )?(?:no|not|never)(?: had| having)?(?: any)?\W*", re.IGNORECASE
)
_CLAUSE = re.compile(r"[,;—]\s*(?:but |and )?|(?<!\w)(?:but|and) ", re.IGNORECASE)


def plainly_denied(spoken: Sequence[RiskMention], session: Session) -> str:
    """``Denied suicidal ideation.``, or "" unless each of ``spoken`` is a plain denial, in English."""
    names: list[str] = []
    for mention in spoken:
        if session.language != "en" or mention.question or mention.category not in _NAMES:
            return ""
        sentence = _plain_sentence(mention, session)
        if sentence is None:
            return ""
        before = sentence[: sentence.find(mention.term)].split()[-3:]
        name = _NAMES[mention.category][names_wish(" ".join([*before, mention.term]))]
        if name not in names:
            names.append(name)
    return f"Denied {' and '.join(sorted(names, key=len, reverse=True))}."


def _plain_sentence(mention: RiskMention, session: Session) -> str | None:
    """The sentence of a mention, where it denies plainly or was plainly denied."""
    place = next(number for number, turn in enumerate(session.turns) if turn.index == mention.turn)
    sentences = [one.replace("’", "'") for one in split_sentences(session.turns[place].text)]
    sentence = next((one for one in sentences if mention.term in one), None)
    if sentence is None:
        return None
    if mention.answered:
        asked = sentence == sentences[-1] and _asks_for_nothing_else(sentence)
        return sentence if asked and _bare_no(session.turns[place + 1 : place + 3]) else None
    return sentence if any(_states(clause) for clause in _CLAUSE.split(sentence)) else None


def _asks_for_nothing_else(question: str) -> bool:
    lead = _LEAD.match(question)
    return lead is not None and not re.search(r"\w", _AROUND.sub("", _without_danger(question[lead.end() :])))


def _states(clause: str) -> bool:
    """ "No suicidal thoughts", and nothing more."""
    lead = _OWN.match(clause)
    if lead is None or not risk_spans(clause):
        return False
    return not re.search(r"\w", _AROUND.sub("", _without_danger(clause[lead.end() :])))


def _without_danger(text: str) -> str:
    for _, start, end in reversed(risk_spans(text)):
        text = f"{text[:start]} {text[end:]}"
    return text


def _bare_no(after: Sequence[Turn]) -> bool:
    """Whether the client answers with no, adds nothing that may take it back, and is not asked once more."""
    if not after or after[0].speaker != "client":
        return False
    first, *rest = [one.replace("’", "'") for one in split_sentences(after[0].text)]
    if (len(after) > 1 and is_probe(after[1].text)) or not _NO.fullmatch(first):
        return False
    return not any(_TAKES_BACK.search(one) or OF_DANGER.search(one) or risk_spans(one) for one in rest)
