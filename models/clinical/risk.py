"""Where a session speaks of danger: what, by whom, said of whom, and whether it was denied."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from models.clinical.danger import GRAVE, risk_spans
from models.clinical.markers import strip_markers
from models.clinical.risk_answer import answer_of, answering, is_half_a_yes, reply_to, takes_for_granted
from models.clinical.risk_sentence import about, done_to_other, negated
from models.clinical.risk_times import is_not_now, was_before
from models.clinical.sentences import split_sentences
from models.transcript import Turn


@dataclass(frozen=True, slots=True)
class RiskMention:
    """One mention. ``category`` is a key of ``lexicon.RISK``; ``about`` is ``client`` or ``other`` (a brother's
    suicide, a partner's violence); ``question``: asked and not answered either way; ``answered``: asked, and
    ``negated`` says how it was answered; ``done_to_other``: somebody else is whom it was done to (an abused sister);
    ``before``: it was said to have been so at another time; ``not_now``: that it is not so now."""

    term: str
    category: str
    negated: bool
    speaker: str
    turn: int
    about: str = "client"
    question: bool = False
    answered: bool = False
    done_to_other: bool = False
    before: bool = False
    not_now: bool = False


_TAG_QUESTION = re.compile(
    r"^(?:and )?(?:have|do|did|are|were|what about|how about|is that|has that|and)\b[\w ']{0,24}\?$",
    re.IGNORECASE,
)


Span = tuple[str, int, int]
_MOST_AT_AN_END = 12  # words of danger


def find_risk(turns: Sequence[Turn]) -> tuple[RiskMention, ...]:
    """Every mention of danger in the session, in order of speech. Idioms ("killing time") are none."""
    mentions: list[RiskMention] = []
    for place, turn in enumerate(turns):
        answer = answering(turns, place)
        sentences = split_sentences(strip_markers(turn.text).replace("’", "'"))
        for number, sentence in enumerate(sentences):
            if risk_spans(sentence):
                mentions.extend(_of_sentence(number, sentences, turn, answer))
    return tuple(mentions)


def affirmed_categories(mentions: Iterable[RiskMention]) -> frozenset[str]:
    """The grave kinds of danger that the client spoke of as their own, or said yes to."""
    return frozenset(mention.category for mention in mentions if is_affirmed(mention))


def is_affirmed(mention: RiskMention) -> bool:
    """Whether by ``mention`` the client spoke of a grave danger as their own, or said yes to it. Who is not known to be
    the therapist may be the client: danger is not passed over for the name of who spoke."""
    affirms = mention.about == "client" and not (mention.negated or mention.question)
    return affirms and mention.category in GRAVE and (mention.speaker != "therapist" or mention.answered)


def _ends_of(spans: Sequence[Span]) -> Sequence[Span]:
    """The first and the last of what one sentence says of danger. Nobody says more in a breath; a text without a stop
    that does would be read as often as it has such words."""
    return spans if len(spans) <= 2 * _MOST_AT_AN_END else (*spans[:_MOST_AT_AN_END], *spans[-_MOST_AT_AN_END:])


def _of_sentence(place: int, sentences: Sequence[str], turn: Turn, answer: Turn | None) -> Iterator[RiskMention]:
    sentence, after = sentences[place], sentences[place + 1 :]
    tag = after[0] if after else ""
    tagged = turn.speaker != "client" and bool(_TAG_QUESTION.match(tag))
    asked = tagged or (turn.speaker != "client" and sentence.rstrip("\"'”)").endswith("?"))
    told = [sentence, *after[:2]]
    if asked and answer:
        told = list(answer_of(answer.text.replace("’", "'")))
    before, not_now = was_before(told), is_not_now(told)
    for category, start, end in _ends_of(risk_spans(sentence)):
        denied, open_question = negated(sentence, start, end), False
        if asked:
            reply = reply_to(sentence, category, answer)
            denied, open_question = reply == "no", reply is None and not takes_for_granted(sentence)
        elif denied and any(map(is_half_a_yes, sentences)):
            denied, open_question = False, True
        yield RiskMention(
            term=sentence[start:end],
            category=category,
            negated=denied,
            speaker=turn.speaker,
            turn=turn.index,
            about="client" if tagged else about(sentence, start, end, category),
            question=open_question,
            answered=asked and not open_question,
            done_to_other=done_to_other(sentence, start, end),
            before=before,
            not_now=not_now,
        )
