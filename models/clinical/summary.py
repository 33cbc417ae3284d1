"""The paragraph beside the sections: 30 to 70 words unless the session holds less (contract 6.11)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models.clinical.extract import Spoken, spoken_sentences, telling
from models.clinical.markers import mark_risk, strip_markers
from models.clinical.plan import ABSENT_SENTENCES
from models.clinical.reported import report
from models.clinical.sentences import split_sentences, word_count
from models.clinical.shorten import shortened
from models.clinical.summary_danger import with_affirmed_danger, with_denied_danger, with_limit
from models.clinical.summary_medication import with_medication
from models.clinical.techniques import with_techniques
from models.clinical.words import content_stems
from models.formats.format import Topic
from models.transcript import Turn, normalise_whitespace

_ORDER = (Topic.PRESENTATION, Topic.RISK, Topic.EMOTION, Topic.INTERVENTION, Topic.PROGRESS, Topic.PLAN)
_EMPTY = "Nothing was said in this session."


def fit_summary(text: str, turns: Sequence[Turn], min_words: int = 30, max_words: int = 70) -> str:
    """``text`` within its bounds, risk words marked: too long it loses what tells least; too short it gets reported
    sentences of the session, none that it already tells."""
    told = (sentence for sentence in split_sentences(strip_markers(text)) if sentence not in ABSENT_SENTENCES)
    plain = normalise_whitespace(" ".join(told))
    kept = with_affirmed_danger(shortened(plain, max_words), turns, max_words)
    kept = with_medication(with_denied_danger(kept, turns, max_words), turns, max_words)
    if _short(kept, min_words):
        kept = _fill(kept, turns, min_words, max_words)
    kept = with_limit(kept, turns, max_words)
    return mark_risk(with_techniques(kept, turns, max_words) or _EMPTY)


def _short(text: str, min_words: int) -> bool:
    return min(word_count(text), len(text.split())) < min_words


def _fill(text: str, turns: Sequence[Turn], min_words: int, max_words: int) -> str:
    told = set(content_stems(text))
    spare: list[Spoken] = []
    asked: list[Spoken] = []
    for one in telling_sentences(turns):
        if not _short(text, min_words):
            return text
        stems = set(content_stems(one.text))
        if one.text.rstrip().endswith("?"):
            asked.append(one)
            continue
        if not stems or len(stems & told) > 0.6 * len(stems):
            spare.append(one)
            continue
        text, told = _with(text, one, max_words), told | stems
    for one in [*spare, *asked, *(Spoken(turn.text, turn, place) for place, turn in enumerate(turns))]:
        if not _short(text, min_words):
            break
        text = _with(text, one, max_words)
    return text


def _with(text: str, one: Spoken, max_words: int) -> str:
    room = max_words - word_count(text)
    sentence = strip_markers(report(one.text, one.turn, min(room, max(12, room - 4))))
    return f"{text} {sentence}".strip() if sentence and sentence not in text else text


def telling_sentences(turns: Sequence[Turn]) -> Iterator[Spoken]:
    """One telling sentence of each topic, then the next of each; then all the rest in order of speech."""
    spoken = spoken_sentences(turns)
    ranked = [telling(topic, spoken, turns) for topic in _ORDER]
    seen: set[tuple[int, str]] = set()
    for rank in range(3):
        for sentences in ranked:
            if rank < len(sentences) and (key := (sentences[rank].place, sentences[rank].text)) not in seen:
                seen.add(key)
                yield sentences[rank]
    yield from (one for one in spoken if (one.place, one.text) not in seen)
