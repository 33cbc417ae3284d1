"""Homework as the therapist gave it: where it was listed aloud, a note lists that and not what the model made of it.

Only where there is no doubt: one list, in the second half of the session, that nobody objected to or touched again.
Everything else is left to the other rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.clinical.language import language_of
from models.clinical.lexicon import DAYS, FOLLOW_UP, HOMEWORK, MEDICATION, NEGATION
from models.clinical.lists import BETWEEN
from models.clinical.omitted import speaks_of_danger
from models.clinical.sentences import split_sentences, word_count
from models.clinical.session import Session
from models.clinical.words import content_stems, numbers
from models.transcript import Turn

_MOST_WORDS = 30
_MOST_LONGER = 11  # words more than the model's own list
_FEWEST_STEMS = 2
_MOST_OF_A_TASK = 0.5  # of its words of meaning, which tell one task from another
_OFTEN = frozenset(content_stems("daily nightly weekly monthly hourly every each day night week morning evening"))
_TIMES = {
    name: re.compile(rf"(?<!\w)(?:{said})(?!\w)", re.IGNORECASE)
    for name, said in (
        ("day", "daily|days?"), ("night", "nightly|nights?|evenings?|bed(?:time)?"), ("morning", "mornings?"),
        ("week", "weekly|weeks?"), ("month", "monthly|months?"), ("hour", "hourly"),
    )
}  # fmt: skip
# What turns a task into another one.
_TURNED = re.compile(
    r"(?<!\w)(?:no|not|never|without|off|except|less|more|fewer|before|after|until|instead|back|\w+n't"
    r"|(?:stop|quit|avoid|delay|postpon|resist|skip|refrain|limit|reduc|cut|urge|leav)\w*)(?!\w)"
)


# A sentence of a note: label, list, and what follows the list or ends the sentence.
_NOTED = re.compile(r"(homework\s*: )([^;—]+?)((?:\s*[;—].*?)?)([.!…]?)", re.IGNORECASE)
_CLAUSE = re.compile(r"(\s*[;—]\s*)")
_WEEK = r"(?: (?:for )?(?:this|the|next|the coming) week)?"
_COUNTED = r"(?=(?:an?|one|two|three|four|five|to|\d+) )"
_ASSIGNED = re.compile(
    r"(?:(?:so|and|okay|ok|now|all right|alright|well|then|good|great|excellent|perfect)[,.:]? ){0,3}"
    r"(?:(?:let['’]?s set )?(?:(?:a|some|the|your|this week['’]?s) )?homework(?: assignment)?" + _WEEK +
    r"(?:: ?|\s?—\s?| [–-] (?!free|related))"
    r"|(?:for|as)(?: your)? homework" + _WEEK + r"(?:[,:] |\s?—\s?)"
    r"|(?:your|this week['’]?s) homework" + _WEEK + r" (?:is|will be)(?:: | )" + _COUNTED + ")(.+)",
    re.IGNORECASE,
)  # fmt: skip
_GOES_ON = re.compile(
    r"(?:(?:and|also|plus),? )?"
    r"((?:add|keep an?|practi[cs]e(?! makes)|track(?! record)|log|write(?! to me)|rate(?! of)) .+)",
    re.IGNORECASE,
)
# How the therapist goes on with something else. What begins otherwise may belong to the list, or take it back.
_ELSE = re.compile(
    r"(?:(?:and|so),? )?(?:we['’]ll|we (?:will|meet)|i['’](?:ll|m)|any (?:safety|other|suicid\w+|questions?|concerns?"
    r"|thoughts of)|how (?:are|do you feel|does that)|next (?:time|session|week|appointment)|good|great"
    r"|let['’]?s (?:meet|review|book|see))(?!\w)",
    re.IGNORECASE,
)
_LEAD_IN = re.compile(r"^(?:please|let['’]s|to|i['’]d like you to|i want you to|try to|try and) ", re.IGNORECASE)
_TRAIL = re.compile(r",? (?:all right|alright|okay|ok)$", re.IGNORECASE)
_STOP_IN_QUOTE = re.compile(r"[.,!]([”\"])$")
_ABBREVIATED = re.compile(r"(?:^|\W)(?:etc|[ap]\.m|\w)$", re.IGNORECASE)
# At the start of an item; not in "a few", "the other", names and titles.
_ARTICLE = re.compile(
    r"(?:^(?:An?|The|Your)|(?:^|(?<=, )|(?<= and )|(?<=– ))(?:an?|the|your)) (?=[a-z0-9])"
    r"(?!(?:few|little|lot|bit|couple|one|other|rest|next|same|only|first|last|most|best|right)(?![\w-]))"
)
_YOUR = re.compile(r"(?<!\w)your(?!\w)", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“][^\"“”]*[\"”]")
_TO_SOMEBODY = re.compile(r"[A-Z]\w+, ")
_NAMES_PARTS = re.compile(r"(?<!\w)(?:things?|steps?|tasks?|following|parts?|goals?)(?!\w)", re.IGNORECASE)
_ANSWERS_ANEW = re.compile(
    r"(?:^|, )(?:(?:an?|the) )?\w+ (?:then|it is)(?=[.,!]|$)|^(?:then|so) (?:the )?\w+[.!]", re.IGNORECASE
)
_ONE = re.compile(r"one(?!\w)|\w+, yes(?!\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _List:
    """``text``: the list as a note has it; ``heard``: the words of meaning of what was said from there on."""

    text: str
    heard: frozenset[str]


def as_assigned(sentence: str, session: Session, *, stands: bool = True) -> str | None:
    """``sentence`` of a note, with the homework that the therapist listed in place of its own; None where it is not
    labelled as homework, is about something else, or no list is beyond doubt. What it names besides stays where it was
    named from the list on, if the sentence ``stands``; where it is for the client's safety or a date, all stays as it
    is. English alone."""
    noted = _NOTED.fullmatch(sentence)
    if noted is None or session.language != "en" or HOMEWORK["reports"].search(noted.group(2)):
        return None
    label, own, tail, stop = noted.groups()
    assigned = _assigned(session.turns) if language_of(own, "en") in {None, "en"} else None
    if assigned is None:
        return None
    listed, told = assigned.text, set(content_stems(assigned.text))
    if not told & set(content_stems(own)):
        return None
    if stands and _tells_all(own, assigned):
        return sentence
    for item in BETWEEN.split(own)[::2] if stands else ():
        stems = set(content_stems(item))
        if not stems <= told and _must_stay(item, known=bool(stems & told)):
            return None
        if stems and not stems & told and stems <= assigned.heard:
            listed = f"{listed}, {item}"
    rest = _without_told(tail, told) if stands else ""
    if rest is None or word_count(listed) > min(_MOST_WORDS, word_count(own) + _MOST_LONGER):
        return None
    return f"{label}{listed}{rest}{stop or '.'}"


def _tells_all(own: str, assigned: _List) -> bool:
    """Whether a note's own list names every task as it was given, in its order, and nothing that was not said: then its
    wording is as right as the therapist's, and shorter."""
    items = BETWEEN.split(own)[::2]
    for task in BETWEEN.split(assigned.text)[::2]:
        place = next((place for place, item in enumerate(items) if _is_task(item, task, assigned)), None)
        if place is None or not all(_is_added(item, assigned.heard) for item in items[:place]):
            return False
        items = items[place + 1 :]
    return all(_is_added(item, assigned.heard) for item in items)


