"""The paragraph beside the sections: 30 to 70 words unless the session holds less (contract 6.11)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from models.clinical.danger import risk_spans
from models.clinical.extract import Spoken, spoken_sentences, telling
from models.clinical.markers import mark_risk, strip_markers
from models.clinical.omitted import omitted_danger
from models.clinical.plan import ABSENT_SENTENCES
from models.clinical.reported import report
from models.clinical.risk_quotes import risk_quotes
from models.clinical.sentences import split_sentences, word_count
from models.clinical.session import session_of
from models.clinical.words import content_stems
from models.formats.format import Topic
from models.transcript import Turn, normalise_whitespace

_ORDER = (Topic.PRESENTATION, Topic.RISK, Topic.EMOTION, Topic.INTERVENTION, Topic.PROGRESS, Topic.PLAN)
_CLAUSE = re.compile(r"[,;:]$|[.!?…]$")
_WORDS_OF_DANGER = 32
_EMPTY = "Nothing was said in this session."


def fit_summary(text: str, turns: Sequence[Turn], min_words: int = 30, max_words: int = 70) -> str:
    """``text`` within its bounds, risk words marked: too long it is cut after a sentence, or after a clause where one
    sentence is all there is; too short it gets reported sentences of the session, none that it already tells."""
    told = (sentence for sentence in split_sentences(strip_markers(text)) if sentence not in ABSENT_SENTENCES)
    plain = normalise_whitespace(" ".join(told))
    kept = _with_danger(cut_to_words(plain, max_words), turns, max_words)
    if _short(kept, min_words):
        kept = _fill(kept, turns, min_words, max_words)
    return mark_risk(kept or _EMPTY)


def _with_danger(text: str, turns: Sequence[Turn], max_words: int) -> str:
    """``text`` with what the client said of danger to self or others, where it is silent on all of that."""
    affirmed, omitted = omitted_danger(text, session_of(turns))
    if affirmed != omitted or not affirmed:
        return text
    quotes = strip_markers(risk_quotes(turns, min(_WORDS_OF_DANGER, max_words)))
    if not affirmed & _dangers(quotes):
        return text
    room = max_words - word_count(quotes)
    return f"{cut_to_words(text, room) if text and room > 0 else ''} {quotes}".strip()


def _dangers(text: str) -> frozenset[str]:
    return frozenset(category for sentence in split_sentences(text) for category, _, _ in risk_spans(sentence))


def cut_to_words(text: str, max_words: int) -> str:
    """The sentences of ``text`` from the first that fit in ``max_words``; of a first one that does not, its clauses;
    of a first clause that does not, its words. What is cut inside a sentence ends in an ellipsis."""
    kept = ""
    for sentence in split_sentences(text):
        longer = f"{kept} {sentence}".strip()
        if word_count(longer) > max_words:
            break
        kept = longer
    return kept or _cut_sentence(text, max_words)


def _cut_sentence(sentence: str, max_words: int) -> str:
    tokens = sentence.split()
    fitting = 0
    while fitting < len(tokens) and word_count(" ".join(tokens[: fitting + 1])) <= max_words:
        fitting += 1
    if fitting == len(tokens):
        return sentence
    if fitting == 0:
        return sentence[: 2 * max_words - 1] + "…" if sentence else ""
    clause = next((at for at in range(fitting, fitting // 2, -1) if _CLAUSE.search(tokens[at - 1])), fitting)
    return " ".join(tokens[:clause]).rstrip(",;:") + "…"


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
