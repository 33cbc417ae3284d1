"""The sentences of a session as evidence: what each says, what it answers, and whether it says anything at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.clinical.language import language_of
from models.clinical.lexicon import NO_ANSWER, YES_ANSWER
from models.clinical.reading import Reading, read
from models.clinical.sentences import split_sentences
from models.clinical.words import vocabulary, words
from models.transcript import Turn

_OPEN = re.compile(
    r"(?:and |so |but |okay,? )*(?:how|what|why|when|where|who|which|cómo|qué|wie|was|warum|comment|pourquoi)\b",
    re.IGNORECASE,
)
_AGREES = re.compile(
    r"\W*(?:sure|okay|ok|all right|alright|fine|right|good|great|i (?:can|could|will|would)|i'(?:ll|d)"
    r"|that (?:would|sounds)|let's|gut|gern\w*|mach ich|das kann ich|in ordnung|einverstanden"
    r"|bueno|vale|de acuerdo|está bien|lo haré|puedo)\b",
    re.IGNORECASE,
)


# How an open question is answered with no: "How much do you drink?" "Nothing."
_NOTHING_AT_ALL = re.compile(
    r"\W*(?:nothing|none|never|nobody|no one|zero|nichts|nie|niemand|gar nicht|nada|nunca|nadie)(?!\w)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Unit:
    """One spoken sentence. ``turn`` is the place of its turn, ``own`` the stems of its ``reading``. ``asked``: stems of
    the question that it answers; ``negative``: stems that are said, or answered, to be not so; ``supposed``: those that
    are feared, thought or asked; ``open``: a question that nobody took up, and so says nothing."""

    turn: int
    reading: Reading
    own: frozenset[str]
    asked: frozenset[str]
    negative: frozenset[str]
    supposed: frozenset[str]
    open: bool
    language: str


@dataclass(frozen=True, slots=True)
class _Question:
    """What an answer answers. ``supposes``: it asks what was feared or thought."""

    stems: frozenset[str] = frozenset()
    negative: frozenset[str] = frozenset()
    supposes: bool = False


_NOTHING = _Question()


def units_of(turns: Sequence[Turn], language: str) -> Iterator[Unit]:
    """The sentences of ``turns``, mostly in ``language``, in order of speech. A question that the next speaker answers
    with "no" says what it asks to be not so; the answer says it too."""
    question = _NOTHING
    for place, turn in enumerate(turns):
        spoken = language_of(turn.text, language) or language
        sentences = split_sentences(turn.text)
        answer = _first_sentence(turns, place + 1, turn.speaker)
        answers = place > 0 and turns[place - 1].speaker != turn.speaker
        for number, sentence in enumerate(sentences):
            reading = read(sentence, spoken, turn.speaker)
            last = number == len(sentences) - 1
            asks = _asks(sentence, reading, answer if last else "", spoken)
            asked = question if answers and number == 0 else _NOTHING
            yield Unit(
                turn=place,
                reading=reading,
                own=reading.stems,
                asked=asked.stems,
                negative=(asks.negative if asks else reading.negative) | asked.negative,
                supposed=reading.stems if asked.supposes else reading.supposed,
                open=_is_question(sentence) and (asks is None or bool(_OPEN.match(sentence))),
                language=spoken,
            )
            question = asks or _NOTHING


def _asks(sentence: str, reading: Reading, answer: str, language: str) -> _Question | None:
    """``sentence`` as a question that ``answer``, the first sentence of who speaks next, takes up."""
    if not _is_question(sentence) or not answer:
        return None
    if _OPEN.match(sentence) and not _NOTHING_AT_ALL.match(answer):
        supposes = not vocabulary(language).supposing.isdisjoint(words(sentence))
        return _Question(reading.stems, reading.negative, supposes)
    said = read(answer, language)
    if NO_ANSWER.match(answer) or _OPEN.match(sentence):
        return _Question(reading.stems, reading.positive)
    agreed = YES_ANSWER.match(answer) or _AGREES.match(answer)
    if agreed or not reading.stems.isdisjoint(said.stems):
        return _Question(reading.stems, reading.negative | (reading.positive & said.negative))
    return None


def _is_question(sentence: str) -> bool:
    return sentence.rstrip("\"'").endswith("?")


def _first_sentence(turns: Sequence[Turn], place: int, asker: str) -> str:
    if place >= len(turns) or turns[place].speaker == asker:
        return ""
    return next(iter(split_sentences(turns[place].text)), "")