def _is_task(item: str, task: str, assigned: _List) -> bool:
    """Whether an item of a note is that task: of its words one may be the note's own, none another task's."""
    stems, told = set(content_stems(item)) - _OFTEN, set(content_stems(task)) - _OFTEN
    same = all(kind(item) == kind(task) for kind in (_counted, _dated, _turned))
    own, others = stems - told - assigned.heard, set(content_stems(assigned.text)) - told
    return same and len(told & stems) >= _MOST_OF_A_TASK * len(told) and len(own) <= 1 and not own & others


def _is_added(item: str, heard: frozenset[str]) -> bool:
    """Whether an item is a task that was spoken of after the list."""
    stems = set(content_stems(item))
    return bool(stems) and stems <= heard


def _counted(text: str) -> set[str]:
    return set(numbers(text))


def _dated(text: str) -> set[str]:
    """When something is to be done: days, and "daily" and "each day" as the same."""
    found = {name for name, said in _TIMES.items() if said.search(text)}
    return found | {match.group(0).casefold() for match in DAYS.finditer(text)}


def _turned(text: str) -> set[str]:
    return set(_TURNED.findall(text.casefold().replace("’", "'")))


def _must_stay(item: str, *, known: bool) -> bool:
    """Whether a task keeps the client safe, or is an appointment that the list does not know."""
    safety = speaks_of_danger(item) or HOMEWORK["safety"].search(item) or MEDICATION.search(item)
    return bool(safety or FOLLOW_UP.search(item) or (not known and DAYS.search(item)))


