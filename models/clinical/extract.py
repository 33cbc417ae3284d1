"""The sentences of a session that a note of each topic would rest on, the most telling first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.clinical.coverage import is_backchannel
from models.clinical.danger import risk_spans
from models.clinical.lexicon import CUES
from models.clinical.observed import mental_status_cues
from models.clinical.planned import plan_cues
from models.clinical.risk import find_risk
from models.clinical.sentences import split_sentences, word_count
from models.clinical.words import content_stems
from models.formats.format import Topic
from models.transcript import Turn, normalise_whitespace


@dataclass(frozen=True, slots=True)
class Spoken:
    """One sentence that somebody said. ``place`` is where its turn stands in the sequence of turns."""

    text: str
    turn: Turn
    place: int


_CUES = {
    Topic.PRESENTATION: CUES["presentation"],
    Topic.EMOTION: CUES["emotion"],
    Topic.INTERVENTION: CUES["intervention"],
    Topic.PROGRESS: CUES["progress"],
}
_FEWEST_WORDS = 4  # fewer tell a reader nothing: "Heavy."
_BY_WORD_ONLY = (Topic.PLAN, Topic.EMOTION, Topic.PROGRESS, Topic.MENTAL_STATUS)
_ROLES = frozenset({"therapist", "client"})
_BY: dict[Topic, str | None] = {
    Topic.PRESENTATION: "client",
    Topic.EMOTION: "client",
    Topic.INTERVENTION: "therapist",
    Topic.PROGRESS: "client",
}


def spoken_sentences(turns: Sequence[Turn]) -> list[Spoken]:
    """All that was said, sentence by sentence, without what only keeps a talk going."""
    return [
        Spoken(sentence, turn, place)
        for place, turn in enumerate(turns)
        if not is_backchannel(turn.text)
        for sentence in split_sentences(normalise_whitespace(turn.text))
        if not is_backchannel(sentence)
    ]


def telling(topic: Topic, spoken: Sequence[Spoken], turns: Sequence[Turn], *, surely: bool = False) -> list[Spoken]:
    """The sentences that speak of ``topic``, the most telling first; none where nothing does; ``surely``: those only
    that hold a word for it. What does not tell its speakers apart is searched whoever spoke."""
    if topic is Topic.RISK:
        at_risk = {mention.turn for mention in find_risk(turns)}
        return [one for one in spoken if one.turn.index in at_risk and find_risk([one.turn])]
    who = _speakers(_BY.get(topic), turns)
    scored = []
    for order, one in enumerate(spoken):
        if one.turn.speaker not in who:
            continue
        if asks_of_danger(one.text):
            continue  # is told as danger, with its answer
        cues = _cues(one, topic)
        if word_count(one.text) < _FEWEST_WORDS:
            continue
        if not cues and (surely or topic in _BY_WORD_ONLY):
            continue
        scored.append((-_worth(one, cues, topic, len(turns)), order, one))
    return [one for _, _, one in sorted(scored, key=lambda entry: entry[:2])]


def _cues(one: Spoken, topic: Topic) -> int:
    if topic is Topic.PLAN:
        return plan_cues(one.text, one.turn.speaker)
    if topic is Topic.MENTAL_STATUS:
        return mental_status_cues(one.text, one.turn.speaker)
    return len(_CUES.get(topic, _CUES[Topic.PRESENTATION]).findall(one.text))


def asks_of_danger(sentence: str) -> bool:
    """Whether a sentence is a question about danger, which tells nothing without its answer."""
    return sentence.rstrip("\"'”").endswith("?") and bool(risk_spans(sentence))


def _speakers(role: str | None, turns: Sequence[Turn]) -> frozenset[str]:
    """Who may be the ``role`` in a talk: by name; beside the other role all others; of two without a role the one who
    asks for the therapist; else whoever spoke."""
    speakers = frozenset(turn.speaker for turn in turns)
    if role is None or role in speakers:
        return frozenset({role}) if role else speakers
    if speakers & _ROLES:
        return speakers - _ROLES
    if len(speakers) != len(_ROLES):
        return speakers
    asked = {name: sum(turn.text.count("?") for turn in turns if turn.speaker == name) for name in speakers}
    less, more = sorted(asked, key=lambda name: (asked[name], name))
    if asked[less] == asked[more]:
        return speakers
    return frozenset({more if role == "therapist" else less})


def _worth(one: Spoken, cues: int, topic: Topic, total: int) -> float:
    length = word_count(one.text)
    fit = 1.0 if 6 <= length <= 30 else 0.4
    question = 0.5 if one.text.rstrip().endswith("?") else 0.0
    where = one.place / max(1, total - 1)
    early = {Topic.PRESENTATION: 1.0 - where, Topic.PLAN: where, Topic.PROGRESS: where}.get(topic, 0.0)
    return min(cues, 3) + fit + 0.15 * min(len(content_stems(one.text)), 10) + 1.5 * early - question
