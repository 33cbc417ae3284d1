"""The sentences of a session as evidence: what each says, what it answers, and where it speaks against a note."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from models.clinical.language import language_of
from models.clinical.lexicon import NO_ANSWER
from models.clinical.reading import read
from models.clinical.sentences import split_sentences
from models.clinical.words import Side, vocabulary
from models.transcript import Turn

_OPEN = re.compile(
    r"(?:and |so |but |okay,? )*(?:how|what|why|when|where|who|which|cómo|qué|wie|was|warum|comment|pourquoi)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Unit:
    """One spoken sentence. ``turn`` is the place of its turn. ``asked``: stems of the question that it answers;
    ``negative``: stems that are said, or answered, to be not so; ``sides``: where its words stand in the table of
    opposites; ``open``: it asks how, what or why, and so says nothing."""

    turn: int
    own: frozenset[str]
    asked: frozenset[str]
    negative: frozenset[str]
    numbers: tuple[str, ...]
    absolute: bool
    sides: frozenset[Side]
    open: bool
    language: str


def units_of(turns: Sequence[Turn], language: str) -> Iterator[Unit]:
    """The sentences of ``turns``, mostly in ``language``, in order of speech. A question that the next speaker answers
    with "no" says what it asks to be not so; the answer says it too."""
    question = _NOTHING
    for place, turn in enumerate(turns):
        spoken = language_of(turn.text, language) or language
        sentences = split_sentences(turn.text)
        answer = _first_sentence(turns, place + 1, turn.speaker)
        for number, sentence in enumerate(sentences):
            reading = read(sentence, spoken)
            question_here = _is_question(sentence)
            asks = question_here and number == len(sentences) - 1
            negative = reading.negative
            if asks:
                answered = read(answer, spoken)
                denied = NO_ANSWER.match(answer)
                negative = reading.positive if denied else negative | (reading.positive & answered.negative)
            polar = _Polar(reading.stems, negative)
            answers = number == 0 and place > 0 and turns[place - 1].speaker != turn.speaker
            asked = question if answers else _NOTHING
            yield Unit(
                turn=place,
                own=polar.stems,
                asked=asked.stems,
                negative=polar.negative | asked.negative,
                numbers=reading.numbers,
                absolute=reading.absolute,
                sides=reading.sides,
                open=question_here and bool(_OPEN.match(sentence)),
                language=spoken,
            )
            question = polar if asks else _NOTHING


@dataclass(frozen=True, slots=True)
class _Polar:
    stems: frozenset[str]
    negative: frozenset[str]


_NOTHING = _Polar(frozenset(), frozenset())


def _is_question(sentence: str) -> bool:
    return sentence.rstrip("\"'").endswith("?")


def _first_sentence(turns: Sequence[Turn], place: int, asker: str) -> str:
    if place >= len(turns) or turns[place].speaker == asker:
        return ""
    return next(iter(split_sentences(turns[place].text)), "")


_AGAINST = 0.8
_OPPOSED = 0.45


def contradiction_factor(note: str, language: str, weights: Mapping[str, float], units: Sequence[Unit]) -> float:
    """From 1, nothing speaks against the sentence ``note``, down to 0.2. ``units`` are those it rests on."""
    if not units:
        return 1.0
    reading = read(note, language)
    agree = against = 0.0
    for one, weight in weights.items():
        polarity = [_negative_of(one, language, unit) for unit in units]
        said = [value for value in polarity if value is not None]
        if said and (one in reading.negative) not in said:
            against += weight
        elif said:
            agree += weight
    factor = 1.0 - _AGAINST * against / (agree + against) if agree + against else 1.0
    if _opposed(reading.sides, units):
        factor = min(factor, _OPPOSED)
    if reading.absolute and not any(unit.absolute for unit in units):
        factor *= 0.85
    return factor


def _negative_of(one: str, language: str, unit: Unit) -> bool | None:
    """Whether ``unit`` says that ``one``, or what means nearly the same, is not so; None when it does not say it."""
    if one in unit.own or one in unit.asked:
        return one in unit.negative
    own, theirs = set(vocabulary(language).groups(one)), vocabulary(unit.language)
    near = [other for other in unit.own | unit.asked if not own.isdisjoint(theirs.groups(other))]
    return any(other in unit.negative for other in near) if near else None


def _opposed(noted: frozenset[Side], units: Sequence[Unit]) -> bool:
    """Whether a word of the note stands opposite to one of the first units, and neither is negated."""
    said = {side for unit in units[:2] for side in unit.sides}
    return any((line, 1 - side) in said and (line, side) not in said for line, side in noted)
