"""Techniques that the therapist named and the paragraph leaves out of its list of interventions.

Of 442 that therapists named in 90 sessions, the reference paragraphs of these sessions name 385.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.clinical.lexicon import NEGATION, NO_ANSWER, TECHNIQUES
from models.clinical.sentences import split_sentences, word_count
from models.clinical.session import Session, session_of
from models.clinical.words import content_stems
from models.transcript import Turn

_LISTED = re.compile(r"(\s*interventions?(?: includ(?:e|ed))?\s*:? )([^;—]+?)((?:[;—].*)?[.!…]?)", re.IGNORECASE)
_BETWEEN = re.compile(r"(, and |, | and )(?![^(]*\))")
_CLAUSE = re.compile(r"[,;:—.!?]|(?<!\w)(?:but|so|and)(?!\w)")


def with_techniques(text: str, turns: Sequence[Turn], max_words: int) -> str:
    """``text`` whose list of interventions also names what the therapist named, each where it came up, as far as there
    is room. English alone, like the names; a text without such a list comes back as it was."""
    session = session_of(turns)
    sentences = list(split_sentences(text))
    at = next((place for place, one in enumerate(sentences) if _LISTED.fullmatch(one)), None)
    if session.language != "en" or at is None:
        return text
    listed = _LISTED.fullmatch(sentences[at])
    assert listed is not None
    lead, items, end = listed.groups()
    room = max_words - word_count(text)
    for name, place in _left_out(text, session):
        if word_count(name) <= room:
            items = _inserted(items, name, place, session)
            room -= word_count(name)
    sentences[at] = f"{lead}{items}{end}"
    return " ".join(sentences)


def _left_out(text: str, session: Session) -> list[tuple[str, int]]:
    """The techniques that the therapist named and ``text`` does not, in the order in which they came up, each with its
    place among the words of meaning of the session."""
    found: list[tuple[str, int]] = []
    known = text
    for name, said in TECHNIQUES.items():
        if not said.search(known) and (place := _named_at(said, session)) is not None:
            found.append((name, place))
            known = f"{known} {name}"  # "exposure" is said with "graded exposure"
    return sorted(found, key=lambda one: one[1])


def _named_at(said: re.Pattern[str], session: Session) -> int | None:
    place = 0
    for number, turn in enumerate(session.turns):
        if turn.speaker == "therapist":
            answer = session.turns[number + 1].text if number + 1 < len(session.turns) else ""
            for match in said.finditer(turn.text):
                if not _refused(turn.text, match, answer):
                    return place + len(content_stems(turn.text[: match.end()]))
        place += len(content_stems(turn.text))
    return None


def _refused(text: str, match: re.Match[str], answer: str) -> bool:
    """Whether a technique was named to say that it is not, or was asked about and answered with no."""
    clause = _CLAUSE.split(text[: match.start()])[-1]
    asked = "?" in re.split(r"(?<=[.!?])\s", text[match.end() :])[0]
    return bool(NEGATION.search(clause)) or (asked and bool(NO_ANSWER.match(answer)))


def _inserted(items: str, name: str, place: int, session: Session) -> str:
    """The list with ``name`` behind the last item that came up before it."""
    first: dict[str, int] = {}
    for number, stem in enumerate(stem for turn in session.turns for stem in content_stems(turn.text)):
        first.setdefault(stem, number)
    parts = _BETWEEN.split(items)
    after, reached = -1, -1
    for number, item in enumerate(parts[::2]):
        reached = max((first[stem] for stem in content_stems(item) if stem in first), default=reached)
        if reached <= place:
            after = number
    if after < 0:
        return f"{name}, {items}"
    if after == len(parts) // 2:  # the last: "and" stays before it
        return f"{items}, {name}" if len(parts) == 1 else f"{''.join(parts[:-2])}, {parts[-1]}, and {name}"
    return f"{''.join(parts[: 2 * after + 1])}, {name}{''.join(parts[2 * after + 1 :])}"
