"""Danger in a note: only what the session speaks of, of whom it speaks, and not turned into its opposite."""

from __future__ import annotations

import re
from functools import lru_cache

from models.clinical.danger import GRAVE
from models.clinical.denials import denies, is_empty_denial
from models.clinical.evidence import index_of
from models.clinical.exchanges import turns_of
from models.clinical.lexicon import RELATIONS
from models.clinical.risk import RiskMention, affirmed_categories, find_risk, is_affirmed
from models.clinical.risk_parts import (
    denied_in_part,
    is_told,
    noted_as_done,
    only_wished,
    parts_denied,
    parts_of,
    unheard_parts,
)
from models.clinical.risk_times import NOT_NOW, PAST
from models.clinical.session import Session
from models.clinical.words import content_stems
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
_LEVEL = r"(?:no|none|nil|absent|low|lower|moderate|medium|high|higher|minimal|elevated|acute|imminent)"
_RATED = re.compile(
    rf"(?<!\w){_LEVEL} (?:to {_LEVEL} )?(?:(?:acute|current|immediate|overall|suicide) )*risk(?!\w)"
    r"|(?<!\w)risk(?: level)?(?: (?:is|was|remains|remained|currently|assessed|appears|considered|as|rated))*:?"
    rf" {_LEVEL}(?!\w)",
    re.IGNORECASE,
)
_CAUSED = re.compile(r"(?<!\w)(?:trigger|prompt|caus|precipitat|evok|spark|activat)\w*", re.IGNORECASE)
_BY_OTHER = re.compile(r"\W*(?:\w+ ){0,2}(?:by|of|in|from) ", re.IGNORECASE)
# What is spoken of under one word may be noted under another of the same line.
_KINDS = (
    frozenset({"harm_to_others", "violence", "weapon"}),
    frozenset({"violence", "abuse"}),
)
# Who keeps a weapon away from the patient is not in danger: "brother to hold the rifles".
_KEPT_AWAY = re.compile(
    r"(?<!\w)(?:to|will) (?:hold|keep|take|lock|store|remove|secure|manage|collect)(?: \w+){0,2} ?$", re.IGNORECASE
)
# Where a weapon is or that it is put away may be told whoever did it: "wife locked up the gun".
_ACCESS = re.compile(
    r"(?<!\w)(?:has|have|owns?|keeps?|kept|access|at home|in (?:the|his|her|a|their) \w+|lock\w*|unlock\w*"
    r"|stor(?:es?|ed|age|ing)|remov\w+|secur\w+|surrender\w*|hand(?:s|ed)? over|gave|given|giv(?:es|ing)|bolt"
    r"|at (?:the )?\w+['’]s|tak(?:es?|en)|took|im haus|zu hause|weggeschlossen|eingeschlossen|abgegeben|en casa"
    r"|guard\w+)(?!\w)",
    re.IGNORECASE,
)
_USED_ON = re.compile(
    r"(?<!\w)(?:threat\w*|point\w*|shot|shoot\w*|fir(?:ed|ing)|attack\w*|assault\w*|brandish\w*|aim\w*|held"
    r"|hold(?:s|ing)|droht\w*|bedroh\w*|amenaz\w*)(?!\w)",
    re.IGNORECASE,
)
# Who has no pills put aside and wrote no letters has not denied thoughts of suicide.
_PREPARED = re.compile(
    r"(?<!\w)(?:letters?|notes?|pills|tablets|painkillers|pens|gun|pistol|rifle|revolver|shotgun|barrel|knife|blade|razor"
    r"|rope|noose|neck|bleach|\w*abschiedsbrief\w*|cartas?)(?!\w)",
    re.IGNORECASE,
)
_SPEAKERS_OF_TWO = 2
_OF_OTHERS_TOO = frozenset({"violence", "abuse", "harm_to_others"})


