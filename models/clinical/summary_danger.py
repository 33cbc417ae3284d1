"""Danger in the paragraph beside the sections: who reads nothing else reads what the client said of it."""

from __future__ import annotations

from collections.abc import Sequence

from models.clinical.cut import cut_to_words
from models.clinical.danger import GRAVE, risk_spans
from models.clinical.lexicon import COMING
from models.clinical.markers import strip_markers
from models.clinical.omitted import omitted_danger
from models.clinical.risk import RiskMention, affirmed_categories
from models.clinical.risk_parts import names_part, names_wish
from models.clinical.risk_quotes import risk_quotes
from models.clinical.sentences import split_sentences, word_count
from models.clinical.session import Session, session_of
from models.transcript import Turn

_WORDS_OF_DANGER = 32
_MOST_GRAVE = frozenset({"suicide"})
# How a denial is noted: of the thing itself, and where only the wish for it was asked about.
_DENIED = {
    "suicide": ("suicidal ideation", "suicidal ideation"),
    "self_harm": ("self-harm", "urges to self-harm"),
    "harm_to_others": ("harm to others", "thoughts of harming others"),
}


def with_affirmed_danger(text: str, turns: Sequence[Turn], max_words: int) -> str:
    """``text`` with what the client said of danger to self or others, where it is silent on all of it or on suicide."""
    session = session_of(turns)
    affirmed, omitted = omitted_danger(text, session)
    if not omitted or (affirmed != omitted and not omitted & _MOST_GRAVE):
        return text
    grave = omitted & _MOST_GRAVE
    for kinds in (omitted, grave) if grave else (omitted,):
        quotes = _quotes(turns, kinds, max_words)
        told = omitted - omitted_danger(quotes, session)[1]
        if told and grave <= told:
            return _placed(text, quotes, max_words)
    return text


def with_denied_danger(text: str, turns: Sequence[Turn], max_words: int) -> str:
    """``text`` with the client's denial of danger to self or others, or an answer that is neither yes nor no, where
    it is silent on that."""
    session = session_of(turns)
    denied = [mention for mention in session.mentions if _is_denied(mention) or _is_evaded(mention, session)]
    if not denied or affirmed_categories(session.mentions) or _dangers(text) & GRAVE:
        return text
    said = _denial(denied, session) or _quotes(turns, frozenset(one.category for one in denied), max_words)
    return _placed(text, said, max_words) if _dangers(said) & GRAVE else text


def _is_denied(mention: RiskMention) -> bool:
    own = mention.about == "client" and mention.category in GRAVE
    return own and mention.negated and (mention.answered or mention.speaker != "therapist")


def _is_evaded(mention: RiskMention, session: Session) -> bool:
    """Whether the client, asked, said neither yes nor no."""
    if not (mention.question and mention.about == "client" and mention.category in GRAVE):
        return False
    return any(turn.index > mention.turn and turn.speaker == "client" for turn in session.turns)


def _denial(denied: Sequence[RiskMention], session: Session) -> str:
    """The denial in the words of a note; "" where it was of an attempt, a plan or the like, was no plain one, or
    is in another language: then only the words that were said tell what was denied."""
    if session.language != "en" or any(mention.question for mention in denied):
        return ""
    spoken = {turn.index: turn.text for turn in session.turns}
    names: list[str] = []
    for mention in denied:
        sentence = next((one for one in split_sentences(spoken[mention.turn]) if mention.term in one), "")
        if mention.category not in _DENIED or names_part(sentence):
            return ""
        name = _DENIED[mention.category][names_wish(sentence)]
        if name not in names:
            names.append(name)
    return f"Denied {' and '.join(sorted(names, key=len, reverse=True))}."


def _quotes(turns: Sequence[Turn], kinds: frozenset[str], max_words: int) -> str:
    return strip_markers(risk_quotes(turns, min(_WORDS_OF_DANGER, max_words), kinds=kinds, briefly=True))


def _dangers(text: str) -> frozenset[str]:
    return frozenset(category for sentence in split_sentences(text) for category, _, _ in risk_spans(sentence))


def _placed(text: str, said: str, max_words: int) -> str:
    """``text`` with ``said`` before homework and plans. What has no room any more goes: first of what was found, never
    all of it, then of what comes next."""
    sentences = split_sentences(text)
    at = next((place for place, one in enumerate(sentences) if COMING.match(one)), len(sentences))
    found, coming = list(sentences[:at]), list(sentences[at:])
    room = max_words - word_count(said)

    def too_long() -> bool:
        return word_count(" ".join([*found, *coming])) > room

    for part, least in ((found, 2), (coming, 1), (found, 1), (coming, 0)):
        while too_long() and len(part) > least:
            part.pop()
    if too_long():
        found = [cut_to_words(" ".join(found), room)] if room > 0 else []
    return " ".join(one for one in (*found, said, *coming) if one)
