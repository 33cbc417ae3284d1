"""That something became less, better or steady: a note says so only where the talk does, of the same thing."""

from __future__ import annotations

import re

from models.clinical.language import language_of
from models.clinical.session import Session
from models.clinical.words import content_stems

_FROM_TO = re.compile(r"(?<!\w)from (?:an? )?([\w.]+)%?(?:/\d+)? to (?:an? )?([\w.]+)", re.IGNORECASE)
_FALL = re.compile(
    r"(?<!\w)(?:(?:reduc|decreas|lessen|diminish|eas)(?:ed|es|ing)|dropped|drops|fell|lower(?:ed)?|down|improved)(?!\w)",
    re.IGNORECASE,
)
_RISE = re.compile(r"(?<!\w)(?:increas\w+|rose|rising|climbed|up)(?!\w)", re.IGNORECASE)
# "Tension reduced", "reduced tension". Of the first no more than two words: those before are of something else.
_BECAME = re.compile(
    r"(?<![\w-])((?:[\w-]+ )?[\w-]+) (?:(?:was|were|is|are|has|have|had)(?: been)? )?"
    r"(?:slightly |somewhat |markedly )?(?:reduced|decreased|improved|lessened|eased|diminished)"
    r"(?= ?(?:$|[^\w\s-]|(?:with|by|in|during|after|from|to|since|at|when|today|over|through|this|following|and"
    r"|but)(?!\w)))",
    re.IGNORECASE,
)
_BETTER_OF = re.compile(
    r"(?<![\w-])(reduced|decreased|improved|lessened|diminished|fewer) "
    r"(?!\w+ly |(?:from|by|with|in|during|after|to|since|at|when|and) )((?:[\w-]+ )?[\w-]+)",
    re.IGNORECASE,
)
# What the therapist judges, and nobody says.
_JUDGED = re.compile(r"(?<!\w)(?:insight|awareness|understanding|self-efficacy)(?!\w)", re.IGNORECASE)
# Of these less is a complaint and no progress.
_COMPLAINTS = re.compile(
    r"(?<!\w)(?:energy|appetite|sleep|concentration|motivation|interest|libido|productivity|functioning|activit\w+|drive"
    r"|focus|capacity|tolerance|contact|social|speech|intake|dose|use|caffeine|alcohol|workload)(?!\w)",
    re.IGNORECASE,
)
_PROGRESS = re.compile(
    r"(?<!\w)(?:improv\w*|better|reduc\w*|decreas\w*|less|lesser|lower\w*|drop\w*|down|fell|fewer|calm\w*|eas(?:e|ed|es|ier|ing)"
    r"|soft\w*|light\w*|relax\w*|relie\w*|settl\w*|loosen\w*|shr[aiu]nk\w*|quiet\w*|manageable|gone|stead\w+|help(?:s|ed)"
    r"|progress\w*|weaker|smaller|reced\w*|fad\w+|halv\w*|half|present|stopped|no|without|tolerated|declin\w*|subsid\w*"
    r"|managed|shifted)(?!\w)",
    re.IGNORECASE,
)
# A talk may tell of strain that eases by another name than the note: "somatic tension reduced", "my shoulders drop".
_STRAIN = re.compile(
    r"(?<!\w)(?:anx\w*|distress\w*|tens\w*|tight\w*|fear\w*|panic\w*|arous\w*|hyperarous\w*|suds|somatic|shoulders?|throat|chest"
    r"|heart|breath\w*|body|sensations?|worr\w*|stress\w*|overwhelm\w*|dizz\w*|afraid|scared|spik\w+|calmer)(?!\w)",
    re.IGNORECASE,
)
_STABLE = re.compile(
    r"(?<!\w)(?:mood|affect)(?: (?:is|was|remains|remained))? (?:stable|steady)(?!\w)"
    r"|(?<!\w)(?:stable|steady) mood(?!\w)",
    re.IGNORECASE,
)
_STABLE_SAID = re.compile(r"(?<!\w)(?:stable|stead\w+|even|level|balanced|stabil\w+)(?!\w)", re.IGNORECASE)
BEGINS = re.compile(
    r"(?<!\w)(?:reduced|decreased|improved|lessened|eased|diminished|fewer|stable|steady|increased|dropped|fell|rose"
    r"|from (?:an? )?(?:\d|two|three|four|five|six|seven|eight|nine|ten))",
    re.IGNORECASE,
)
"""Where a sentence begins to tell of a change."""
_SCALE = re.compile(r"\s*(?:/\s*|out of (?:a )?)(?:10|100|ten|a hundred)(?!\w)", re.IGNORECASE)
_RATED = re.compile(
    r"(?<![\w.])([\w.]+?)(?=\s*(?:%|percent|suds|$|[^\w\s.]|\.(?!\d)|\s(?:to|now|today|at|before|after|when|while|and|but|or|by"
    r"|in|on|this|then|for|last|from|with|maybe|i|it|instead|during|right|is|was|if|most|usually|again|out|the)(?!\w)))",
    re.IGNORECASE,
)


def invented_change(sentence: str, session: Session) -> str | None:
    """A change that nobody spoke of: ratings that were not given or that go the other way, "sleep improved" of sleep
    that did not, "mood stable" of a mood that nobody called so. English, like the words it knows."""
    if session.language != "en" or language_of(sentence, "en") != "en":
        return None
    if _STABLE.search(sentence) and not _STABLE_SAID.search(session.text):
        return "change"
    if (found := _FROM_TO.search(sentence)) and not _rated(found, sentence, session):
        return "change"
    claimed = [match.group(1) for match in _BECAME.finditer(sentence)]
    for match in _BETTER_OF.finditer(sentence):
        if match.group(1).lower() == "improved" or not _COMPLAINTS.search(match.group(2)):
            claimed.append(match.group(2))
    claimed = [what for what in claimed if not _JUDGED.search(what)]
    return "change" if any(not _progressed(what, session) for what in claimed) else None


def _rated(found: re.Match[str], sentence: str, session: Session) -> bool:
    before, after = (session.known.number(value.strip(".").lower()) or value.strip(".") for value in found.groups())
    if not (_is_number(before) and _is_number(after)):
        return True  # "from bed to sofa"
    lead = sentence[: found.start()]
    if _FALL.search(lead) and float(before) <= float(after):
        return False
    if _RISE.search(lead) and float(before) >= float(after):
        return False
    said = {match.group(1).lower() for match in _RATED.finditer(_SCALE.sub("", session.text))}
    return {before, after} <= said | {value for one in said if (value := session.known.number(one))}


def _is_number(value: str) -> bool:
    return re.fullmatch(r"\d+(?:\.\d+)?", value) is not None


def _progressed(what: str, session: Session) -> bool:
    """Whether a turn speaks of ``what``, and it or one beside it of some progress."""
    stems = set(content_stems(what))
    if not stems:
        return True
    strain = _STRAIN.search(what) is not None
    texts = [turn.text for turn in session.turns]
    places = [
        place
        for place, text in enumerate(texts)
        if (_STRAIN.search(text) if strain else not stems.isdisjoint(content_stems(text)))
    ]
    return any(_PROGRESS.search(text) for place in places for text in texts[max(0, place - 1) : place + 2])
