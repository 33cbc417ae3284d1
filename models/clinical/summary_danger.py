"""Danger in the paragraph beside the sections: who reads nothing else reads what the client said of it.

Always as it was said, a question with its answer: "Have the thoughts stopped?" "No." is no denial, and no rule reads
well enough to put one into words of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.clinical.coming import before_coming, coming_at
from models.clinical.cut import cut_to_words
from models.clinical.danger import GRAVE, risk_spans
from models.clinical.lists import without_each_item
from models.clinical.markers import strip_markers
from models.clinical.omitted import omitted_danger
from models.clinical.risk import RiskMention, affirmed_categories
from models.clinical.risk_limits import untold_limit
from models.clinical.risk_quotes import risk_quotes
from models.clinical.sentences import split_sentences, word_count
from models.clinical.session import Session, session_of
from models.transcript import Turn

_WORDS_OF_DANGER = 40
_MOST_GRAVE = frozenset({"suicide", "harm_to_others"})


def with_affirmed_danger(text: str, turns: Sequence[Turn], max_words: int) -> str:
    """``text`` with what the client said of danger to self or others, where it is silent on all of it, or on what is
    most grave."""
    for _ in GRAVE:  # what is told of one danger may leave room for another
        told = _with_affirmed(text, turns, max_words)
        if told == text:
            break
        text = told
    return text


def with_limit(text: str, turns: Sequence[Turn], max_words: int) -> str:
    """``text`` with what limits a danger that it tells without, where there is room."""
    said = untold_limit(text, session_of(turns))
    if not said or word_count(text) + word_count(said) > max_words:
        return text
    return before_coming(text, said)


def _with_affirmed(text: str, turns: Sequence[Turn], max_words: int) -> str:
    session = session_of(turns)
    affirmed, omitted = omitted_danger(text, session)
    grave = omitted & _MOST_GRAVE
    if not omitted or (affirmed != omitted and not grave):
        return text
    best, told_best = text, frozenset[str]()
    # All of it, if interventions and homework keep their room; else the most grave of it.
    for kinds in dict.fromkeys((omitted, grave, *(frozenset({kind}) for kind in sorted(grave, reverse=True)))):
        quotes = _quotes(turns, kinds, max_words, affirmed=True) if kinds else ""
        told = omitted - omitted_danger(quotes, session)[1]
        placed, whole = _placed(text, quotes, max_words)
        if told and told >= grave and whole:
            return placed
        if len(told & grave) > len(told_best & grave) or (told and not told_best):
            best, told_best = placed, told
    return best


def with_denied_danger(text: str, turns: Sequence[Turn], max_words: int) -> str:
    """``text`` with how the client answered a question about danger to self or others, or denied it unasked, where it
    is silent on that and nothing was affirmed."""
    session = session_of(turns)
    spoken = [mention for mention in session.mentions if _is_denied(mention) or _is_evaded(mention, session)]
    if not spoken or affirmed_categories(session.mentions) or _dangers(text) & GRAVE:
        return text
    said = _quotes(turns, frozenset(mention.category for mention in spoken), max_words)
    return _placed(text, said, max_words)[0] if _dangers(said) & GRAVE else text


def _is_denied(mention: RiskMention) -> bool:
    own = mention.about == "client" and mention.category in GRAVE
    return own and mention.negated and (mention.answered or mention.speaker == "client")


def _is_evaded(mention: RiskMention, session: Session) -> bool:
    """Whether the client, asked, said neither yes nor no."""
    if not (mention.question and mention.about == "client" and mention.category in GRAVE):
        return False
    return any(turn.index > mention.turn and turn.speaker == "client" for turn in session.turns)


def _quotes(turns: Sequence[Turn], kinds: frozenset[str], max_words: int, *, affirmed: bool = False) -> str:
    words = min(_WORDS_OF_DANGER, max_words)
    quotes = risk_quotes(turns, words, kinds=kinds, affirmed=affirmed, brief=not affirmed, labelled=True)
    return strip_markers(quotes)


def _dangers(text: str) -> frozenset[str]:
    return frozenset(category for sentence in split_sentences(text) for category, _, _ in risk_spans(sentence))


def _placed(text: str, said: str, max_words: int) -> tuple[str, bool]:
    """``text`` with ``said`` before homework and plans, and whether more was kept than what was found first. What has
    no room any more goes: first of what was found, never all of it, then of what comes next; nothing that alone tells
    of a danger."""
    sentences = split_sentences(text)
    at = coming_at(sentences)
    found, coming = list(sentences[:at]), list(sentences[at:])
    room, told = max_words - word_count(said), _dangers(said) | {"danger"}  # a safety plan

    def too_long() -> bool:
        return word_count(" ".join([*found, *coming])) > room

    def drop(part: list[str], least: int) -> None:
        while too_long() and len(part) > least:
            harmless = [place for place, one in enumerate(part) if place >= least and not _dangers(one) - told]
            if not harmless:
                break
            part.pop(harmless[-1])

    drop(found, 2)
    drop(coming, 1)
    whole_lists = list(found)
    for place in range(len(found)):
        while too_long() and (shorter := _without_last_item(found[place])) != found[place]:
            found[place] = shorter
    if too_long():
        found[:] = whole_lists  # no list is cut in vain
    drop(found, 1)
    drop(coming, 0)
    if too_long():
        found, coming = ([cut_to_words(" ".join([*found, *coming]), room)] if room > 0 else []), []
    whole = len(found) >= min(2, at) and len(coming) >= min(1, len(sentences) - at)
    return " ".join(one for one in (*found, said, *coming) if one), whole


def _without_last_item(sentence: str) -> str:
    """A labelled list without the last of its items that tells of no danger; as it was when only two would be left."""
    harmless = [rest for item, rest in without_each_item(sentence) if not risk_spans(item)]
    return harmless[-1] if harmless else sentence
