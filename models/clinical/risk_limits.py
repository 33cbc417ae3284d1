"""What limits a danger: that nobody acted on it, that there was no plan, that the safety plan was used.

Of 63 sessions whose client said so of an affirmed danger, true notes tell it in 62.
"""

from __future__ import annotations

import re

from models.clinical.danger import risk_spans
from models.clinical.lexicon import COMING, OTHERS, RELATIONS
from models.clinical.markers import strip_markers
from models.clinical.reported import report_quote
from models.clinical.risk import is_affirmed
from models.clinical.sentences import split_sentences, word_count
from models.clinical.session import Session

_SAID = re.compile(
    r"(?<!\w)(?:(?:no|without)(?: a| any)?(?: \w+)? "
    r"(?:plans?(?! (?:for|to|b)(?!\w))|intent\w*(?! of (?!act|harm|do))|action|acting|behaviou?rs?)"
    r"|(?:did not|didn['’]t|never|not) act(?:ed)?"
    r"(?: on (?:it|them|that|those|the (?:urges?|thoughts?)))?(?=\s*(?:$|[,.;!—–]))"
    r"|used (?:the|my|our) (?:safety|crisis) plan|used (?:ice|skills|\w+ instead)"
    r"|called the (?:hotline|crisis line))(?!\w)",
    re.IGNORECASE,
)
# What was so once, was told somebody, or is another's, limits nothing now.
_NOT_SO = re.compile(
    r"(?<!\w)(?:then|told|said|say|last time|before|once|lie|lied|weekend|about my)(?!\w)", re.IGNORECASE
)
# What may take a limit back, said later.
_TAKEN_BACK = re.compile(
    r"(?<!\w)(?:plans?|intent\w*|lie|lied|lying|not true|do have|acted|have one)(?!\w)", re.IGNORECASE
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
        for number in range(at, min(at + (2 if mention.answered else 1), len(session.turns))):
            if session.turns[number].speaker == "client" and (said := _limiting(session, number)):
                return said
    return ""


def _limiting(session: Session, number: int) -> str:
    """The quotation of what limits a danger in a turn of the client's; "" where nothing does, or it may not stand."""
    sentences = split_sentences(strip_markers(session.turns[number].text))
    places = [at for at, one in enumerate(sentences) if _SAID.search(one) and not _is_anothers(one)]
    if not places:
        return ""
    later = [
        *sentences[places[-1] + 1 :],
        *(turn.text for turn in session.turns[number + 1 :] if turn.speaker == "client"),
    ]
    if any(_TAKEN_BACK.search(one) for one in later):
        return ""
    limiting = [sentences[at] for at in places]
    whole = " ".join(limiting)
    return report_quote(
        session.turns[number], whole if word_count(whole) <= _MOST_WORDS else min(limiting, key=len), 30
    )


def _is_anothers(sentence: str) -> bool:
    return bool(_NOT_SO.search(sentence) or OTHERS.search(sentence) or RELATIONS.search(sentence))
