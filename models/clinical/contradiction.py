"""What in a session speaks against a sentence of a note that uses its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set

from models.clinical.reading import Reading, read
from models.clinical.units import Unit
from models.clinical.words import Side, vocabulary

_AGAINST = 0.8  # what is lost when all is said to be the other way
_OPPOSED = 0.45
_NO_EXCEPTION = 0.85
_SUPPOSED = 0.4  # what is lost when all was only feared, thought or asked
_OF_ANOTHER = 0.6  # what is lost when all was said of somebody else


def contradiction_factor(note: str, language: str, weights: Mapping[str, float], units: Sequence[Unit]) -> float:
    """From 1, nothing speaks against the sentence ``note``, down to 0.2. ``units`` are those it rests on."""
    if not units:
        return 1.0
    reading = read(note, language)
    agreed = {one for one in reading.negative if _denied(one, language, reading, units) is False}
    factor = 1.0 - _AGAINST * _share(weights, lambda one: _denied(one, language, reading, units, agreed))
    if _opposed(reading.sides, units):
        factor = min(factor, _OPPOSED)
    if reading.absolute and not any(unit.reading.absolute for unit in units):
        factor *= _NO_EXCEPTION
    factor *= 1.0 - _SUPPOSED * _share(weights, lambda one: _only_supposed(one, reading, units))
    return factor * (1.0 - _OF_ANOTHER * _share(weights, lambda one: _of_another(one, reading, units)))


def _share(weights: Mapping[str, float], judge: Callable[[str], bool | None]) -> float:
    """The part of the weight on which ``judge`` says True, of that on which it says anything."""
    judged = {one: verdict for one in weights if (verdict := judge(one)) is not None}
    whole = sum(weights[one] for one in judged)
    return sum(weights[one] for one, against in judged.items() if against) / whole if whole else 0.0


def _denied(
    one: str, language: str, note: Reading, units: Sequence[Unit], agreed: Set[str] = frozenset()
) -> bool | None:
    """Whether the session says the opposite of what the note says of ``one``. Where it agrees on some of what the note
    negates, the rest of the negated words only complete them: "no longer trusts her husband"."""
    if one in note.negative and agreed and one not in agreed:
        return None
    said = [value for unit in units if (value := _negative_of(one, language, unit)) is not None]
    return (one in note.negative) not in said if said else None


def _negative_of(one: str, language: str, unit: Unit) -> bool | None:
    """Whether ``unit`` says that ``one``, or what means nearly the same, is not so; None when it does not say it."""
    if one in unit.own or one in unit.asked:
        return one in unit.negative
    own, theirs = set(vocabulary(language).groups(one)), vocabulary(unit.language)
    near = [other for other in unit.own | unit.asked if not own.isdisjoint(theirs.groups(other))]
    return any(other in unit.negative for other in near) if near else None


def _only_supposed(one: str, note: Reading, units: Sequence[Unit]) -> bool | None:
    saying = [unit for unit in units if one in unit.own]
    if not saying:
        return None
    return one not in note.supposed and not note.supposes and all(one in unit.supposed for unit in saying)


def _of_another(one: str, note: Reading, units: Sequence[Unit]) -> bool | None:
    saying = [unit.reading for unit in units if one in unit.own]
    if not saying:
        return None
    if one in note.own:
        return all(one in said.others for said in saying)
    return one in note.others and all(one in said.own for said in saying)


def _opposed(noted: frozenset[Side], units: Sequence[Unit]) -> bool:
    """Whether a word of the note stands opposite to one of the first units, and neither is negated."""
    said = {side for unit in units[:2] for side in unit.reading.sides}
    return any((line, 1 - side) in said and (line, side) not in said for line, side in noted)
