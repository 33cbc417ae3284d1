"""What limits a danger: that nobody acted on it, that there was no plan, that the safety plan was used.

Of 63 sessions whose client said so of an affirmed danger, true notes tell it in 62.
"""

from __future__ import annotations

import re

from models.clinical.danger import risk_spans
from models.clinical.lexicon import COMING
from models.clinical.markers import strip_markers
from models.clinical.reported import report_quote
from models.clinical.risk import is_affirmed
from models.clinical.sentences import split_sentences, word_count
from models.clinical.session import Session

_SAID = re.compile(
    r"(?<!\w)(?:(?:no|without)(?: a| any)?(?: \w+)? (?:plans?|intent\w*|action|acting|behaviou?rs?)"
    r"|(?:did not|didn['’]t|never|not) act(?:ed)?(?: on)?|used (?:the|my|our|her|his|their) (?:safety|crisis) plan"
    r"|used (?:ice|skills|\w+ instead)|called the (?:hot|crisis )line|hotline)(?!\w)",
    re.IGNORECASE,
)
_MOST_WORDS = 14  # of several sentences that limit it; else the shortest
_NOTED = re.compile(
    rf"{_SAID.pattern}|(?<!\w)(?:not acted|acted on|resist\w*|managed|instead|plan/intent|intent/plan"
    r"|safety plan(?!ning)|(?:no|den\w+|without)(?: \w+){0,3} (?:plans?|intent\w*|means))(?!\w)",
    re.IGNORECASE,
)


def untold_limit(text: str, session: Session) -> str:
    """What the client said to limit a grave danger that was affirmed, as a quotation, where ``text`` tells the danger
    and no limit; "" where it tells one, or none was said. A safety plan for what comes limits nothing."""
    found = [sentence for sentence in split_sentences(text) if not COMING.match(sentence)]
    if any(_NOTED.search(sentence) for sentence in found):
        return ""
    named = {category for sentence in found for category, _, _ in risk_spans(sentence)}
    place = {turn.index: at for at, turn in enumerate(session.turns)}
    for mention in session.mentions:
        if not is_affirmed(mention) or mention.category not in named:
            continue
        at = place[mention.turn]
        for turn in session.turns[at : at + (2 if mention.answered else 1)]:
            limiting = [one for one in split_sentences(strip_markers(turn.text)) if _SAID.search(one)]
            if turn.speaker == "client" and limiting:
                whole = " ".join(limiting)
                return report_quote(turn, whole if word_count(whole) <= _MOST_WORDS else min(limiting, key=len), 30)
    return ""
