"""Parts of a danger that one may affirm and deny apart: an attempt, an intent, a plan, acting on it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from models.clinical.danger import risk_spans
from models.clinical.evidence import index_of
from models.clinical.lexicon import COMING
from models.clinical.risk import RiskMention
from models.clinical.sentences import split_sentences
from models.clinical.session import Session
from models.clinical.words import content_stems

_PART = re.compile(
    r"(?<!\w)(?:attempt\w*|tried|intent\w*|intend\w*|plans?|planning|means|method\w*|active|acting|acted|history"
    r"|plant|planen|planea|absicht\w*|versuch\w*|intención|intenciones)(?!\w)",
    re.IGNORECASE,
)
# Of these each is another part, however it is worded.
_KINDS = tuple(
    re.compile(rf"(?<!\w)(?:{words})", re.IGNORECASE)
    for words in (
        "attempt|tried|try|acted|acting|act on|history|did|past|ago|versuch|früher|intent[oó]|intentar",
        "inten[tdc]|want|(?:on|with) purpose|deliberate|mean(?:t)? (?:it|that|to)|absicht|wollte"
        "|will(?! (?:do|see|try|be|call|keep|say|go)(?!\\w))|quier|quer|a propósito",
        "plan|means|method|pills|gun|notfall",
        "activ|aktiv",
    )
)
# "suicidal ideation, intent or plan" names the whole danger beside its parts.
_WHOLE = re.compile(r"\W*(?:ideation|thoughts?|ideas?|urges?|feelings?|gedanken|ideación|ideas)(?!\w)", re.IGNORECASE)
# A list names it beside its parts too: "SI/intent", "plan or SI".
_IN_LIST = r"(?:[,/]|(?<!\w)(?:or|nor|and|oder|noch|und|o|ni|y)(?!\w))"
_LISTED_BEFORE = re.compile(rf"{_IN_LIST}\s*$", re.IGNORECASE)
_LISTED_AFTER = re.compile(rf"\s*{_IN_LIST}", re.IGNORECASE)
_ACTIVE = re.compile(r"acti\w+|akti\w+", re.IGNORECASE)
_WISH = re.compile(
    r"(?<!\w)(?:urges?|thoughts?|think\w*|want\w*|impuls\w*|idea|passive|drang|gedanken|ganas|pensamientos?)(?!\w)",
    re.IGNORECASE,
)
_LEAST_TOLD = 3  # words of meaning beside the name of the danger
_MEANS = {
    kind: re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)
    for kind, words in {
        "self_harm": r"cut|cuts|cutting|burn\w*|scratch\w*|slic\w+|carv\w+|razors?|blades?|bled|bleed\w*|punch\w*"
        r"|schn\w+|ritz\w+|klinge|cort\w+|cuchilla|quem\w+",
        "suicide": r"die|dead|death|jump\w*|rope|noose|pills?|tablets|guns?|rifle|bridge|train|tracks|roof|sterben|tot"
        r"|tabletten|brücke|zug|seil|morir\w*|muert[ao]|pastillas|puente|tren",
        "overdose": r"pills?|tablets?|bottle|\w*tabletten|pillen|pastillas|frasco",
    }.items()
}
# A part that is named farther behind the danger: "homicidal ideation toward brother with intent".
_WITH_PART = re.compile(
    r"(?<!\w)(?:with|mit|con)(?: (?:an?|the|clear|active|specific|stated|full|current|klarer|clara))*"
    r" (intent\w*|plans?|means|absicht|plan|intención)(?!\w)",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[;.]|(?<!\w)(?:but|aber|pero)(?!\w)", re.IGNORECASE)
_NOT_SO = re.compile(r"[,;:—(]|(?<!\w)(?:without|no|not|nor|ohne|keine?|sin|but|or|and)(?!\w)", re.IGNORECASE)
# What a denial leaves standing beside it: "denies self-harm for two months, with urges".
_STILL = re.compile(
    r"(?<!\w)(?:but|with|though|although|however|except|despite)(?!\w)"
    r"(?:(?!(?<!\w)no(?!\w)).)*?(?<!\w)(?:urges?|thoughts?)(?!\w)",
    re.IGNORECASE,
)


def parts_of(sentence: str, noted: RiskMention) -> list[str]:
    """The parts of a danger that are named around the word for it ("no suicidal intent"), none where it is named whole;
    thoughts that are called active are a part."""
    start = sentence.find(noted.term)
    lead, after = sentence[:start], sentence[start + len(noted.term) :]
    before = [] if _LISTED_BEFORE.search(lead) else lead.split()[-3:]
    if _WHOLE.match(after) or _LISTED_AFTER.match(after):
        return [word for word in before if _ACTIVE.fullmatch(word)]
    return _PART.findall(" ".join([*before, noted.term, *after.split()[:2]]))


def names_wish(text: str) -> bool:
    """Whether ``text`` speaks of an urge to a danger, or of thoughts of it."""
    return bool(_WISH.search(text))


def noted_as_done(sentence: str, noted: RiskMention) -> bool:
    """Whether ``sentence`` speaks of self-harm as of something done: no word of an urge or a thought is around it."""
    if noted.category != "self_harm":
        return False
    start = sentence.find(noted.term)
    after = sentence[start + len(noted.term) :]
    around = [*sentence[:start].split()[-4:], noted.term, *after.split()[:3]]
    return not (_WHOLE.match(after) or names_wish(" ".join(around)))


def only_wished(said: Iterable[RiskMention], session: Session) -> bool:
    """Whether all that was ``said`` was said of urges or thoughts."""
    spoken = {turn.index: split_sentences(turn.text.replace("’", "'")) for turn in session.turns}
    return all(
        any(one.term in sentence and names_wish(sentence) for sentence in spoken.get(one.turn, ())) for one in said
    )


def parts_denied(sentence: str, noted: RiskMention, session: Session) -> bool:
    """Whether the session says no to one of the parts that ``sentence`` denies."""
    kinds = {kind for part in parts_of(sentence, noted) for kind in _KINDS if kind.search(part)}
    return any(kind.search(denied) for kind in kinds for denied in session.denied)


def unheard_parts(sentence: str, noted: RiskMention, session: Session) -> bool:
    """Whether ``sentence`` affirms, in words of its own, a part of a danger that the session denies or is silent on."""
    if any(mark in sentence for mark in '"“„'):
        return False
    start = sentence.find(noted.term)
    rest = sentence[start + len(noted.term) :]
    after = _NOT_SO.split(rest)[0]
    farther = _WITH_PART.findall(_CLAUSE.split(rest)[0])
    around = " ".join([*sentence[:start].split()[-3:], *after.split()[:2]])
    kinds, with_kinds = _kinds_of(_PART.findall(around)), _kinds_of(farther)
    if any(kind.search(denied) for kind in (*kinds, *with_kinds) for denied in session.denied):
        return True
    silent = any(not kind.search(session.text) for kind in kinds)
    return silent and not _borne_by_turns(sentence, noted, session)


def _kinds_of(parts: Iterable[str]) -> list[re.Pattern[str]]:
    return [kind for part in parts for kind in _KINDS if kind.search(part)]


def is_told(sentence: str, noted: RiskMention, session: Session) -> bool:
    """Whether the turns bear out what ``sentence`` affirms of a danger to the patient's own life, though no list knows
    the words it was told in: it says more than the danger, that is supported, and the client spoke of a means to it."""
    if noted.category == "suicide" and parts_of(sentence, noted):
        return False
    return _borne_by_turns(sentence, noted, session)


def _borne_by_turns(sentence: str, noted: RiskMention, session: Session) -> bool:
    spoken = _MEANS.get(noted.category)
    if spoken is None or COMING.match(sentence):
        return False
    if len(content_stems(sentence.replace(noted.term, " "))) < _LEAST_TOLD:
        return False
    evidence = index_of(session.turns).support(sentence)
    said = (turn.text for turn in session.turns if turn.index in evidence.turns and turn.speaker != "therapist")
    return evidence.supported and any(map(spoken.search, said))


def denied_in_part(sentence: str, noted: RiskMention, session: Session) -> bool:
    """Whether a denial says what it leaves standing, and the session denies the rest: "no self-harm, but urges"."""
    denied = {category for clause in session.denied for category, _, _ in risk_spans(clause)}
    return noted.category in denied and bool(_STILL.search(sentence, sentence.find(noted.term)))
