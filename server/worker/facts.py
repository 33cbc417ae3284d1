"""What is kept of turns that do not fit the context: facts, each with the turns it rests on. Pure.

Facts are picked from what was said, not written by the model: so the prompt of a session is a function of its turns
alone, whatever the model did meanwhile, and nothing stands in it that nobody said. A fact stands in the prompt as a
line of its own, in the place of a speaker the turns: "Turns 20 and 22: Patient …".
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from models.clinical.markers import strip_markers
from models.clinical.reported import report
from models.clinical.risk import find_risk
from models.clinical.risk_quotes import risk_quotes
from models.clinical.summary import telling_sentences
from models.transcript import Turn

_WORDS_OF_DANGER = 40
_WORDS_IN_FACT = 26
_SHORTEST = 24  # tokens of a fact that was shortened, its reference among them
_NAMED = 3  # more turns than these are named by the first and the last


@dataclass(frozen=True, slots=True)
class Fact:
    """What was said in ``turns`` (indexes), reported; with ``danger`` quotes of what was said of danger."""

    text: str
    turns: tuple[int, ...]
    danger: bool = False

    def as_turn(self) -> Turn:
        """The line of the prompt."""
        return Turn(self.turns[0], _reference(self.turns), self.text)


def facts_of(window: Sequence[Turn]) -> tuple[Fact, ...]:
    """The facts of a window, the most important first: what was said of danger, word for word; then what tells most of
    each topic of a note, one of each and then the next of each; then everything else."""
    danger = _danger(window)
    facts = {} if danger is None else {danger.text: danger}
    for one in telling_sentences(window):
        if danger is None or not find_risk([replace(one.turn, text=one.text)]):
            text = strip_markers(report(one.text, one.turn, _WORDS_IN_FACT))
            facts.setdefault(text, Fact(text, (one.turn.index,)))
    return tuple(fact for text, fact in facts.items() if text)


def _danger(window: Sequence[Turn]) -> Fact | None:
    """What was said of danger, questions with their answers."""
    turns = tuple(dict.fromkeys(mention.turn for mention in find_risk(window)))
    quotes = strip_markers(risk_quotes(window, _WORDS_OF_DANGER))
    return Fact(quotes, turns, danger=True) if turns and quotes else None


def fitting(facts: Sequence[Fact], most: int, count: Callable[[Fact], int]) -> tuple[Fact, ...]:
    """The first of ``facts`` that together take at most ``most`` tokens, as ``count`` counts them. Of a first one that
    alone takes more, as much as fits, with an ellipsis."""
    kept: list[Fact] = []
    left = most
    for fact in facts:
        if count(fact) <= left:
            kept.append(fact)
            left -= count(fact)
    if facts and not kept:
        kept = [_within(facts[0], most, count)]
    return tuple(kept)


def chosen(windows: Sequence[Sequence[Fact]], most: int, count: Callable[[Fact], int]) -> list[tuple[Fact, ...]]:
    """What of each window's facts stands in the prompt, ``most`` tokens in all: the first of each window, then the
    second of each, and so on. Where the first of all do not fit they are shortened; where not even so, danger goes
    first and the others are spread evenly."""
    firsts = [facts[0] for facts in windows if facts]
    if sum(map(count, firsts)) > most:
        part = max(_SHORTEST, most // len(firsts))
        windows = [[_within(fact, part, count) for fact in facts[:1]] for facts in windows]
    ranked = sorted(
        (rank, not fact.danger, _spread(place), place, fact)
        for place, facts in enumerate(windows)
        for rank, fact in enumerate(facts)
    )
    kept: list[list[Fact]] = [[] for _ in windows]
    left = most
    for *_, place, fact in ranked:
        if count(fact) <= left:
            kept[place].append(fact)
            left -= count(fact)
    return [tuple(sorted(facts, key=lambda fact: fact.turns)) for facts in kept]


def _spread(place: int) -> float:
    """Places in an order whose every beginning is spread over all of them: the van der Corput sequence."""
    value, weight = 0.0, 0.5
    while place:
        value += weight * (place & 1)
        place, weight = place >> 1, weight / 2
    return value


def _within(fact: Fact, most: int, count: Callable[[Fact], int]) -> Fact:
    """``fact`` in at most ``most`` tokens: cut after a word, or in a first one that is too long, with an ellipsis."""
    if count(fact) <= most:
        return fact
    fitting = bisect_right(range(1, len(fact.text)), most, key=lambda end: count(_cut(fact, end)))
    whole = fact.text.rfind(" ", 0, fitting + 1)
    return _cut(fact, whole if whole > 0 else max(1, fitting))


def _cut(fact: Fact, end: int) -> Fact:
    return replace(fact, text=f"{fact.text[:end].rstrip()}…")


def _reference(turns: tuple[int, ...]) -> str:
    if len(turns) == 1:
        return f"turn {turns[0]}"
    if len(turns) > _NAMED:
        return f"turns {turns[0]} to {turns[-1]}"
    return f"turns {', '.join(map(str, turns[:-1]))} and {turns[-1]}"
