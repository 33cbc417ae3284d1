"""Where a session speaks of danger: what, by whom, said of whom, and whether it was denied."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from models.clinical.danger import GRAVE, risk_spans
from models.clinical.lexicon import (
    FIRST_PERSON,
    NEGATION,
    NO_ANSWER,
    OF_DANGER,
    OTHERS,
    RELATIONS,
    SECOND_PERSON,
    YES_ANSWER,
)
from models.clinical.markers import strip_markers
from models.clinical.reading import read
from models.clinical.sentences import quotations, split_sentences
from models.clinical.words import content_stems
from models.transcript import Turn


@dataclass(frozen=True, slots=True)
class RiskMention:
    """One mention. ``category`` is a key of ``lexicon.RISK``; ``about`` is ``client`` or ``other`` (a brother's
    suicide, a partner's violence); ``question``: asked and not answered either way; ``answered``: asked, and
    ``negated`` says how it was answered; ``done_to_other``: somebody else is whom it was done to (an abused sister)."""

    term: str
    category: str
    negated: bool
    speaker: str
    turn: int
    about: str = "client"
    question: bool = False
    answered: bool = False
    done_to_other: bool = False


_BREAK = re.compile(r"[,;:]?\s+(?:but|however|though|although|except|pero|aber|mais)(?!\w)|;", re.IGNORECASE)
_DANGER_BY_NEGATION = re.compile(r"\W*(?:not|\w+n't|no longer|never|no)(?!\w)", re.IGNORECASE)
_DENIED_AFTER = re.compile(
    r"\W*(?:(?:ideation|thoughts?|intent|plan) )?(?:(?:is|was) )?(?:denied|is not|was not|isn't|wasn't|never)(?!\w)",
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
_TAG_QUESTION = re.compile(
    r"^(?:and )?(?:have|do|did|are|were|what about|how about|is that|has that|and)\b[\w ']{0,24}\?$",
    re.IGNORECASE,
)
_OTHER_SELF = re.compile(r"(?<!\w)(?:himself|herself|themselves|themself)(?!\w)", re.IGNORECASE)
_OWN_SELF = re.compile(r"(?<!\w)(?:myself|yourself|ourselves|matarme|matarse)(?!\w)", re.IGNORECASE)
_DONE_BY = re.compile(r"\W*(?:by|of) (?!(?:my|your)self)", re.IGNORECASE)
_PARTICIPLE = re.compile(r"(?:ed|en|hit|hurt)$", re.IGNORECASE)
_PASSIVE = re.compile(r"(?<!\w)(?:is|are|was|were|be|been|being|gets?|got|getting)(?: \w+){0,2} $", re.IGNORECASE)
_WHOM = re.compile(r" (?:my|his|her|their|our|the) (?:(?:little|big|older|younger|best|own) )?", re.IGNORECASE)
# An urge that is named, and is none to harm anybody: "I did have an urge to drink".
_OF_SOMETHING_ELSE = re.compile(
    r"(?<!\w)(?:urges?|cravings?|thoughts?|impulses?) (?:to|of|about|for) (?:go(?:ing)? back to )?"
    r"(?:drink\w*|us(?:e|ing)|smok\w+|vap\w+|gambl\w+|binge?\w*|purg\w+|eat\w*|spend\w*|shop\w*|check\w*|wash\w*"
    r"|alcohol|wine|beer|weed|food|sweets)(?!\w)"
    r"(?! (?:bleach|myself|it|(?:the|an?|my) (?:razor|knife|blade|pills?|gun))(?!\w))",
    re.IGNORECASE,
)
_NO_THOUGHTS = re.compile(r"\W*no (?:such )?(?:thoughts?|urges?)(?!\w)", re.IGNORECASE)
# A no to a part of a danger, which says nothing of the rest: "Any suicidal ideation?" "No intent or plan."
_A_PART = r"(?:inten[tdc]\w*|plan\w*|plän\w*|means|attempt\w*|tried|absicht\w*)(?!\w)"
_NO_PART = re.compile(
    rf"\W*(?:no|kein\w*|sin) (?:\w+ )?{_A_PART}(?:(?:,|,? (?:or|and|nor|oder|und|ni|y)) {_A_PART})*"
    r"(?:\W*$|\s*[,;—]\s*(?:but |just |only |aber |pero )?|\s+(?:but|just|only|aber|pero) )",
    re.IGNORECASE,
)
_PART = re.compile(rf"(?<!\w){_A_PART}", re.IGNORECASE)
_SENTENCES_OF_ANSWER = 3
_WORDS_OF_A_PROBE = 12
_PROBE = re.compile(
    r"^\W*\w+\W*$|^\W*(?:and|what about|how about)\W|(?<!\w)(?:none|nothing|no|never|not|even|ever|at all"
    r"|honest\w*|sure|really|certain|gar nicht"
    r"|wirklich|sicher|ehrlich|nada|nunca|de verdad|segur[oa])(?!\w)",
    re.IGNORECASE,
)
# Words between a negation and what it governs: "no thoughts of wanting to hurt myself".
_REACH = 9


def find_risk(turns: Sequence[Turn]) -> tuple[RiskMention, ...]:
    """Every mention of danger in the session, in order of speech. Idioms ("killing time") are none."""
    mentions: list[RiskMention] = []
    for place, turn in enumerate(turns):
        answer = _answer(turns, place)
        sentences = split_sentences(strip_markers(turn.text).replace("’", "'"))
        for number, sentence in enumerate(sentences):
            if risk_spans(sentence):
                tag = sentences[number + 1] if number + 1 < len(sentences) else ""
                mentions.extend(_of_sentence(sentence, tag, turn, answer))
    return tuple(mentions)


def of_something_else(sentence: str) -> bool:
    """Whether the urge or thought of a sentence is named, and is none to harm anybody: "urges to drink"."""
    return _OF_SOMETHING_ELSE.search(sentence) is not None


def answer_of(text: str) -> tuple[str, ...]:
    """The sentences by which a turn answers a question about danger: the first three, or three from where it first
    speaks of that."""
    sentences = split_sentences(text)
    first = sentences[:_SENTENCES_OF_ANSWER]
    if any(_speaks(one) or YES_ANSWER.match(one) or NO_ANSWER.match(one) for one in first):
        return first
    start = next((place for place, one in enumerate(sentences) if _speaks(one)), 0)
    return sentences[start : start + _SENTENCES_OF_ANSWER]


def _speaks(sentence: str) -> bool:
    return bool(risk_spans(sentence) or OF_DANGER.search(sentence))


def _answer(turns: Sequence[Turn], place: int) -> Turn | None:
    """Who answers first, another person than the client only where the client does not answer too."""
    after = [turn for turn in turns[place + 1 : place + 3] if turn.speaker != turns[place].speaker]
    return next((turn for turn in after if turn.speaker == "client"), after[0] if after else None)


def is_probe(text: str) -> bool:
    """Whether a turn asks once more what was just answered, and names nothing new: "None at all?", "And last week?"."""
    if (
        not text.rstrip().endswith("?")
        or len(text.split()) > _WORDS_OF_A_PROBE
        or any(map(risk_spans, split_sentences(text)))
    ):
        return False
    return _PROBE.search(text) is not None


def affirmed_categories(mentions: Iterable[RiskMention]) -> frozenset[str]:
    """The grave kinds of danger that the client spoke of as their own, or said yes to."""
    return frozenset(mention.category for mention in mentions if is_affirmed(mention))


def is_affirmed(mention: RiskMention) -> bool:
    """Whether by ``mention`` the client spoke of a grave danger as their own, or said yes to it. Who is not known to be
    the therapist may be the client: danger is not passed over for the name of who spoke."""
    affirms = mention.about == "client" and not (mention.negated or mention.question)
    return affirms and mention.category in GRAVE and (mention.speaker != "therapist" or mention.answered)


def _of_sentence(sentence: str, tag: str, turn: Turn, answer: Turn | None) -> Iterator[RiskMention]:
    tagged = turn.speaker != "client" and bool(_TAG_QUESTION.match(tag))
    asked = tagged or (turn.speaker != "client" and sentence.rstrip("\"'”)").endswith("?"))
    for category, start, end in risk_spans(sentence):
        negated, open_question = _negated(sentence, start, end), False
        if asked:
            reply = _reply(sentence, category, answer)
            negated, open_question = reply == "no", reply is None
        yield RiskMention(
            term=sentence[start:end],
            category=category,
            negated=negated,
            speaker=turn.speaker,
            turn=turn.index,
            about="client" if tagged else _about(sentence, start, end, category),
            question=open_question,
            answered=asked and not open_question,
            done_to_other=_done_to_other(sentence, start, end),
        )


def _done_to_other(sentence: str, start: int, end: int) -> bool:
    """ "My sister was abused", "he beats my mother": another suffered what is spoken of, and the speaker did not."""
    before, after = sentence[:start], sentence[end:]
    if _PARTICIPLE.search(sentence[start:end]) and _PASSIVE.search(before):
        return _last(RELATIONS, before) > _last(FIRST_PERSON, before)
    whom = _WHOM.match(after)
    return whom is not None and RELATIONS.match(after, whom.end()) is not None and not FIRST_PERSON.search(after)


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((match.start() for match in pattern.finditer(text)), default=-1)


def _reply(question: str, category: str, answer: Turn | None) -> str | None:
    """Whether an answer is a no or a yes to what was asked of ``category``: by what it says of that itself, by its
    first words, by what it says of the words of the question, or by speaking of thoughts, urges or plans at all; None
    when it is neither."""
    sentences = answer_of(answer.text.replace("’", "'")) if answer else ()
    if not _PART.search(question):
        sentences = tuple(rest for one in sentences if (rest := _without_no_to_part(one)))
    named = [
        _negated(sentence, start, end)
        for sentence in sentences
        for spoken, start, end in risk_spans(sentence)
        if spoken == category and _about(sentence, start, end, category) == "client"
    ]
    if named and not NO_ANSWER.match(sentences[0]):
        return "no" if all(named) else "yes"
    yes = any(YES_ANSWER.match(sentence) and not _OF_SOMETHING_ELSE.search(sentence) for sentence in sentences)
    for sentence in sentences:
        if not NO_ANSWER.match(sentence):
            break
        of = {spoken for spoken, _, _ in risk_spans(sentence)}
        rest = "".join(_BREAK.split(sentence, maxsplit=1)[1:])
        held_back = bool(OF_DANGER.search(_OF_SOMETHING_ELSE.sub("", rest)))
        if not of:
            return "yes" if yes or held_back else "no"
        if category in of:  # "No self-harm. Brief thoughts, no plan." denies one of two
            return "yes" if held_back else "no"
    if yes:
        return "yes"
    asked = set(content_stems(question))
    for sentence in sentences:
        reading = read(sentence)
        if _NO_THOUGHTS.match(sentence) and not _BREAK.search(sentence):
            return "no"
        if asked & reading.positive or OF_DANGER.search(sentence):
            return "yes"
        if asked & reading.negative:
            return "no"
    return None


def _without_no_to_part(sentence: str) -> str:
    """ "No intent, but thoughts" as "thoughts"; a sentence that names a danger itself comes back as it was."""
    found = _NO_PART.match(sentence)
    return sentence[found.end() :] if found and not risk_spans(sentence[: found.end()]) else sentence


def _negated(sentence: str, start: int, end: int) -> bool:
    """Whether a negation governs the words at ``start``: one in the same clause before them."""
    clause = _NO_NEGATION.sub("", sentence[:start])
    breaks = [match.end() for match in _BREAK.finditer(clause)]
    clause = clause[breaks[-1] :] if breaks else clause
    if _DANGER_BY_NEGATION.match(sentence[start:end]):
        return False  # "not waking up" is the danger itself
    but = _BREAK.search(sentence, end)
    if but and OF_DANGER.search(sentence, but.end()):
        return False  # "no self-harm for two months, but urges come"
    negations = list(NEGATION.finditer(clause))
    if not negations:
        return bool(_DENIED_AFTER.match(sentence[end:]))
    return len(clause[negations[-1].end() :].split()) <= _REACH


def _about(sentence: str, start: int, end: int, category: str) -> str:
    """``other`` when the nearest person before the words is a third one, or they are that one's quoted words; the
    client else. For violence the person is the one who does it."""
    before, term = sentence[:start], sentence[start:end]
    if _quoted_from_another(before) or _OTHER_SELF.search(term):
        return "other"
    if _OWN_SELF.search(term):
        return "client"
    third = [match.start() for match in OTHERS.finditer(before)]
    own = [match.start() for match in (*FIRST_PERSON.finditer(before), *SECOND_PERSON.finditer(before))]
    if max(third, default=-1) > max(own, default=-1):
        return "other"
    whom = None if category == "harm_to_others" else OTHERS.match(sentence[end:].lstrip(" of"))
    passive = _DONE_BY.match(sentence[end:]) or whom
    return "other" if passive and category != "danger" else "client"


def _quoted_from_another(before: str) -> bool:
    """Whether ``before`` ends inside a quotation that another person is said to have spoken."""
    opened = [begin for begin, end in quotations(before) if end is None]
    return bool(opened) and bool(OTHERS.search(before[: opened[0]]))
