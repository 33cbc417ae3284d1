"""Danger in a note: only what the session speaks of, of whom it speaks, and not turned into its opposite."""

from __future__ import annotations

import re

from models.clinical.danger import risk_spans
from models.clinical.lexicon import DENIAL, RELATIONS
from models.clinical.risk import RiskMention, affirmed_categories, find_risk
from models.clinical.session import Session
from models.transcript import Turn

_PATIENT = re.compile(
    r"(?<!\w)(?:patient|client|pt|he|she|they|paciente|patientin|klient\w*)(?!\w)(?!['’]s)", re.IGNORECASE
)
_SUFFERED = re.compile(
    r"(?<!\w)(?:experienc\w+|surviv\w+|suffer\w*|victim|disclos\w+|history of|expos\w+"
    r"|(?:report|describ)\w* (?:(?:past|childhood|physical|sexual|emotional|domestic) )*(?:abuse|violence|assault)"
    r"|(?:was|were|been|being|is|got) (?:\w+ ){0,2}?(?:\w+ed|\w+en|hit|hurt))(?!\w)",
    re.IGNORECASE,
)
_LEVEL = r"(?:no|low|lower|moderate|medium|high|higher|minimal|elevated|acute|imminent)"
_RATED = re.compile(
    rf"(?<!\w){_LEVEL} (?:to {_LEVEL} )?(?:(?:acute|current|immediate|overall|suicide) )*risk(?!\w)"
    r"|(?<!\w)risk(?: level)?(?: (?:is|was|remains|remained|currently|assessed|appears|considered|as|rated))*:?"
    rf" {_LEVEL}(?!\w)",
    re.IGNORECASE,
)
_BY_OTHER = re.compile(r"\W*(?:\w+ ){0,2}(?:by|of|in|from) ", re.IGNORECASE)
# Parts of a danger that can be denied by somebody who affirms another part.
_FACET = re.compile(
    r"(?<!\w)(?:attempt\w*|tried|intent\w*|intend\w*|plans?|planning|means|method\w*|active|acting|acted|history"
    r"|plant|planen|planea|absicht\w*|versuch\w*|intención|intenciones)(?!\w)",
    re.IGNORECASE,
)
# Of these parts each is another, however it is worded.
_FACETS = tuple(
    re.compile(rf"(?<!\w)(?:{words})", re.IGNORECASE)
    for words in (
        "attempt|tried|try|acted|acting|act on|history|did|past|ago|versuch|früher|intent[oó]|intentar",
        "inten[tdc]|want|absicht|wollte|will|quier|quer",
        "plan|means|method|pills|gun|notfall",
        "activ|aktiv",
    )
)
_NOT_SO = re.compile(r"[,;:—(]|(?<!\w)(?:without|no|not|nor|ohne|keine?|sin|but|or|and)(?!\w)", re.IGNORECASE)
# What a denial leaves standing beside it: "denies self-harm for two months, with urges".
_STILL = re.compile(
    r"(?<!\w)(?:but|with|though|although|however|except|despite)(?!\w)(?:(?!(?<!\w)no(?!\w)).)*?(?<!\w)(?:urges?|thoughts?)(?!\w)",
    re.IGNORECASE,
)
# What is spoken of under one word may be noted under another of the same line.
_KINDS = (
    frozenset({"harm_to_others", "violence", "weapon"}),
    frozenset({"violence", "abuse"}),
)
_OF_OTHERS_TOO = frozenset({"violence", "abuse", "harm_to_others"})