def _without_told(tail: str, told: set[str]) -> str | None:
    """What follows a list, without what the list tells; None where it may contradict the list."""
    if HOMEWORK["reports"].search(tail) or NEGATION.search(tail):
        return None
    _, *parts = _CLAUSE.split(tail)
    clauses = zip(parts[::2], parts[1::2], strict=True)
    return "".join(mark + clause for mark, clause in clauses if not set(content_stems(clause)) <= told)


def _assigned(turns: Sequence[Turn]) -> _List | None:
    """The one list of homework that the therapist gave and nobody touched again; None where there is no such list."""
    lists = list(_lists(turns))
    if len(lists) != 1 or lists[0][0] < (len(turns) - 1) / 2:
        return None
    number, place, said = lists[0]
    sentences = list(split_sentences(turns[number].text))[place + 1 :]
    parts = [said]
    while sentences and (more := _GOES_ON.fullmatch(sentences[0].strip())):
        parts.append(more.group(1)[:1].lower() + more.group(1)[1:])
        sentences = sentences[1:]
    if sentences and not _ELSE.match(sentences[0].strip()):
        return None
    noted = [_in_note_style(part) for part in parts]
    listed = ", ".join(noted)
    if not all(noted) or _is_speech(listed) or len(set(content_stems(listed))) < _FEWEST_STEMS:
        return None
    rest = turns[number + 1 :]
    if not _agreed(rest) or not _stands(listed, sentences, rest):
        return None
    after = [*sentences, *(sentence for turn in rest for sentence in split_sentences(turn.text))]
    plain = [sentence for sentence in after if "?" not in sentence and not NEGATION.search(sentence.replace("’", "'"))]
    return _List(listed, frozenset(content_stems(" ".join(plain))))


def _lists(turns: Sequence[Turn]) -> Iterator[tuple[int, int, str]]:
    """Each list of homework: its turn, its sentence there, and what was listed. After the first, whatever else the
    therapist says of homework counts as another."""
    found = False
    for number, turn in enumerate(turns):
        if turn.speaker != "therapist" or "omework" not in turn.text:
            continue
        for place, sentence in enumerate(split_sentences(turn.text)):
            if match := _ASSIGNED.fullmatch(sentence.strip()):
                yield number, place, match.group(1)
            elif found and "omework" in sentence:
                yield number, place, ""
            found = found or match is not None


def _is_speech(listed: str) -> bool:
    bare = _QUOTED.sub("", listed)
    odd = HOMEWORK["speech"].search(bare) or HOMEWORK["opens_no_list"].match(bare) or _TO_SOMEBODY.match(bare)
    return bool(odd or set("?[…") & set(bare) or _ABBREVIATED.search(bare))


def _agreed(rest: Sequence[Turn]) -> bool:
    """Whether nobody's first answer to a list hedges."""
    for who in {turn.speaker for turn in rest} - {"therapist"}:
        answer = next(turn.text for turn in rest if turn.speaker == who).replace("’", "'").strip()
        answer = HOMEWORK["agrees"].sub("", answer)
        if HOMEWORK["hedges"].search(answer) or "?" in answer or NEGATION.search(answer) or _ONE.match(answer):
            return False
    return True


def _stands(listed: str, same_turn: Sequence[str], rest: Sequence[Turn]) -> bool:
    """Whether what was said after a list leaves it as it is."""
    told, counted = set(content_stems(listed)), set(numbers(listed))
    for text in [*same_turn, *(turn.text for turn in rest)]:
        for sentence in split_sentences(text.replace("’", "'")):
            if HOMEWORK["changes"].search(sentence) or _ANSWERS_ANEW.search(sentence):
                return False
            touched = (
                NEGATION.search(sentence) or HOMEWORK["touches"].search(sentence) or set(numbers(sentence)) - counted
            )
            if touched and told & set(content_stems(sentence)):
                return False
    return True


def _in_note_style(said: str) -> str:
    """What was said, in the style of a note: "a thought record" as "thought record"; "" where it is not clear."""
    plain = _TRAIL.sub("", _LEAD_IN.sub("", said.strip().rstrip(".!")))
    plain, *parts = re.split(r":(?=\s)", plain)
    if parts and _NAMES_PARTS.search(plain):
        return ""  # else "a thought record: situation, thought, outcome" names one task and its parts
    plain = _STOP_IN_QUOTE.sub(r"\1", re.sub(r"\s*—\s*", " – ", plain.replace("; ", ", ")))
    pieces, quotes = _QUOTED.split(plain), [*_QUOTED.findall(plain), ""]
    return "".join(
        _YOUR.sub("their", _ARTICLE.sub("", piece)) + quote for piece, quote in zip(pieces, quotes, strict=True)
    )
