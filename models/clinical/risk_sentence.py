"""What one sentence says of a danger that it names: whether it is so, of whom, and to whom it was done."""

from __future__ import annotations

import re

from models.clinical.lexicon import FIRST_PERSON, NEGATION, OF_DANGER, OTHERS, RELATIONS, SECOND_PERSON
from models.clinical.sentences import quotations

BREAK = re.compile(r"[,;:]?\s+(?:but|however|though|although|except|pero|aber|mais)(?!\w)|;", re.IGNORECASE)
_DANGER_BY_NEGATION = re.compile(r"\W*(?:not|\w+n't|no longer|never|no)(?!\w)", re.IGNORECASE)
_NOT_THAT = re.compile(r"(?<!\w)(?:not|\w+n't) (?:that|because|as if) (?:i|he|she|they|you) (?:do )?$", re.IGNORECASE)
# German puts its "nicht" between the person and what is done, and a verb before both.
_DENIED_INSIDE = re.compile(
    r"(?:mich|mir|sich|dich|will|wollte|möchte|wollen|wollten|möchten) (?:\w+ ){0,5}?(?:nicht|nie|niemals) .*"
    r"(?:geschnitten|schneiden|geritzt|ritzen|verletzt|verbrannt|geschlagen|sterben|antun|antue|anzutun|erhäng\w*"
    r"|erschie\w*|umbringen)"
    r"|verletz\w* (?:ich |sie )?(?:mich|sich) (?:nicht|nie|niemals) selbst|.*(?<!\w)nichts an",
    re.IGNORECASE,
)
_ENDS_ON_PERSON = re.compile(r"(?<!\w)(?:mich|sich)(?: selbst)?$", re.IGNORECASE)
_NOT_AFTER = re.compile(r"(?: \w+){0,2}? (?:nicht|nie|niemals)(?! nur)(?!\w)", re.IGNORECASE)
_DENIED_AFTER = re.compile(
    r"\W*(?:(?:ideation|thoughts?|intent|plan) )?(?:(?:is|was) )?(?:denied|is not|was not|isn't|wasn't|never)(?!\w)"
    # "Exhausted, yes. Suicidal, no."
    r"|(?: (?:ideation|thoughts?|feelings?|urges?|ideas?))?\s*[,:—–-]\s*(?:no|nope|never|not at all|negative|none)"
    r"\s*(?:$|[.;!])",
    re.IGNORECASE,
)
_NO_NEGATION = re.compile(
    r"(?<!\w)(?:(?:can't|cannot|can not|couldn't|could not)"
    r" (?:believe|stop|help|stand|shake|control|bear|resist|handle|escape|get rid of)"
    r"|(?:don't|do not|didn't|did not|never)"
    r" (?:know|tell|told|report|mention|understand|like|(?:\w+ )?(?:talk|speak|spoke) (?:about|of))"
    r"|not (?:sure|just|only|afraid of|proud of)|no wonder|no doubt|nobody (?:knows?|knew) (?:about|of)"
    r"|(?:does|do|did)(?:n't| not) (?:believe|know|see|think)"
    # Not without it is with it: "no day without thoughts of it".
    r"|(?:no|not an?|not one|never an?|hardly an?) (?:single )?(?:day|night|week|hour|moment|month|morning"
    r"|evening|minute)(?: \w+){0,3} (?:without|that i(?:'m| am) not)"
    r"|(?:can't|cannot|can not|couldn't|haven't|never|don't) (?:go|get through|had|have|leave|spend)(?: \w+){0,4}"
    r" without"
    r")(?!\w)",
    re.IGNORECASE,
)
_NO_PLAN = re.compile(r"(?<!\w)no (?:plans?|inten\w+)(?!\w)", re.IGNORECASE)
_ASIDE = re.compile(r"\s?[—–;]\s?")
_OTHER_SELF = re.compile(r"(?<!\w)(?:himself|herself|themselves|themself)(?!\w)", re.IGNORECASE)
_OWN_SELF = re.compile(r"(?<!\w)(?:myself|yourself|ourselves|matarme|matarse)(?!\w)", re.IGNORECASE)
# Whose danger it is by its own words, whoever else is spoken of: "he'd be better off if I was dead".
_OF_SPEAKER = re.compile(
    r"i (?:put|held|hold|press\w*|point\w*|stuck|placed|took|\w+ put)|if i |be (?:\w+ )?better off without me"
    r"|(?:ritze|schneide|verletze|bringe?|tue?) (?:ich )?(?:mich|mir)(?!\w)|ich wäre|wünsche?(?:te)?(?!\w)|ohne mich"
    r"|me (?:cort(?:é|o)|hago|hice|he |tomé|tragué|tomo|quem(?:é|o)|quiero|voy|tiré)(?!\w)|(?:quiero|quisiera|ojalá) ",
    re.IGNORECASE,
)
_OWN_VERB = re.compile(r"(?<!\w)(?:habe|hab|bin|(?:habe|hatte|will|wollte|würde|könnte) ich) $", re.IGNORECASE)
# What somebody does to the speaker or threatens to, "me iba a matar"; and what a third one wants, "wollte sie sterben".
_OF_ANOTHER = re.compile(
    r"(?:me|nos|mich|amenaz\w+|droht\w*|schl(?:ägt|ug)|verprügel\w*|würgt|trat|tritt|schubst|stieß|bringte?"
    r"|(?:will|wollte|würde|könnte|wird|werde|möchte) mich)(?!\w)",
    re.IGNORECASE,
)
_DONE_TO_ONE = frozenset({"harm_to_others", "violence", "abuse"})
_SHE, _WANTS = re.compile(r"(?<!\w)sie $", re.IGNORECASE), re.compile(r"(?:will|wollte|möchte)(?!\w)", re.IGNORECASE)
_WANTED_BY_ANOTHER = re.compile(r"(?:will|wollte|möchte) (?:er|(?-i:sie))(?!\w)", re.IGNORECASE)
_DONE_BY = re.compile(r"\W*(?:by|of) (?!(?:my|your)self)", re.IGNORECASE)
_PARTICIPLE = re.compile(r"(?:ed|en|hit|hurt)$", re.IGNORECASE)
_PASSIVE = re.compile(r"(?<!\w)(?:is|are|was|were|be|been|being|gets?|got|getting)(?: \w+){0,2} $", re.IGNORECASE)
_WHOM = re.compile(r" (?:my|his|her|their|our|the) (?:(?:little|big|older|younger|best|own) )?", re.IGNORECASE)
# Words between a negation and what it governs: "no thoughts of wanting to hurt myself".
_REACH = 9


