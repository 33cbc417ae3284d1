"""Questions about danger and their answers: whether it was a yes, a no, or neither."""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.clinical.danger import risk_spans
from models.clinical.lexicon import NO_ANSWER, OF_DANGER, YES_ANSWER
from models.clinical.reading import read
from models.clinical.risk_sentence import BREAK, about, negated
from models.clinical.risk_times import OFTEN
from models.clinical.sentences import split_sentences
from models.clinical.words import content_stems
from models.transcript import Turn

# "Irritable, but none of that.": a no to all that was asked, wherever in an answer it stands.
_NO_TO_ALL = re.compile(
    r"(?:^\W*|[,;—–]\s*(?:but |and )?|(?<!\w)but )"
    r"(?:(?:no|negative) (?:to|on) (?:both|either|all|any)|none of (?:that|those|it|them)(?=\W*$|[,.;])"
    r"|no such (?:thoughts?|urges?|plans?|ideas?|feelings?)|nothing (?:like that|of (?:the|that) (?:sort|kind)))"
    r"(?=\W*$|[,.;])",
    re.IGNORECASE,
)
_ASKED_APART = re.compile(r"[,;:—–]\s*(?:or |and )?|(?<!\w)(?:or|and|with)(?!\w)", re.IGNORECASE)
_BARE_NO = re.compile(r"\W*(?:none|no|nope|never|neither)\W*", re.IGNORECASE)
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
# Beside this a no may be one to something else, or to somebody else.
_IN_DOUBT = re.compile(rf"(?<!\w)(?:{OFTEN}|tell|told|says?|said|asked?|{_A_PART})(?!\w)", re.IGNORECASE)
# "Thoughts, yes. Suicide, no."
_IN_PART = re.compile(
    r"(?<!\w)(?:thoughts?|wish\w*|want\w*|gone|not (?:exist|be here)|burn\w*|scratch\w*|hit\w*|pinch\w*)[^.]*"
    r", (?:yes|yeah|sometimes)(?!\w)",
    re.IGNORECASE,
)
# A question that takes for granted what it names: "How long since the last self-harm?"
_GRANTED = re.compile(r"\W*(?:and |so )?(?:how long|when (?:did|was)|where did)(?!\w)", re.IGNORECASE)
_SENTENCES_OF_ANSWER = 3
_WORDS_OF_A_PROBE = 12
_PROBE = re.compile(
    r"^\W*\w+\W*$|^\W*(?:and|what about|how about)\W|(?<!\w)(?:none|nothing|no|never|not|even|ever|at all"
    r"|honest\w*|sure|really|certain|gar nicht"
    r"|wirklich|sicher|ehrlich|nada|nunca|de verdad|segur[oa])(?!\w)",
    re.IGNORECASE,
)


def takes_for_granted(question: str) -> bool:
    """Whether a question has its answer unless that denies it: "How long since the last self-harm?"."""
    return _GRANTED.match(question) is not None


def is_half_a_yes(sentence: str) -> bool:
    """ "Thoughts, yes", beside a no to the rest."""
    return _IN_PART.search(sentence) is not None


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


def answering(turns: Sequence[Turn], place: int) -> Turn | None:
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


def reply_to(question: str, category: str, answer: Turn | None) -> str | None:
    """Whether an answer is a no or a yes to what was asked of ``category``: by what it says of that itself, by its
    first words, by what it says of the words of the question, or by speaking of thoughts, urges or plans at all; None
    when it is neither."""
    sentences = answer_of(answer.text.replace("’", "'")) if answer else ()
    if not _PART.search(question):
        sentences = tuple(rest for one in sentences if (rest := _without_no_to_part(one)))
    named = [
        negated(sentence, start, end)
        for sentence in sentences
        for spoken, start, end in risk_spans(sentence)
        if spoken == category and about(sentence, start, end, category) == "client"
    ]
    if named and all(named) and any(map(is_half_a_yes, sentences)):
        return None
    if named and not NO_ANSWER.match(sentences[0]):
        return "no" if all(named) else "yes"
    yes = any(YES_ANSWER.match(sentence) and not _OF_SOMETHING_ELSE.search(sentence) for sentence in sentences)
    for sentence in sentences:
        if not NO_ANSWER.match(sentence):
            break
        of = {spoken for spoken, _, _ in risk_spans(sentence)}
        rest = "".join(BREAK.split(sentence, maxsplit=1)[1:])
        held_back = bool(OF_DANGER.search(_OF_SOMETHING_ELSE.sub("", rest)))
        if not of:
            return "yes" if yes or held_back else "no"
        if category in of:  # "No self-harm. Brief thoughts, no plan." denies one of two
            return "yes" if held_back else "no"
    if yes:
        return "yes"
    if any(map(_NO_TO_ALL.search, sentences)) and not any(map(_IN_DOUBT.search, sentences)):
        return "no"
    asked = set(content_stems(_asked_with(question, category)))
    for sentence in sentences:
        reading = read(sentence)
        if _NO_THOUGHTS.match(sentence) and not BREAK.search(sentence):
            return "no"
        if asked & reading.positive or OF_DANGER.search(sentence):
            return "yes"
        if asked & reading.negative:
            return "no"
    if len(sentences) != 2 or not _BARE_NO.fullmatch(sentences[1]) or sentences[0].endswith("?"):
        return None
    # "Mood, any suicidal ideation?" "Mood's good. None.": one sentence for each of the two that were asked for.
    besides = set(content_stems(question)) - asked
    return "no" if besides & set(content_stems(sentences[0])) and not _IN_DOUBT.search(sentences[0]) else None


def _asked_with(question: str, category: str) -> str:
    """The part of a question that asks for the danger: "low mood, or thoughts of suicide?" asks for two things."""
    for part in _ASKED_APART.split(question):
        if any(spoken == category for spoken, _, _ in risk_spans(part)):
            return part
    return question


def _without_no_to_part(sentence: str) -> str:
    """ "No intent, but thoughts" as "thoughts"; a sentence that names a danger itself comes back as it was."""
    found = _NO_PART.match(sentence)
    return sentence[found.end() :] if found and not risk_spans(sentence[: found.end()]) else sentence
