"""Where a session speaks of danger: what, by whom, said of whom, and whether it was denied."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.clinical.lexicon import IDIOMS, RISK
from models.clinical.markers import strip_markers
from models.clinical.sentences import split_sentences
from models.transcript import Turn


@dataclass(frozen=True, slots=True)
class RiskMention:
    """One mention. ``category`` is a key of ``lexicon.RISK``; ``about`` is ``client`` or ``other`` (a brother's
    suicide, a partner's violence); ``question``: asked and not answered either way; ``idiom``: never set on a mention
    that ``find_risk`` returns."""

    term: str
    category: str
    negated: bool
    speaker: str
    turn: int
    about: str = "client"
    question: bool = False


_NEGATION = re.compile(
    r"(?<!\w)(?:no|not|never|none|without|nothing|neither|nor|den(?:y|ies|ied)|stopped|don't|didn't|wouldn't|couldn't|haven't"
    r"|hasn't|isn't|wasn't|aren't|won't|can't|ain't|doesn't|nunca|jamás|ningun[ao]?|nicht|nie|niemals|kein\w*|pas|jamais|aucune?)(?!\w)",
    re.IGNORECASE,
)
_BREAK = re.compile(r"[,;:]?\s+(?:but|however|though|although|except|pero|aber|mais)(?!\w)|;", re.IGNORECASE)
_NO = re.compile(
    r"^\W*(?:(?:oh|um+|uh+|well|honestly|god|hm+),?\s+)*(?:no|nope|nah|never|not (?:at all|really|now|anymore|lately|since)|none|nothing"
    r"|absolutely not|definitely not|of course not|nunca|nein|nie|non|jamais|i (?:don't|do not|haven't|have not|wouldn't|would not|never)"
    r"|i'm not|i am not|no,? gracias)(?!\w)",
    re.IGNORECASE,
)
_YES = re.compile(
    r"^\W*(?:(?:oh|um+|uh+|well|honestly|god|hm+),?\s+)*(?:yes|yeah|yep|sometimes|a little|kind of|sort of|i (?:do|have|did|think so|guess)"
    r"|maybe|sí|ja|oui|parfois|manchmal|a veces)(?!\w)",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"(?<!\w)(?:my|his|her|their|the|a|your|our|mi|mein\w*|mon|ma|su|notre|unser\w*) (?:late |best |old |older |younger |little |big |ex[- ]?|step[- ]?|dead "
    r"|hermano |eigen\w* )*(?:brother|sister|mother|father|mom|mum|dad|son|daughter|uncle|aunt|cousin|friend|neighbou?r|husband|wife"
    r"|partner|boyfriend|girlfriend|roommate|flatmate|colleague|coworker|co-worker|boss|student|grand(?:mother|father|ma|pa)|nephew|niece"
    r"|teacher|ex|guy|man|woman|kid|boy|girl|patient|client|character|hermano|hermana|madre|padre|hijo|hija|amigo|amiga|tío|tía|primo"
    r"|bruder|schwester|mutter|vater|sohn|tochter|onkel|tante|freund|freundin|nachbar|frère|soeur|sœur|mère|père|fils|fille|oncle|ami|amie)"
    r"(?!\w)|(?<!\w)(?:he|she|they|él|ella|er|il|elle)(?!\w)|(?<!\w)somebody else|(?<!\w)someone else",
    re.IGNORECASE,
)
_FIRST = re.compile(
    r"(?<!\w)(?:i|i'm|i've|i'd|i'll|me|myself|yo|ich|mich|je|moi|me)(?!\w)|(?<!\w)[mj]['’]", re.IGNORECASE
)
_SECOND = re.compile(r"(?<!\w)(?:you|yourself|you've|you're|usted|te|sie|sich|vous|tu|du|dich)(?!\w)", re.IGNORECASE)


def find_risk(turns: Sequence[Turn]) -> tuple[RiskMention, ...]:
    """Every mention of danger in the session, in order of speech. Idioms ("killing time") are none."""
    mentions: list[RiskMention] = []
    for place, turn in enumerate(turns):
        answer = next((later for later in turns[place + 1 : place + 3] if later.speaker != turn.speaker), None)
        for sentence in split_sentences(strip_markers(turn.text).replace("’", "'")):
            mentions.extend(_of_sentence(sentence, turn, answer))
    return tuple(mentions)


def risk_spans(sentence: str) -> Iterator[tuple[str, int, int]]:
    """``(category, start, end)`` of what a sentence says of danger; of overlapping terms the longest, no idioms."""
    idioms = [match.span() for match in IDIOMS.finditer(sentence)]
    spans = [
        (match.start(), match.end(), category)
        for category, pattern in RISK.items()
        for match in pattern.finditer(sentence)
        if not any(start < match.end() and match.start() < end for start, end in idioms)
    ]
    spans.sort(key=lambda span: (span[0], span[0] - span[1]))
    reached = -1
    for start, end, category in spans:
        if start >= reached:
            reached = end
            yield category, start, end


def _of_sentence(sentence: str, turn: Turn, answer: Turn | None) -> Iterator[RiskMention]:
    asked = sentence.rstrip("\"'”’)").endswith("?")
    for category, start, end in risk_spans(sentence):
        negated, open_question = _negated(sentence, start, end), False
        if asked and turn.speaker != "client":
            reply = _reply(answer)
            negated, open_question = reply == "no", reply is None
        yield RiskMention(
            term=sentence[start:end],
            category=category,
            negated=negated,
            speaker=turn.speaker,
            turn=turn.index,
            about=_about(sentence, start, end, category),
            question=open_question,
        )


def _reply(answer: Turn | None) -> str | None:
    if answer is None:
        return None
    text = answer.text.replace("’", "'")
    first = split_sentences(text)[0] if text.strip() else ""
    if _NO.match(first) and not _BREAK.search(first):
        return "no"
    return "yes" if _YES.match(first) else None


def _negated(sentence: str, start: int, end: int) -> bool:
    """Whether a negation governs the words at ``start``: one in the same clause before them."""
    before = sentence[:start]
    breaks = [match.end() for match in _BREAK.finditer(before)]
    clause = before[breaks[-1] :] if breaks else before
    own = _NEGATION.search(sentence[start:end])
    if own and re.match(r"\W*(?:not|n't|no longer|never|no)", sentence[start:end], re.IGNORECASE):
        return False  # "not waking up" is the danger itself
    negations = list(_NEGATION.finditer(clause))
    if not negations:
        return bool(
            re.match(
                r"\W*(?:is|was|are|were)? ?(?:denied|is not|was not|isn't|wasn't|never)(?!\w)",
                sentence[end:],
                re.IGNORECASE,
            )
        )
    return len(clause[negations[-1].end() :].split()) <= 9


def _about(sentence: str, start: int, end: int, category: str) -> str:
    """``other`` when the nearest person before the words is a third one; the client else."""
    term = sentence[start:end].lower()
    if re.search(r"(?:him|her)self|themselves|himself", term):
        return "other"
    if re.search(r"myself|yourself|matarme|mich|me ", term):
        return "client"
    before = sentence[:start]
    third = [match.start() for match in _OTHERS.finditer(before)]
    self_at = [match.start() for match in (*_FIRST.finditer(before), *_SECOND.finditer(before))]
    if third and third[-1] > max(self_at, default=-1):
        return "other"
    if (
        not self_at
        and _OTHERS.search(sentence[end : end + 30])
        and category in ("suicide", "overdose", "abuse", "violence")
    ):
        return "other"
    return "client"
