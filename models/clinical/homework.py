"""Homework as the therapist gave it: where it was listed aloud, a note lists that and not what the model made of it.

Only where there is no doubt: one list, in the second half of the session, agreed to and not touched again. Everything
else is left to the other rules.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.clinical.language import language_of
from models.clinical.lexicon import FOLLOW_UP, NEGATION
from models.clinical.lists import BETWEEN
from models.clinical.omitted import speaks_of_danger
from models.clinical.sentences import split_sentences, word_count
from models.clinical.session import Session
from models.clinical.words import content_stems
from models.transcript import Turn

_MOST_WORDS = 30
_MOST_LONGER = 8  # words more than the model's own list
_FEWEST_STEMS = 2

# A sentence of a note: label, list, and what follows the list or ends the sentence.
_NOTED = re.compile(r"(homework\s*: )([^;—]+?)((?:[;—].*)?[.!…]?)", re.IGNORECASE)
# A list of a note that tells how the last homework went, or what became of this one.
_TELLS = re.compile(
    r"(?<!\w)(?:completed|reviewed|did|was|were|not|partially|forgot|missed|declin\w+|refus\w+|discussed)(?!\w)",
    re.IGNORECASE,
)
_WEEK = r"(?: (?:for )?(?:this|the|next|the coming) week)?"
_COUNTED = r"(?=(?:an?|one|two|three|four|five|to|\d+) )"
_ASSIGNED = re.compile(
    r"(?:(?:so|and|okay|ok|now|all right|alright|well|then|good|great|excellent|perfect)[,.:]? ){0,3}"
    r"(?:(?:let['’]?s set )?(?:(?:a|some|the|your|this week['’]?s) )?homework(?: assignment)?" + _WEEK +
    r"(?:: ?|\s?—\s?| [–-] (?!free|related))"
    r"|(?:for|as)(?: your)? homework" + _WEEK + r"(?:[,:] |\s?—\s?)"
    r"|(?:your|this week['’]?s|the) homework" + _WEEK + r" (?:is|will be)(?:: | )" + _COUNTED + ")(.+)",
    re.IGNORECASE,
)  # fmt: skip
_GOES_ON = re.compile(
    r"(?:(?:and|also|plus),? )?((?:add|keep (?:an?|the)|practi[cs]e|track|log|write|rate) .+)", re.IGNORECASE
)
# How the therapist goes on with something else. What begins otherwise may belong to the list, or take it back.
_ELSE = re.compile(
    r"(?:(?:and|so),? )?(?:we|i|any|how|what|when|is|are|do|does|can|could|let['’]?s|next|good|great|well)(?!\w)",
    re.IGNORECASE,
)
_LEAD_IN = re.compile(r"(?:please|let['’]s|to|i['’]d like you to|i want you to|try to|try and) ", re.IGNORECASE)
_TRAIL = re.compile(r",? (?:all right|alright|okay|ok)$", re.IGNORECASE)
# Of running words: not in "twice a day", "the other", names and titles.
_ARTICLE = re.compile(
    r"(?:^(?:An?|The|Your)|(?<![\w'’-])(?:an?|the|your)) (?=[a-z0-9])"
    r"(?!(?:few|little|lot|bit|couple|day|week|month|night|hour|minute|morning|evening|weekend|one|other|rest|next|same"
    r"|only|first|last|most|best|right)(?![\w-]))"
)
_QUOTED = re.compile(r"[\"“][^\"“”]*[\"”]")
# What a list cannot hold in the words of speech, or which is none.
_SPEECH = re.compile(
    r"(?<!\w)(?:you|you['’]\w+|i|i['’]\w+|me|my|we|we['’]\w+|us|our|was|were|did|went|either|or|um|uh|there is|had been"
    r"|review|whatever|planned|exactly that|this one|that one|same as|keep going|mess|excellent|important|optional"
    r")(?!\w)"
    r"|^(?:he|she|they|none|nothing|no homework|how|what|did|as usual|first|\d\.|[A-Z]\w+, )(?!\w)|[?\[…]",
)
_NAMES_PARTS = re.compile(r"(?<!\w)(?:things?|steps?|tasks?|following|parts?|goals?)(?!\w)", re.IGNORECASE)
# Of an answer that agrees, though a word of it sounds otherwise.
_AGREES = re.compile(r"(?<!\w)(?:no problem|not a problem|can't wait|won't forget|not bad)(?!\w)", re.IGNORECASE)
# Of the answer: it may not agree to all of it.
_HEDGES = re.compile(
    r"(?<!\w)(?:but|instead|rather|only|except|less|fewer|later|skip|maybe|might|too (?:much|many|hard|long|soon)"
    r"|can i|could i|do i|refuse|impossible|doubt|we'll see|think about|pass on|hates?|prefer|better|hurts?|if|unless"
    r"|enough|one of|a lot|overwhelming|just|out)(?!\w)|\?",
    re.IGNORECASE,
)
# Of all that was said afterwards: the list was changed,
_CHANGED = re.compile(
    r"(?<!\w)(?:instead|rather than|skip|scratch that|swap|forget (?:it|that|about)|let's (?:say|reduce|change|drop)"
    r"|make (?:it|that) (?:one|two|three|\d)|(?:just|only) (?:one|two|the (?:first|last))"
    r"|(?:once|twice) (?:then|is|would))(?!\w)",
    re.IGNORECASE,
)
# in a sentence that names something of it.
_TOUCHES = re.compile(
    r"(?<!\w)(?:hates?|cancel|replace|reduce|scrap|leave|lose|drop|enough|hold off|put|just|only|out|prefer|wait"
    r"|pass on|change|difficult|hurts?|later)(?!\w)",
    re.IGNORECASE,
)
# What keeps somebody safe, without a word of danger: never left out.
_SAFETY = re.compile(
    r"(?<!\w)(?:pills?|tablets?|medications?|meds|kni(?:fe|ves)|razors?|guns?|rope|driv\w+|doctor|gp|prescriber"
    r"|psychiatrist|crisis|hotline|988|911|112|safety|emergency)(?!\w)",
    re.IGNORECASE,
)


def as_assigned(sentence: str, session: Session, *, stands: bool = True) -> str | None:
    """``sentence`` of a note, with the homework that the therapist listed in place of its own; None where it is not
    labelled as homework, is about something else, or no list is beyond doubt. What it names besides stays where it was
    named from the list on, if the sentence ``stands``; where it is for the client's safety or a date, all stays as it
    is. English alone."""
    noted = _NOTED.fullmatch(sentence)
    if noted is None or session.language != "en" or _TELLS.search(noted.group(2)):
        return None
    lead, own, end = noted.groups()
    assigned = _assigned(session.turns) if language_of(own, "en") in {None, "en"} else None
    if assigned is None:
        return None
    listed, heard = assigned
    told = set(content_stems(listed))
    if not told & set(content_stems(own)):
        return None
    for item in BETWEEN.split(own)[::2] if stands else ():
        stems = set(content_stems(item))
        if not stems <= told and (speaks_of_danger(item) or _SAFETY.search(item) or FOLLOW_UP.search(item)):
            return None
        if stems and not stems & told and stems <= heard:
            listed = f"{listed}, {item}"
    if word_count(listed) > min(_MOST_WORDS, word_count(own) + _MOST_LONGER):
        return None
    return f"{lead}{listed}{end if stands else '.'}"


def _assigned(turns: Sequence[Turn]) -> tuple[str, set[str]] | None:
    """The one list of homework that the therapist gave and nobody touched again, and the words of meaning of what was
    said from there on. None where there is no such list."""
    lists = [(number, place, match.group(1)) for number, place, match in _lists(turns)]
    if len(lists) != 1 or lists[0][0] < (len(turns) - 1) / 2:
        return None
    number, place, said = lists[0]
    sentences = list(split_sentences(turns[number].text))[place + 1 :]
    parts = [said]
    while sentences and (more := _GOES_ON.fullmatch(sentences[0].strip())):
        parts.append(more.group(1))
        sentences = sentences[1:]
    if sentences and not _ELSE.match(sentences[0].strip()):
        return None
    noted = [_in_note_style(part) for part in parts]
    listed = ", ".join(noted)
    told = set(content_stems(listed))
    if not all(noted) or _SPEECH.search(_QUOTED.sub("", listed)) or len(told) < _FEWEST_STEMS:
        return None
    if not _stands(told, sentences, turns[number + 1 :]):
        return None
    return listed, set(content_stems(" ".join(turn.text for turn in turns[number:])))


def _lists(turns: Sequence[Turn]) -> list[tuple[int, int, re.Match[str]]]:
    """Each list of homework: its turn, its sentence there, and the match."""
    return [
        (number, place, match)
        for number, turn in enumerate(turns)
        if turn.speaker == "therapist" and "omework" in turn.text
        for place, sentence in enumerate(split_sentences(turn.text))
        if (match := _ASSIGNED.fullmatch(sentence.strip()))
    ]


def _stands(told: set[str], same_turn: Sequence[str], rest: Sequence[Turn]) -> bool:
    """Whether what was said after a list, which has the words of meaning ``told``, leaves it as it is."""
    answer = next((turn.text for turn in rest if turn.speaker != "therapist"), "").replace("’", "'")
    answer = _AGREES.sub("", answer)
    if _HEDGES.search(answer) or NEGATION.search(answer):
        return False
    for text in [*same_turn, *(turn.text for turn in rest)]:
        for sentence in split_sentences(text.replace("’", "'")):
            if _CHANGED.search(sentence):
                return False
            touched = NEGATION.search(sentence) or _TOUCHES.search(sentence)
            if touched and told & set(content_stems(sentence)):
                return False
    return True


def _in_note_style(said: str) -> str:
    """What was said, in the style of a note: "a thought record" as "thought record"; "" where it is not clear."""
    plain = _TRAIL.sub("", _LEAD_IN.sub("", said.strip().rstrip(".!"), count=1))
    plain, *parts = re.split(r":(?=\s)", plain)
    if parts and _NAMES_PARTS.search(plain):
        return ""  # else "a thought record: situation, thought, outcome" names one task and its parts
    plain = re.sub(r"\s*—\s*", " – ", plain.replace("; ", ", "))
    pieces = _QUOTED.split(plain)
    quotes = [*_QUOTED.findall(plain), ""]
    return "".join(_ARTICLE.sub("", piece) + quote for piece, quote in zip(pieces, quotes, strict=True))