# How a note denies for now, and how it says that what was wished was not done.
_NOW = re.compile(
    rf"(?<!\w)(?:current(?:ly)?|now|today|at present|this (?:week|month|year))(?!\w)|{NOT_NOW.pattern}", re.IGNORECASE
)
_NOT_DONE = re.compile(r"(?<!\w)(?:did not|didn't|without acting|resisted|not acted|rode it out)(?!\w)", re.IGNORECASE)
_NOT_DONE_SAID = re.compile(
    r"(?<!\w)(?:(?:did not|didn't) (?:do it|act|cut|give in|hurt|burn|harm)|without acting|resisted|rode it out"
    r"|held (?:on|ice)|it passed)(?!\w)",
    re.IGNORECASE,
)
_DONE_SAID = re.compile(
    r"(?<!\w)(?:(?:gave|given) in|(?:and|i) did(?: it)?(?=\W*$|[.,;]| in )|won|till? i bled|stop at|once more)(?!\w)",
    re.IGNORECASE | re.MULTILINE,
)


def unspoken_risk(sentence: str, session: Session) -> str | None:
    """Name of the broken rule: danger that nobody spoke of, another's made the patient's (or the other way round),
    a denial of what was affirmed, an affirmation of what was denied or only asked."""
    if _RATED.search(sentence) and not _RATED.search(session.text):
        return "risk_rated"
    if is_empty_denial(sentence) and session.mentions:
        return "empty_denial"
    for noted in find_risk([Turn(0, "note", sentence)]):
        if reason := _broken_by(sentence, noted, session):
            return reason
    return None


def affirms_danger(sentence: str) -> bool:
    """Whether a note says by ``sentence`` that the patient is a danger to self or others; no question does, unless it
    comes with its answer."""
    if exchange := turns_of(sentence):
        said = [one for one in find_risk(exchange) if one.category in GRAVE]
        if any(is_affirmed(one) for one in said):
            return True
        if all(one.negated for one in said):
            return False
    if sentence.rstrip("\"'” .").endswith("?"):
        return False
    noted = [one for one in find_risk([Turn(0, "note", sentence)]) if one.category in GRAVE]
    return any(about_whom(sentence, one) == "client" and not denies(sentence, one) for one in noted)


def _broken_by(sentence: str, noted: RiskMention, session: Session) -> str | None:
    denied = denies(sentence, noted)
    if noted.category == "danger":
        return _broken_by_danger(session, denied=denied)
    related = [said for said in session.mentions if _same_kind(said, noted)]
    about = about_whom(sentence, noted)
    if not related:
        told = about == "client" and not denied and is_told(sentence, noted, session)
        return None if told else "risk_not_spoken_of"
    if _named_another(sentence, noted, related, session):
        return "risk_of_another"
    if noted.category == "weapon" and not denied and _tells_access(sentence, noted, related, session):
        return None
    # What was done to the patient is another's danger too, who did it; what was done to another is not the patient's.
    same = [said for said in related if (not said.done_to_other if about is None else said.about == about)]
    if not same:
        return "risk_of_another"
    if about != "client":
        return "risk_contradicted" if about is None and not _borne_out(same, denied) else None
    told_before = PAST.search(sentence) and any(
        said.before and (said.not_now or said.negated or not NOT_NOW.search(sentence)) for said in same
    )
    if not denied and told_before and not unheard_parts(sentence, noted, session):
        return None  # "suicidal thoughts in 2009, none now", of somebody who denied them and told of 2009
    if denied:
        return None if _may_deny(sentence, noted, same, session) else "risk_contradicted"
    if not _borne_out(same, denied) or unheard_parts(sentence, noted, session):
        return "risk_contradicted"
    affirmed = [said for said in same if not said.negated and not said.question]
    if noted_as_done(sentence, noted) and only_wished(affirmed, session):
        return "risk_contradicted"
    return None


def _named_another(sentence: str, noted: RiskMention, related: list[RiskMention], session: Session) -> bool:
    """Whether ``sentence`` names one of several who spoke, and it was not said or answered by them, nor where they
    are named: "Tom reported suicidal thoughts" of a couple of whom Anna did."""
    names = {turn.speaker for turn in session.turns} - {"therapist", "client", "unknown"}
    if len({turn.speaker for turn in session.turns}) <= _SPEAKERS_OF_TWO or not names:
        return False
    before = sentence[: sentence.find(noted.term)]
    named = [name for name in names if _by_name(name).search(before)]
    order = {turn.index: place for place, turn in enumerate(session.turns)}
    for said in related:
        place = order[said.turn]
        near = session.turns[place : place + (2 if said.answered or said.question else 1)]
        if any(turn.speaker == name or _by_name(name).search(turn.text) for name in named for turn in near):
            return False
    return bool(named)


