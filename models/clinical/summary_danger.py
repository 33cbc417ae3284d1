"""Danger in the paragraph beside the sections: who reads nothing else reads what the client said of it."""

from __future__ import annotations

from collections.abc import Sequence

from models.clinical.cut import cut_to_words
from models.clinical.danger import GRAVE, risk_spans
from models.clinical.lexicon import COMING
from models.clinical.markers import strip_markers
from models.clinical.omitted import omitted_danger
from models.clinical.plain_denials import plainly_denied
from models.clinical.risk import RiskMention, affirmed_categories
from models.clinical.risk_quotes import risk_quotes
from models.clinical.sentences import split_sentences, word_count
from models.clinical.session import Session, session_of
from models.transcript import Turn

_WORDS_OF_DANGER = 40
_MOST_GRAVE = frozenset({"suicide"})


def with_affirmed_danger(text: str, turns: Sequence[Turn], max_words: int) -> str:
    """``text`` with what the client said of danger to self or others, where it is silent on all of it or on suicide."""
    session = session_of(turns)
    affirmed, omitted = omitted_danger(text, session)
    if not omitted or (affirmed != omitted and not omitted & _MOST_GRAVE):
        return text
    grave = omitted & _MOST_GRAVE
    for kinds in (omitted, grave) if grave else (omitted,):
        quotes = _quotes(turns, kinds, max_words, briefly=True)
        told = omitted - omitted_danger(quotes, session)[1]
        if told and grave <= told:
            return _placed(text, quotes, max_words)
    return text


def with_denied_danger(text: str, turns: Sequence[Turn], max_words: int) -> str:
    """``text`` with the client's denial of danger to self or others, or an answer that is neither yes nor no, where
    it is silent on that. A plain denial in the words of a note; of any other only what was said tells of what."""
    session = session_of(turns)
    spoken = [mention for mention in session.mentions if _is_denied(mention) or _is_evaded(mention, session)]
    if not spoken or affirmed_categories(session.mentions) or _dangers(text) & GRAVE:
        return text
    kinds = frozenset(mention.category for mention in spoken)
    said = plainly_denied(spoken, session) or _quotes(turns, kinds, max_words, briefly=False)
    return _placed(text, said, max_words) if _dangers(said) & GRAVE else text


def _is_denied(mention: RiskMention) -> bool:
    own = mention.about == "client" and mention.category in GRAVE
    return own and mention.negated and (mention.answered or mention.speaker == "client")


def _is_evaded(mention: RiskMention, session: Session) -> bool:
    """Whether the client, asked, said neither yes nor no."""
    if not (mention.question and mention.about == "client" and mention.category in GRAVE):
        return False
    return any(turn.index > mention.turn and turn.speaker == "client" for turn in session.turns)


def _quotes(turns: Sequence[Turn], kinds: frozenset[str], max_words: int, *, briefly: bool) -> str:
    return strip_markers(risk_quotes(turns, min(_WORDS_OF_DANGER, max_words), kinds=kinds, briefly=briefly))


def _dangers(text: str) -> frozenset[str]:
    return frozenset(category for sentence in split_sentences(text) for category, _, _ in risk_spans(sentence))


def _placed(text: str, said: str, max_words: int) -> str:
    """``text`` with ``said`` before homework and plans. What has no room any more goes: first of what was found, never
    all of it, then of what comes next; nothing that alone tells of a danger."""
    sentences = split_sentences(text)
    at = next((place for place, one in enumerate(sentences) if COMING.match(one)), len(sentences))
    found, coming = list(sentences[:at]), list(sentences[at:])
    room, told = max_words - word_count(said), _dangers(said) | {"danger"}  # a safety plan

    def too_long() -> bool:
        return word_count(" ".join([*found, *coming])) > room

    for part, least in ((found, 2), (coming, 1), (found, 1), (coming, 0)):
        while too_long() and len(part) > least:
            harmless = [place for place, one in enumerate(part) if place >= least and not _dangers(one) - told]
            if not harmless:
                break
            part.pop(harmless[-1])
    if too_long():
        found, coming = ([cut_to_words(" ".join([*found, *coming]), room)] if room > 0 else []), []
    return " ".join(one for one in (*found, said, *coming) if one)