def unspoken_risk(sentence: str, session: Session) -> str | None:
    """Name of the broken rule: danger that nobody spoke of, another's made the patient's (or the other way round),
    a denial of what was affirmed, an affirmation of what was denied or only asked."""
    if _RATED.search(sentence) and not _RATED.search(session.text):
        return "risk_rated"
    for noted in find_risk([Turn(0, "note", sentence)]):
        if noted.category == "danger":
            if not session.mentions:
                return "risk_not_spoken_of"
            continue
        related = [said for said in session.mentions if _same_kind(said, noted)]
        if not related:
            return "risk_not_spoken_of"
        about = _about(sentence, noted)
        same = [said for said in related if about is None or said.about == about]
        if not same:
            return "risk_of_another"
        negated = noted.negated or bool(DENIAL.search(sentence[: sentence.find(noted.term)]))
        if negated and about == "client" and _denies_in_part(sentence, noted, session):
            continue
        if negated and about == "client" and _of_facets(sentence, noted):
            if not _facets_denied(sentence, noted, session):
                return "risk_contradicted"
        elif about != "other" and not _borne_out(same, negated):
            return "risk_contradicted"
        if not negated and about == "client" and _unheard_facets(sentence, noted, session):
            return "risk_contradicted"
        if negated and about == "client" and _denies_the_affirmed(sentence, noted, session):
            return "risk_contradicted"
    return None


def _denies_the_affirmed(sentence: str, noted: RiskMention, session: Session) -> bool:
    """Whether a denial covers what the client affirmed elsewhere in the session. Who had thoughts of suicide and never
    tried it may be said to deny an attempt, an intent or a plan, not to deny suicide."""
    return noted.category in affirmed_categories(session.mentions) and not _of_facets(sentence, noted)


def _denies_in_part(sentence: str, noted: RiskMention, session: Session) -> bool:
    """Whether a denial says what it leaves standing, and the session denies the rest: "no self-harm, but urges"."""
    denied = {category for clause in session.denied for category, _, _ in risk_spans(clause)}
    return noted.category in denied and bool(_STILL.search(sentence, sentence.find(noted.term)))


def _of_facets(sentence: str, noted: RiskMention) -> list[str]:
    """The parts of a danger that are named around the word for it: "no suicidal intent"."""
    start = sentence.find(noted.term)
    around = " ".join([*sentence[:start].split()[-3:], noted.term, *sentence[start + len(noted.term) :].split()[:2]])
    return [match.group(0) for match in _FACET.finditer(around)]


def _unheard_facets(sentence: str, noted: RiskMention, session: Session) -> bool:
    """Whether ``sentence`` affirms, in words of its own, a part of a danger that the session denies or is silent on."""
    if any(mark in sentence for mark in '"“„'):
        return False
    start = sentence.find(noted.term)
    after = _NOT_SO.split(sentence[start + len(noted.term) :])[0]
    around = " ".join([*sentence[:start].split()[-3:], *after.split()[:2]])
    kinds = [kind for facet in _FACET.findall(around) for kind in _FACETS if kind.search(facet)]
    return any(not kind.search(session.text) or any(kind.search(denied) for denied in session.denied) for kind in kinds)


def _facets_denied(sentence: str, noted: RiskMention, session: Session) -> bool:
    """Whether the session says no to one of the parts of a danger that ``sentence`` denies, or to the danger itself."""
    if any(mention.negated for mention in session.mentions if _same_kind(mention, noted)):
        return True
    kinds = {kind for facet in _of_facets(sentence, noted) for kind in _FACETS if kind.search(facet)}
    return any(kind.search(denied) for kind in kinds for denied in session.denied)


def _same_kind(said: RiskMention, noted: RiskMention) -> bool:
    kinds = {said.category, noted.category}
    return len(kinds) == 1 or any(kinds <= kind for kind in _KINDS)


def _about(sentence: str, noted: RiskMention) -> str | None:
    """Whose danger the note speaks of: the nearest person before the words; None where it may be either's."""
    start = sentence.find(noted.term)
    before, after = sentence[:start], sentence[start + len(noted.term) :]
    relation = max((match.start() for match in RELATIONS.finditer(before)), default=-1)
    patient = max((match.start() for match in _PATIENT.finditer(before)), default=-1)
    if relation > patient:
        return "other"
    by = _BY_OTHER.match(after)
    if by and RELATIONS.match(re.sub(r"^(?:her|his|their|the|an?|(?:patient|client)['’]s) ", "", after[by.end() :])):
        return "other"
    if noted.category in _OF_OTHERS_TOO and _SUFFERED.search(before + noted.term):
        return None
    return "client"


def _borne_out(said: list[RiskMention], negated: bool) -> bool:
    if negated:
        return any(mention.negated for mention in said)
    return any(not mention.negated and not mention.question for mention in said)