@lru_cache(maxsize=64)
def _by_name(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)


def _tells_access(sentence: str, noted: RiskMention, related: list[RiskMention], session: Session) -> bool:
    """Whether ``sentence`` tells where a weapon is that was spoken of, or asked for and not denied: "In the shed." is
    no yes to whether there is one, and tells of it."""
    spoken = [said for said in related if said.category == "weapon" and not said.negated]
    if not spoken or not _ACCESS.search(sentence) or _USED_ON.search(sentence):
        return False
    if about_whom(sentence, noted) == "client" and all(said.about == "other" for said in spoken):
        return False
    if not index_of(session.turns).support(sentence).supported:
        return False
    told = set(content_stems(sentence.replace(noted.term, " ")))
    order = {turn.index: place for place, turn in enumerate(session.turns)}
    return any(
        not said.question or told & set(content_stems(turn.text))
        for said in spoken
        for turn in session.turns[order[said.turn] + 1 : order[said.turn] + 2] or session.turns[-1:]
    )


def _broken_by_danger(session: Session, *, denied: bool) -> str | None:
    """Safety without a name is denied only where something was denied and nothing affirmed."""
    if not session.mentions:
        return "risk_not_spoken_of"
    if not denied:
        return None
    if affirmed_categories(session.mentions):
        return "risk_contradicted"
    return None if any(mention.negated for mention in session.mentions) else "risk_not_spoken_of"


def _may_deny(sentence: str, noted: RiskMention, same: list[RiskMention], session: Session) -> bool:
    """Whether the session bears a denial out. Who had thoughts of suicide and never tried it may be said to deny an
    attempt, an intent or a plan, not to deny suicide."""
    if denied_in_part(sentence, noted, session):
        return True
    if _NOW.search(sentence) and any(said.not_now and (said.negated or said.before) for said in same):
        return True
    if _NOT_DONE.search(sentence) and noted.category == "self_harm" and only_wished(same, session):
        return bool(_NOT_DONE_SAID.search(session.text)) and not _DONE_SAID.search(session.text)
    if noted.category == "suicide" and not _PREPARED.search(noted.term):
        same = [said for said in same if not (said.negated and _PREPARED.search(said.term))]
    if parts_of(sentence, noted):
        return parts_denied(sentence, noted, session) or _borne_out(same, negated=True)
    return noted.category not in affirmed_categories(session.mentions) and _borne_out(same, negated=True)


def _same_kind(said: RiskMention, noted: RiskMention) -> bool:
    kinds = {said.category, noted.category}
    return len(kinds) == 1 or any(kinds <= kind for kind in _KINDS)


def about_whom(sentence: str, noted: RiskMention) -> str | None:
    """Whose danger the note speaks of: the nearest person before the words; None where it may be either's."""
    start = sentence.find(noted.term)
    before, after = sentence[:start], sentence[start + len(noted.term) :]
    relation = max((match.start() for match in RELATIONS.finditer(before)), default=-1)
    patient = max((match.start() for match in _PATIENT.finditer(before)), default=-1)
    if relation > patient and not (noted.category == "weapon" and _KEPT_AWAY.search(before[relation:])):
        return "other"
    by = _BY_OTHER.match(after)
    if (
        by
        and not _CAUSED.search(by.group(0))
        and RELATIONS.match(re.sub(r"^(?:her|his|their|the|an?|(?:patient|client)['’]s) ", "", after[by.end() :]))
    ):
        return "other"
    if noted.category in _OF_OTHERS_TOO and _SUFFERED.search(before + noted.term):
        return None
    return "client"


def _borne_out(said: list[RiskMention], negated: bool) -> bool:
    if negated:
        return any(mention.negated for mention in said)
    return any(not mention.negated and not mention.question for mention in said)