def negated(sentence: str, start: int, end: int) -> bool:
    """Whether a negation governs the words at ``start``: one in the same clause before them."""
    clause = _NO_NEGATION.sub("", sentence[:start])
    breaks = [match.end() for match in BREAK.finditer(clause)]
    clause = clause[breaks[-1] :] if breaks else clause
    if _DANGER_BY_NEGATION.match(sentence[start:end]):
        return _NOT_THAT.search(sentence[:start]) is not None  # "not waking up" is the danger itself
    if _DENIED_INSIDE.match(sentence[start:end]):
        return True
    if _ENDS_ON_PERSON.search(sentence[start:end]) and _NOT_AFTER.match(sentence[end:]):
        return True
    but = BREAK.search(sentence, end)
    if but and OF_DANGER.search(_NO_PLAN.sub("", sentence[but.end() :])):
        return False  # "no self-harm for two months, but urges come"
    negations = list(NEGATION.finditer(clause))
    if not negations:
        return bool(_DENIED_AFTER.match(sentence[end:]))
    return len(clause[negations[-1].end() :].split()) <= _REACH


def about(sentence: str, start: int, end: int, category: str) -> str:
    """``other`` when the nearest person before the words is a third one, or they are that one's quoted words; the
    client else. For violence the person is the one who does it."""
    before, term = sentence[:start], sentence[start:end]
    if _quoted_from_another(before) or _OTHER_SELF.search(term):
        return "other"
    if category in _DONE_TO_ONE and _OF_ANOTHER.match(term):
        return "other"
    if _WANTED_BY_ANOTHER.match(term) or (_SHE.search(before) and _WANTS.match(term)):
        return "other"
    if _OWN_SELF.search(term) or _OF_SPEAKER.match(term):
        return "client"
    if _OWN_VERB.search(before):
        return "client"
    people = list(OTHERS.finditer(before))
    third = [match.start() for match in people]
    own = [match.start() for match in (*FIRST_PERSON.finditer(before), *SECOND_PERSON.finditer(before))]
    # "I used the lighter after her visit—first self-harm in months": behind a dash it is said of who speaks.
    began = max((match.end() for match in _ASIDE.finditer(before)), default=0)
    others = [match for match in people if not before.startswith("'s ", match.end())]
    if began and own and not others and max([*third, *own]) < began:
        return "client"
    if max(third, default=-1) > max(own, default=-1):
        return "other"
    whom = None if category == "harm_to_others" else OTHERS.match(sentence[end:].lstrip(" of"))
    passive = _DONE_BY.match(sentence[end:]) or whom
    return "other" if passive and category != "danger" else "client"


def _quoted_from_another(before: str) -> bool:
    """Whether ``before`` ends inside a quotation that another person is said to have spoken."""
    opened = [begin for begin, end in quotations(before) if end is None]
    return bool(opened) and bool(OTHERS.search(before[: opened[0]]))


def done_to_other(sentence: str, start: int, end: int) -> bool:
    """ "My sister was abused", "he beats my mother": another suffered what is spoken of, and the speaker did not."""
    before, after = sentence[:start], sentence[end:]
    if _PARTICIPLE.search(sentence[start:end]) and _PASSIVE.search(before):
        return _last(RELATIONS, before) > _last(FIRST_PERSON, before)
    whom = _WHOM.match(after)
    return whom is not None and RELATIONS.match(after, whom.end()) is not None and not FIRST_PERSON.search(after)


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((match.start() for match in pattern.finditer(text)), default=-1)
