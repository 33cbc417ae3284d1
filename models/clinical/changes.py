"""That something became less, better or steady: a note says so only where the talk does, of the same thing."""

from __future__ import annotations

import re

from models.clinical.language import language_of
from models.clinical.sentences import split_sentences
from models.clinical.session import Session
from models.clinical.words import content_stems

_FROM_TO = re.compile(r"(?<!\w)from (?:an? )?([\w.]+)%?(?:/\d+)? to (?:an? )?([\w.]+)", re.IGNORECASE)
_FALL = re.compile(
    r"(?<!\w)(?:(?:reduc|decreas|lessen|diminish|eas)(?:ed|es|ing)|dropped|drops|fell|lower(?:ed)?|down|improved)(?!\w)",
    re.IGNORECASE,
)
_RISE = re.compile(r"(?<!\w)(?:increas\w+|rose|rising|climbed|up)(?!\w)", re.IGNORECASE)
# "Guilt decreased 8 to 4".
_BY_NUMBERS = re.compile(
    rf"(?:{_FALL.pattern}|{_RISE.pattern})(?: [a-z]\w*){{0,2}} (\d+)%?(?:/\d+)? to (\d+)", re.IGNORECASE
)
# "Tension reduced", "reduced tension". Of the first no more than two words: those before are of something else.
_BECAME = re.compile(
    r"(?<![\w-])((?:[\w-]+ )?[\w-]+) (?:(?:was|were|is|are|has|have|had)(?: been)? )?"
    r"(?:slightly |somewhat |markedly )?(reduced|decreased|improved|lessened|eased|diminished)"
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
    r"|focus|capacity|tolerance|contact|social|speech)(?!\w)",
    re.IGNORECASE,
)
# Less of it is a complaint as well, and it may also be better.
_MOOD = re.compile(r"(?<!\w)mood(?!\w)", re.IGNORECASE)
_LESS = (
    r"reduc\w*|decreas\w*|less|lesser|lower\w*|drop\w*|down|fell|fewer|weaker|smaller|declin\w*|halv\w*|half|stopped"
)
_BETTER = (
    r"improv\w*|better|calm\w*|eas(?:e|ed|es|ier|ing)|soft\w*|light(?:er|en\w*|(?= today|[.,]|$))"
    r"|relax\w*|relie\w*|settl\w*|loosen\w*|shr[aiu]nk\w*"
    r"|quiet\w*|manageable|gone|stead\w+|helped|reced\w*|fad\w+|tolerated|subsid\w*|managed|shifted|progress(?:ed|ing)"
    r"|(?<!no )(?<!any )(?<!in )progress(?= (?:with|on|in|there|since|at|made|so)(?!\w)|[.,!;—–]|$)"
)
# What tells of progress where the client says it of the thing itself, and is a therapist's filler.
_OWN = (
    r"good|well|great|okay|ok|fine|alright|through|only|not as|any ?more|used to|cut|first time|no more|present|sober"
    r"|no (?:\w+ )?attacks?|slept|helps"
)
_PROGRESS = re.compile(rf"(?<!\w)(?:{_LESS}|{_BETTER})(?!\w)", re.IGNORECASE)
_PROGRESS_OWN = re.compile(rf"(?<!\w)(?:{_LESS}|{_BETTER}|{_OWN})(?!\w)", re.IGNORECASE)
_MORE = re.compile(rf"(?<!\w)(?:{_BETTER}|more)(?!\w)", re.IGNORECASE)
_MORE_OWN = re.compile(rf"(?<!\w)(?:{_BETTER}|{_OWN}|more)(?!\w)", re.IGNORECASE)
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
_STABLE_SAID = re.compile(
    r"(?<!\w)(?:stable|stead\w+|even|level|balanced|stabil\w+"
    r"|mood(?:'s| is| was| has been)? (?:\w+ )?(?:okay|ok|fine|good|alright))(?!\w)",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"(?<!\w)(?:mg|mcg|milligrams?|points?|beers?|drinks?|cigarettes?|hours?|minutes?|times|days?|kg|pounds|PHQ\S*|GAD-?\d|BDI\S*)"
    r"(?!\w)",
    re.IGNORECASE,
)
BEGINS = re.compile(
    r"(?<!\w)(?:reduced|decreased|improved|lessened|eased|diminished|fewer|stable|steady|increased|dropped|fell|rose"
    r"|from (?:an? )?(?:\d|two|three|four|five|six|seven|eight|nine|ten))",
    re.IGNORECASE,
)
"""Where a sentence begins to tell of a change."""
_SCALE = re.compile(r"\s*(?:/\s*|out of (?:a )?)(?:10|100|ten|a hundred)(?!\w)", re.IGNORECASE)
_RATED = re.compile(
    r"(?<![\w.-])([\w.]+?(?:-\w+)?)(?=\s*(?:%|percent|suds|$|[^\w\s.]|\.(?!\d)|\s(?:to|now|today|at|before|after|when|while|and|but|or|by"
    r"|in|on|this|then|for|last|from|with|maybe|i|it|instead|during|right|is|was|if|most|usually|again|out|the|down|up)(?!\w)))",
    re.IGNORECASE,
)


