"""Which turns a sentence of the note rests on, and how well.

Each sentence is compared with short windows of turns: how much of its weight of meaning occurs there, whether its
numbers, its negations and its speaker agree. The method and its precision and recall stand in ``docs/evidence.md``.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from models.clinical.contradiction import contradiction_factor
from models.clinical.danger import named_alike
from models.clinical.exchanges import ROLES
from models.clinical.language import language_of
from models.clinical.lexicon import MEDICATION
from models.clinical.markers import strip_markers
from models.clinical.plan import ABSENT_SENTENCES
from models.clinical.quotes import FEWEST_WORDS, QUOTE, contains, quoted
from models.clinical.risk_labels import label_of
from models.clinical.sentences import split_sentences
from models.clinical.units import units_of
from models.clinical.watch import plain_words
from models.clinical.words import WORD_LISTS, content_stems, numbers, vocabulary, words
from models.transcript import Turn, normalise_whitespace, speaker_label

# Above this a sentence counts as supported. Chosen on the development half of the labelled set (docs/evidence.md).
SUPPORTED = 0.54

_BETWEEN = re.compile(
    r"[,;:.!?]\s+(?:and\s+|but\s+)?|\s+(?:and|but|with|then|und|aber|mit|y|pero|con)\s+", re.IGNORECASE
)
# Words beside a quotation that only say who said it.
_LEAD = frozenset(WORD_LISTS["lead_in"].split())
_ANSWER = re.compile(r"([^:\"“]+): [\"“]([^\"“”]+)[\"”]\.?")
_ANY = 0.15  # below it no turn is named
_FRAMED = 0.4  # weight of words that frame
_BY_GROUP = 0.75  # a word met by one of near meaning
_BY_PREFIX = 0.8  # a word met by one that begins alike
_PREFIX = 5
_OPEN_QUESTION = 0.6  # a word met in a question that says nothing itself
_MOST_UNITS = 4
_SAID_BY_ANOTHER = 0.3
_COGNATE = 4  # letters from which a word is taken for the same in two languages: a name, "trauma"
_UNKNOWN_LANGUAGE = 0.5  # what is said or noted in a language that is not known is never called supported
_SCATTERED = 0.5  # what is lost when nothing that is met stands together


@dataclass(frozen=True, slots=True)
class Evidence:
    """``turns``: indexes of the turns that support ``text``; ``support`` from 0 to 1."""

    text: str
    turns: tuple[int, ...]
    support: float
    supported: bool


def _answers(turns: list[Turn], after: Sequence[int]) -> list[Turn]:
    """Of turns that say the same word the one that answers the turns ``after``; the only one where there is no such
    turn to go by."""
    if not after:
        return turns if len(turns) == 1 else []
    return [turn for turn in turns if {turn.index - 1, turn.index - 2} & set(after)][:1]


def in_order(text: str, support: Callable[[str, tuple[int, ...]], Evidence]) -> tuple[Evidence, ...]:
    """Evidence for each sentence of ``text``, by ``support`` of it and of the turns of the sentence before it."""
    found: list[Evidence] = []
    for sentence in split_sentences(text):
        found.append(support(sentence, found[-1].turns if found else ()))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Judgement:
    """Of a sentence or a part of one: its score, its weight of meaning, the units it rests on."""

    score: float
    weight: float
    units: list[int]


def _parts(sentence: str) -> list[str]:
    """The items and clauses of a sentence that say something each: a list may rest on a turn an item."""
    parts: list[str] = []
    for part in _BETWEEN.split(sentence):
        if parts and (len(content_stems(part)) < 2 or len(content_stems(parts[-1])) < 2):
            parts[-1] = f"{parts[-1]} {part}"
        else:
            parts.append(part)
    return parts


class EvidenceIndex:
    """Over the turns of one session."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = tuple(turns)
        self._language = language_of(" ".join(turn.text for turn in turns))
        self._units = tuple(units_of(self._turns, self._language or "en"))
        self._numbers = frozenset(number for unit in self._units for number in unit.reading.numbers)
        self._holders: dict[str, list[int]] = defaultdict(list)
        self._group_holders: dict[int, list[int]] = defaultdict(list)
        self._stem_holders: dict[str, list[int]] = defaultdict(list)
        for place, unit in enumerate(self._units):
            for one in unit.own | unit.asked:
                self._holders[one].append(place)
                if len(one) >= _PREFIX:
                    self._stem_holders[one[:_PREFIX]].append(place)
            groups = vocabulary(unit.language).groups
            for group in {group for one in unit.own | unit.asked for group in groups(one)}:
                self._group_holders[group].append(place)

    def sentences(self, text: str) -> tuple[Evidence, ...]:
        """Evidence for each sentence of ``text``, in order."""
        return in_order(text, lambda sentence, after: self.support(sentence, after=after))

    def support(self, sentence: str, *, after: Sequence[int] = ()) -> Evidence:
        """Evidence for one sentence. The fixed absent sentences are supported by no turn in particular. ``after``: the
        turns of the sentence before it, whose answer a short quotation is."""
        plain = normalise_whitespace(strip_markers(sentence)).replace("’", "'")
        if plain in ABSENT_SENTENCES:
            return Evidence(sentence, (), 1.0, True)
        if quotation := self._quotation(sentence, plain, after) or self._answer(sentence, plain):
            return quotation
        language = language_of(plain, self._language)
        whole = self._judge(plain, language or "en")
        parts = [self._judge(part, language or "en") for part in _parts(plain)]
        score, chosen = whole.score, whole.units
        if len(parts) > 1:
            weight = sum(part.weight for part in parts)
            mean = sum(part.score * part.weight for part in parts) / weight if weight else 0.0
            if mean > score:
                score, chosen = mean, sorted({place for part in parts if part.score >= _ANY for place in part.units})
        if language is None or self._language is None:
            score = min(score, _UNKNOWN_LANGUAGE)
        turns = sorted({self._turns[self._units[place].turn].index for place in chosen}) if score > _ANY else []
        return Evidence(sentence, tuple(turns), round(score, 3), score >= SUPPORTED)

    @cached_property
    def _called(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """The speakers that have names of their own, with the words of each: "Anna said", "Speaker 2 asked"."""
        names = {turn.speaker for turn in self._turns} - {"therapist", "client"}
        return tuple((name, frozenset(words(speaker_label(name)))) for name in sorted(names))

    @cached_property
    def _spoken(self) -> tuple[tuple[str, ...], ...]:
        return tuple(plain_words(turn.text) for turn in self._turns)

    @cached_property
    def _whole(self) -> tuple[frozenset[tuple[str, ...]], ...]:
        """The sentences of each turn, and the turn, as words: what a quotation of a word or two may be."""
        texts = [strip_markers(turn.text).replace("’", "'") for turn in self._turns]
        return tuple(frozenset(plain_words(one) for one in (*split_sentences(text), text)) for text in texts)

    def _quotation(self, sentence: str, plain: str, after: Sequence[int]) -> Evidence | None:
        """Evidence for a sentence that only says who said what, in words that somebody said; None for any other."""
        quotes = [plain_words(quoted(match).rstrip("…")) for match in QUOTE.finditer(plain)]
        lead = set(words(QUOTE.sub(" ", plain)))
        named = next((name for name, called in self._called if called <= lead <= called | _LEAD), None)
        if not quotes or not (named or lead <= _LEAD):
            return None
        found = [self._who_said(quote) for quote in quotes]
        if not all(found):
            return None
        speaker = named or next((role for role, names in ROLES.items() if lead & names), None)
        right = [[turn for turn in turns if speaker is None or turn.speaker in (speaker, "unknown")] for turns in found]
        if all(right):
            pairs = zip(quotes, right, strict=True)
            right = [_answers(turns, after) if len(quote) < FEWEST_WORDS else turns for quote, turns in pairs]
            if not all(right):
                return None
        where = tuple(sorted({turn.index for turns in (right if all(right) else found) for turn in turns}))
        return (
            Evidence(sentence, where, 1.0, True) if all(right) else Evidence(sentence, where, _SAID_BY_ANOTHER, False)
        )

    def _who_said(self, quote: tuple[str, ...]) -> list[Turn]:
        return [turn for place, turn in enumerate(self._turns) if self._holds(place, quote)]

    def _answer(self, sentence: str, plain: str) -> Evidence | None:
        """Evidence for an answer behind the words that asked for it, 'Suicidal ideation: "No."', and for what the
        client said of a drug behind "Medication:"; None for any other."""
        labelled = _ANSWER.fullmatch(plain)
        if labelled is None:
            return None
        label, answer = plain_words(labelled.group(1)), plain_words(labelled.group(2).rstrip("…"))
        drug = label == ("medication",) and MEDICATION.search(plain)
        for place, turn in enumerate(self._turns):
            if turn.speaker not in ("client", "unknown") or not self._holds(place, answer):
                continue
            if drug:
                return Evidence(sentence, (turn.index,), 1.0, True)
            if place and self._asked_for(place - 1) == label:
                return Evidence(sentence, (self._turns[place - 1].index, turn.index), 1.0, True)
        return None

    def _asked_for(self, place: int) -> tuple[str, ...] | None:
        """What the question at the end of a turn of the therapist's names and nothing else, as words."""
        last = split_sentences(strip_markers(self._turns[place].text))[-1:]
        label = label_of(last[0]) if last and self._turns[place].speaker != "client" else None
        return plain_words(label) if label else None

    def _holds(self, place: int, quote: tuple[str, ...]) -> bool:
        """Whether a turn has the words of a quotation; of a word or two whether they are a sentence of it."""
        if len(quote) < FEWEST_WORDS:
            return quote in self._whole[place]
        return contains(self._spoken[place], quote)

    def _judge(self, plain: str, language: str) -> _Judgement:
        weights = self._weights(content_stems(named_alike(plain), language), language)
        if not weights or not self._units:
            return _Judgement(0.0, 0.0, [])
        hits = self._hits(weights, language)
        chosen = self._choose(weights, hits)
        return _Judgement(self._score(plain, language, weights, hits, chosen), sum(weights.values()), chosen)

    def overlap(self, sentence: str) -> float:
        """The part of the meaning of ``sentence`` that occurs anywhere in the session, from 0 to 1, whether or not
        the session bears it out; 1 for a sentence without meaning of its own."""
        language = language_of(sentence, self._language) or "en"
        weights = self._weights(content_stems(named_alike(strip_markers(sentence)), language), language)
        hits = self._hits(weights, language)
        met = {one: max((found.get(one, 0.0) for found in hits.values()), default=0.0) for one in weights}
        return sum(weights[one] * met[one] for one in weights) / sum(weights.values()) if weights else 1.0

    def _weights(self, stems: Iterable[str], language: str) -> dict[str, float]:
        """How much each stem says: the rarer in the session the more; what only frames it, little."""
        total = len(self._units) + 1
        frame = vocabulary(language).frame
        return {
            one: math.log(1 + total / (1 + len(self._holders.get(one, ())))) * (_FRAMED if one in frame else 1.0)
            for one in Counter(stems)
        }

    def _hits(self, weights: dict[str, float], language: str) -> dict[int, dict[str, float]]:
        """For each unit that has anything of the sentence: stem to how well it is met, 1 by itself, less by meaning."""
        hits: dict[int, dict[str, float]] = defaultdict(dict)
        groups = vocabulary(language).groups
        for one in weights:
            for group in groups(one):
                for place in self._group_holders.get(group, ()):
                    hits[place][one] = _BY_GROUP
            for place in self._stem_holders.get(one[:_PREFIX], ()) if len(one) >= _PREFIX else ():
                hits[place][one] = _BY_PREFIX
            for place in self._holders.get(one, ()):
                if self._units[place].language == language or len(one) >= _COGNATE or one[0].isdigit():
                    hits[place][one] = 1.0
        for place, found in hits.items():
            if self._units[place].open:
                hits[place] = {one: value * _OPEN_QUESTION for one, value in found.items()}
        return hits

    def _choose(self, weights: dict[str, float], hits: dict[int, dict[str, float]]) -> list[int]:
        """The few units that together meet most of the sentence, near each other rather than far."""
        met: dict[str, float] = {}
        chosen: list[int] = []
        least = 0.1 * sum(weights.values())
        # What a unit adds only shrinks: one that adds too little at first is never chosen.
        worth = {place: sum(weights[one] * value for one, value in found.items()) for place, found in hits.items()}
        candidates = [place for place, gain in worth.items() if gain > least]
        while len(chosen) < _MOST_UNITS:
            best, gain = None, least
            for place in candidates:
                if worth[place] <= gain or place in chosen:
                    continue
                more = sum(weights[one] * max(0.0, value - met.get(one, 0.0)) for one, value in hits[place].items())
                more *= 1.0 if not chosen or min(abs(place - other) for other in chosen) <= 4 else 0.7
                if more > gain:
                    best, gain = place, more
            if best is None:
                break
            chosen.append(best)
            for one, value in hits[best].items():
                met[one] = max(met.get(one, 0.0), value)
        return chosen

    def _score(
        self, plain: str, language: str, weights: dict[str, float], hits: dict[int, dict[str, float]], chosen: list[int]
    ) -> float:
        met = {one: max((hits[place].get(one, 0.0) for place in chosen), default=0.0) for one in weights}
        score = sum(weights[one] * met[one] for one in weights) / sum(weights.values())
        units = [self._units[place] for place in chosen]
        score *= 1.0 - _SCATTERED * (1.0 - self._together(weights, hits, chosen))
        return (
            score * self._number_factor(plain, language, chosen) * contradiction_factor(plain, language, weights, units)
        )

    def _together(self, weights: dict[str, float], hits: dict[int, dict[str, float]], chosen: list[int]) -> float:
        """The part of what is met that is met within one exchange."""
        met = {one: max((hits[place].get(one, 0.0) for place in chosen), default=0.0) for one in weights}
        whole = sum(weights[one] * met[one] for one in weights)
        best = 0.0
        for centre in chosen:
            near = [place for place in chosen if abs(place - centre) <= 2]
            best = max(best, sum(weights[one] * max(hits[place].get(one, 0.0) for place in near) for one in weights))
        return best / whole if whole else 0.0

    def _number_factor(self, plain: str, language: str, chosen: list[int]) -> float:
        noted = numbers(plain, language)
        if any(number not in self._numbers for number in noted):
            return 0.4
        near = {place + step for place in chosen for step in (-1, 0, 1)}
        said = [
            number
            for place in sorted(near)
            if 0 <= place < len(self._units)
            for number in self._units[place].reading.numbers
        ]
        if any(number not in said for number in noted):
            return 0.6
        order = [said.index(number) for number in noted]
        return 0.6 if len(set(order)) > 1 and order == sorted(order, reverse=True) else 1.0


@lru_cache(maxsize=8)
def index_of(turns: tuple[Turn, ...]) -> EvidenceIndex:
    """The index over ``turns``, kept for the last few sessions."""
    return EvidenceIndex(turns)
