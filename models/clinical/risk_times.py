"""When a danger was: at another time than now, and whether it is so now."""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.clinical.danger import risk_spans
from models.clinical.lexicon import YES_ANSWER
from models.clinical.risk_sentence import negated

OFTEN = (
    r"(?:every|each|most|some) (?:single )?(?:nights?|days?|mornings?|evenings?|weeks?)|nightly|daily|always"
    r"|all the time|constant\w*|worse|at night|in the (?:morning|evening)s?|once|twice|\w+ times|same as|on and off"
)
"""How often something is so, of which nobody says that it never is."""
# Said of now, or of what came back, beside what was once or is not now.
_STILL_SO = re.compile(rf"(?<!\w)(?:{OFTEN}|yesterday|this week|clean|stopped|back)(?!\w)", re.IGNORECASE)
_HAD_SOME = re.compile(
    r"(?<!\w)(?:i had (?:some|it|them|one|thoughts)|there (?:was|were)(?! no(?:t|ne)?(?!\w))|for a while)(?!\w)",
    re.IGNORECASE,
)
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
PAST = re.compile(
    r"(?<!\w)(?:last (?:winter|summer|spring|fall|autumn|year|month)|years? (?:ago|back)|months? ago|weeks ago"
    rf"|in (?:(?:19|20)\d\d|'\d\d|(?:early |late )?(?:{_MONTHS})|the past|college|high school|school|\w+ grade)"
    r"|(?:first|that|previous) (?:winter|summer|spring|year)|used to|back then|as a (?:teen\w*|child|kid|boy|girl)"
    r"|at (?:age )?(?:\d\d|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty)"
    r"|past|previous\w*|prior|history|(?:after|since) (?:the|giving|his|her) birth|on (?:the|a) (?:\w+ )?(?:ward|unit)"
    r"|in (?:the )?(?:hospital|compound|camp))(?!\w)",
    re.IGNORECASE,
)
"""Another time than now, as a talk and a note name it."""
NOT_NOW = re.compile(
    r"(?:^|[.,;:—–]\s*|(?<!\w)(?:and|but|is|are|there's|there are|there is) )"
    r"(?:(?:not|none|nothing(?: like that)?|never|no(?: (?:thoughts?|urges?|plans?|ideation|attempts?))?)"
    r" (?:now|since(?=\W*$|[.,;])|today|any ?more|lately|currently|these days)"
    r"|now,? no(?:ne|t)?|(?:not|none|nothing)(?: in)? this (?:week|month|year|pregnancy)|(?:no|not) current(?:ly)?"
    r"|current(?:ly)? no(?:ne|t)?|(?:thoughts?|urges?|they|it)(?:'s|'re| is| are)? (?:all )?gone)(?!\w)",
    re.IGNORECASE,
)
"""That something is not so now, whatever was."""


def was_before(told: Sequence[str]) -> bool:
    """Whether sentences tell of a danger at another time, and of none that goes on or came back."""
    return not any(map(_STILL_SO.search, told)) and any(PAST.search(one) and _was_so(one) for one in told)


def is_not_now(told: Sequence[str]) -> bool:
    """Whether sentences say of a danger that it is not so now, and of none that goes on or came back."""
    return not any(map(_STILL_SO.search, told)) and any(map(NOT_NOW.search, told))


def _was_so(sentence: str) -> bool:
    """Whether a sentence says that a danger was: it names it without a no, or is a yes, or "I had some"."""
    named = any(not negated(sentence, start, end) for _, start, end in risk_spans(sentence))
    return named or YES_ANSWER.match(sentence) is not None or _HAD_SOME.search(sentence) is not None
