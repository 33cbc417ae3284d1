"""What is kept of turns that do not fit the context: facts, each with the turns it rests on. Pure.

Facts are picked from what was said, not written by the model: so the prompt of a session is a function of its turns
alone, whatever the model did meanwhile, and nothing stands in it that nobody said. A fact stands in the prompt as a
line of its own, in the place of a speaker the turns: "Turns 20 and 22: Patient …".
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from models.clinical.exchanges import with_answers
from models.clinical.markers import strip_markers
from models.clinical.reported import report, report_quote
from models.clinical.risk import find_risk, is_affirmed
from models.clinical.risk_quotes import risk_quotes
from models.clinical.summary import telling_sentences
from models.transcript import Turn, speaker_label

_WORDS_IN_FACT = 26
_ALL_WORDS = 100_000  # quotations are cut one by one, and facts are chosen afterwards
_TELLING = 8  # as many words tell which sentence it is
_QUOTED = re.compile(r"([^\":]+) (?:said|asked): \"([^\"]*)\"")
_WORD = re.compile(r"\w+")
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
    """The facts of a window, the most important first: what was said of danger, word for word, what the client affirmed
    before all; then what tells most of each topic of a note, one of each and then the next of each; then everything
    else."""
    dangers = _dangers(window)
    others: list[Fact] = []
    for one in telling_sentences(window):
        if any(one.turn.index in fact.turns and _begins_in(one.text, fact.text) for fact in dangers):
            continue
        # A quotation that was cut, and an answer of many sentences, do not hold all that was said of danger.
        danger = bool(find_risk([replace(one.turn, text=one.text)]))
        room = _WORDS_IN_FACT
        text = report_quote(one.turn, one.text, room) if danger else report(one.text, one.turn, room)
        others.append(Fact(strip_markers(text), (one.turn.index,), danger))
    facts: dict[str, Fact] = {}
    for fact in (*dangers, *sorted(others, key=lambda fact: not fact.danger)):
        facts.setdefault(fact.text, fact)
    return tuple(fact for text, fact in facts.items() if text)


def _dangers(window: Sequence[Turn]) -> list[Fact]:
    """What was said of danger, each question with its answers one fact: first what the client affirmed, then the
    client's other words, then others'."""
    mentions = find_risk(window)
    affirmed = {mention.turn for mention in mentions if is_affirmed(mention)}
    speakers = {turn.index: turn.speaker for turn in window}
    facts = [fact for talk in _talks(window, {mention.turn for mention in mentions}) for fact in _exchanges(talk)]
    of_client = {index for index, speaker in speakers.items() if speaker == "client"}
    return sorted(facts, key=lambda fact: (affirmed.isdisjoint(fact.turns), of_client.isdisjoint(fact.turns)))


def _talks(window: Sequence[Turn], dangerous: Collection[int]) -> Iterator[Sequence[Turn]]:
    """Stretches of the window, each from a turn in which another than the client speaks of danger up to the next: read
    one by one, a "No." that answers two questions is not taken for one that was said twice."""
    begins: list[int] = []
    for place, turn in enumerate(window):
        before = window[place - 1] if place else None
        answers = before is not None and turn.speaker not in (before.speaker, "client", "therapist") and _asks(before)
        if turn.index in dangerous and (not begins or not (answers or turn.speaker == "client")):
            begins.append(place)
    yield from (window[begin:end] for begin, end in pairwise([*begins, len(window)]))


def _exchanges(talk: Sequence[Turn]) -> Iterator[Fact]:
    """What was said of danger in ``talk``, each fact with the turns that it quotes."""
    quoted = strip_markers(risk_quotes(talk, _ALL_WORDS))
    rest = list(talk)
    for claim in with_answers([match.group().strip() for match in _QUOTED.finditer(quoted)]):
        turns: list[int] = []
        after = rest
        for lead, words in _QUOTED.findall(claim):
            of_speaker = (place for place, turn in enumerate(after) if lead.strip() == speaker_label(turn.speaker))
            place = next((place for place in of_speaker if _begins_in(words, after[place].text)), None)
            if place is not None:
                turns.append(after[place].index)
                after = after[place:]
        if turns:
            rest = after
            yield Fact(claim, tuple(dict.fromkeys(turns)), danger=True)


def _asks(turn: Turn) -> bool:
    return turn.text.rstrip(" \"'”").endswith("?")


def _begins_in(words: str, text: str) -> bool:
    """Whether the first of ``words`` stand in ``text``."""
    first, whole = (_WORD.findall(strip_markers(one).casefold()) for one in (words, text))
    return f" {' '.join(first[:_TELLING])} " in f" {' '.join(whole)} "


def fitting(facts: Sequence[Fact], most: int, count: Callable[[Fact], int]) -> tuple[Fact, ...]:
    """The first of ``facts`` that together take at most ``most`` tokens, as ``count`` counts them. Of a first one that
    alone takes more, as much as fits, with an ellipsis. Danger leaves a quarter to what else was said, if there is
    anything, but for its first fact."""
    if not facts:
        return ()
    first = _within(facts[0], most, count)
    kept = {0: first}
    left = most - count(first)
    spared = most // 4 if any(not fact.danger for fact in facts) else 0
    for wanted, least in ((True, spared), (False, 0), (True, 0)):
        for place, fact in enumerate(facts):
            if fact.danger is wanted and place not in kept and count(fact) <= left - least:
                kept[place] = fact
                left -= count(fact)
    return tuple(kept[place] for place in sorted(kept))


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
