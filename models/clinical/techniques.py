"""Techniques that the therapist named and the paragraph leaves out of its list of interventions.

Of 442 that therapists named in 90 sessions, the reference paragraphs of these sessions name 385.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from models.clinical.lexicon import NEGATION, NO_ANSWER, RELATIONS, TECHNIQUES, YES_ANSWER
from models.clinical.lists import BETWEEN
from models.clinical.sentences import split_sentences, word_count
from models.clinical.session import Session, session_of
from models.clinical.words import content_stems
from models.transcript import Turn

_LISTED = re.compile(r"(\s*interventions?(?:\s*:| includ(?:e|ed)) )([^;—]+?)((?:[;—].*)?[.!…]?)", re.IGNORECASE)
# The end of a list whose last item ends with a quotation.
_STOP_IN_QUOTE = re.compile(r"([.!…])([”\"])$")
# What is no list of things: who did what, or what was not.
_TELLS = re.compile(
    r"(?<!\w)(?:declin\w+|refus\w+|was|were|is|are|helped|client|patient|she|he|they"
    r"|(?<!exposure )to (?!\w+ing)\w+)(?!\w)",
    re.IGNORECASE,
)
_PUT_OFF = re.compile(
    r"(?<!\w)(?:skip\w*|leav\w+|drop|stop\w*|avoid\w*|instead of|rather than|against)(?:\W+\w+){0,2}?\W*$",
    re.IGNORECASE,
)
_PUT_OFF_AFTER = re.compile(
    r"(?<!\w)(?:(?:for|until) later|another time|some ?day|eventually|not for today|advise against|is not|isn't|annoyed"
    r"|(?:with|by|at) (?:the|your|a) (?:last|old|former|previous))(?!\w)",
    re.IGNORECASE,
)
# Whose work it was, if not this therapist's.
_ELSEWHERE = re.compile(
    r"(?<!\w)(?:(?:last|old|former|previous|other) therapist|counsell?or|psychiatrist|doctor|hospital|ward|last time"
    r"|i (?:went|did|used|took|had))(?!\w)",
    re.IGNORECASE,
)
_WHAT_HELPS = re.compile(r"\W*(?:and |so )?(?:what|which)(?!\w)[^?]*(?<!\w)help(?:s|ed)?(?!\w)", re.IGNORECASE)
_YES_OR_NO = re.compile(r"(?:\W*(?:and|so))?\W*(?:did|do|does|was|were|is|has|have|had)(?!\w)", re.IGNORECASE)
_AGREED = re.compile(
    r"\W*(?:sure|okay|ok|all right|alright|fine|right|good|great|please|absolutely|definitely|let's|it helped"
    r"|i'(?:ll|d)|that (?:helps|helped|works|would|sounds|could)"
    r"|i (?:can|could|will|would(?! rather)|did|do|used|tried))(?!\w)",
    re.IGNORECASE,
)
_BARE_NO = re.compile(r"\W*(?:please )?(?:no|nope|never|not today)(?: thanks| thank you|, please)?\W*", re.IGNORECASE)
_DECLINED = re.compile(
    r"(?<!\w)(?:rather not|maybe later|not (?:now|today|yet|ready)|afraid of (?:it|that)"
    r"|(?:don't|do not) (?:want|like|think))(?!\w)",
    re.IGNORECASE,
)


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
    if _TELLS.search(items) or NEGATION.search(items):
        return text
    room = max_words - word_count(text)
    talk = _heard(session)
    left_out = _left_out(text, talk)
    if left_out and not end and (stop := _STOP_IN_QUOTE.search(items)):
        items, end = items[: stop.start()] + stop.group(2), stop.group(1)
    for name, place in left_out:
        longer = _inserted(items, name, place, talk)
        if (more := word_count(longer) - word_count(items)) <= room:
            items, room = longer, room - more
    sentences[at] = f"{lead}{items}{end}"
    return " ".join(sentences)


@dataclass(frozen=True, slots=True)
class _Talk:
    """A session, walked through once. ``said``: each sentence of the therapist's, its place among the words of meaning
    of the session, and the turn after it; ``first``: where each word of meaning comes up."""

    said: tuple[tuple[str, int, str], ...]
    first: dict[str, int]


def _heard(session: Session) -> _Talk:
    said: list[tuple[str, int, str]] = []
    first: dict[str, int] = {}
    place = 0
    for number, turn in enumerate(session.turns):
        answer = session.turns[number + 1].text if number + 1 < len(session.turns) else ""
        for sentence in split_sentences(turn.text):
            if turn.speaker == "therapist":
                said.append((sentence, place, answer.replace("’", "'")))
            for stem in content_stems(sentence):
                first.setdefault(stem, place)
                place += 1
    return _Talk(tuple(said), first)


def _left_out(text: str, talk: _Talk) -> list[tuple[str, int]]:
    """The techniques that the therapist named and ``text`` does not, in the order in which they came up, each with its
    place."""
    found: list[tuple[str, int]] = []
    known = text
    for name, said in TECHNIQUES.items():
        if not said.search(known) and (place := _named_at(said, talk)) is not None:
            found.append((name, place))
            known = f"{known} {name}"  # "exposure" is said with "graded exposure"
    return sorted(found, key=lambda one: one[1])


def _named_at(said: re.Pattern[str], talk: _Talk) -> int | None:
    """The place of the first sentence by which the therapist brings a technique in; None where none does."""
    for sentence, place, answer in talk.said:
        match = said.search(sentence)
        if match and _brings_in(sentence[: match.start()], sentence[match.end() :], answer):
            return place + len(content_stems(sentence[: match.end()]))
    return None


def _brings_in(before: str, after: str, answer: str) -> bool:
    """Whether a sentence with a technique between ``before`` and ``after`` proposes or does it: it puts nothing off,
    speaks of nobody else's work, and where it asks the client does not decline."""
    if NEGATION.search(before) or _PUT_OFF.search(before) or _ELSEWHERE.search(before) or _PUT_OFF_AFTER.search(after):
        return False
    if "?" in after and _WHAT_HELPS.match(before):
        return False
    if RELATIONS.search(before) or _DECLINED.search(answer):
        return False
    if "?" not in after:
        return not _BARE_NO.fullmatch(answer)
    if _YES_OR_NO.match(before):
        return bool(YES_ANSWER.match(answer) or _AGREED.match(answer))
    return not NO_ANSWER.match(answer)


def _inserted(items: str, name: str, place: int, talk: _Talk) -> str:
    """The list with ``name`` behind the last item that came up before it."""
    parts = BETWEEN.split(items)
    after, reached = -1, -1
    for number, item in enumerate(parts[::2]):
        reached = max((talk.first[stem] for stem in content_stems(item) if stem in talk.first), default=reached)
        if reached <= place:
            after = number
    if after < 0:
        return f"{name}, {items}"
    if after == len(parts) // 2:  # the last: "and" stays before it
        return f"{items}, {name}" if len(parts) == 1 else f"{''.join(parts[:-2])}, {parts[-1]}, and {name}"
    return f"{''.join(parts[: 2 * after + 1])}, {name}{''.join(parts[2 * after + 1 :])}"