def invented_change(sentence: str, session: Session) -> str | None:
    """A change that nobody spoke of: ratings that were not given or that go the other way, "sleep improved" of sleep
    that did not, "mood stable" of a mood that nobody called so. English, like the words it knows."""
    if session.language != "en" or language_of(sentence, "en") != "en":
        return None
    if _STABLE.search(sentence) and not _STABLE_SAID.search(session.text):
        return "change"
    if found := _FROM_TO.search(sentence) or _BY_NUMBERS.search(sentence):
        return None if _rated(found, sentence, session) else "change"
    claimed = [(match.group(1), match.group(2)) for match in _BECAME.finditer(sentence)]
    claimed += [(match.group(2), match.group(1)) for match in _BETTER_OF.finditer(sentence)]
    for what, became in claimed:
        complaint = _COMPLAINTS.search(what) is not None
        lower = became.lower() != "improved" and (complaint or _MOOD.search(what))
        if lower or _JUDGED.search(what):
            continue
        if not _progressed(what, session, complaint=complaint):
            return "change"
    return None


def _rated(found: re.Match[str], sentence: str, session: Session) -> bool:
    before, after = (session.known.number(value.strip(".").lower()) or value.strip(".") for value in found.groups())
    if not (_is_number(before) and _is_number(after)):
        return True  # "from bed to sofa"
    lead = sentence[: found.start(1)]
    if _FALL.search(lead) and float(before) <= float(after):
        return False
    if _RISE.search(lead) and float(before) >= float(after):
        return False
    if _UNIT.search(sentence):
        return {before, after} <= session.numbers
    said = {match.group(1).lower() for match in _RATED.finditer(_SCALE.sub("", session.text))}
    values = {value for one in said for value in session.known.numbers(one)}
    return {before, after} <= said | values | ({"100"} if "hundred" in said else set())


def _is_number(value: str) -> bool:
    return re.fullmatch(r"\d+(?:\.\d+)?", value) is not None


def _progressed(what: str, session: Session, *, complaint: bool) -> bool:
    """Whether somebody speaks of ``what``, and there or beside it of some progress; of a ``complaint``, of more."""
    stems = set(content_stems(what))
    strain = _STRAIN.search(what) is not None
    by_any, by_client = (_MORE, _MORE_OWN) if complaint else (_PROGRESS, _PROGRESS_OWN)
    turns = session.turns
    for place, turn in enumerate(turns):
        sentences = split_sentences(turn.text)
        for number, sentence in enumerate(sentences):
            if stems.isdisjoint(content_stems(sentence)) and not (strain and _STRAIN.search(sentence)):
                continue
            here = " ".join(sentences[number : number + 2])
            beside = [other.text for other in (*turns[max(0, place - 1) : place], *turns[place + 1 : place + 2])]
            if turn.speaker == "therapist":
                if any(by_client.search(answer.text) for answer in turns[place + 1 : place + 2]):
                    return True
            elif by_client.search(here):
                return True
            if any(by_any.search(text) for text in (here, *beside)):
                return True
    return not stems
