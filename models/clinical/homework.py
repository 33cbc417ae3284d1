"""Homework as the therapist gave it: where it was listed aloud, a note lists that and not what the model made of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.clinical.lexicon import NEGATION
from models.clinical.lists import BETWEEN
from models.clinical.sentences import split_sentences, word_count
from models.clinical.session import Session
from models.clinical.words import content_stems
from models.transcript import Turn

_MOST_WORDS = 30
_MOST_LONGER = 12  # words more than the model's own list
_FEWEST_STEMS = 2

# A sentence of a note: label, list, and what follows the list or ends the sentence.
_NOTED = re.compile(r"(homework\s*: )([^;]+?)((?:;.*)?[.!…]?)", re.IGNORECASE)
_ASSIGNED = re.compile(
    r"(?:\w+[,.:] )?(?:(?:let['’]s set )?(?:(?:a|some|the) )?homework(?: assignment)?"
    r"(?: (?:for )?(?:this|the|next) week)?"
    r"(?:\s*[:–-] ?|\s?—\s?)"
    r"|for homework(?: (?:this|next) week)?(?:[,:] |\s?—\s?)"
    r"|(?:your|the) homework (?:is|will be)(?: to| this week)?:? )(.+)",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"(?:(?:and|also|plus|then),? (?!we|i |how|what|any)|(?=(?:add|keep|practi[cs]e|track|log|write|rate|note) ))(.+)",
    re.IGNORECASE,
)
_LEAD_IN = re.compile(r"(?:please|let['’]s|i['’]d like you to|i want you to|try to|try and) ", re.IGNORECASE)
_ARTICLE = re.compile(r"(?<![\w'’-])(?:an?|the|your|some) (?=\w)", re.IGNORECASE)
# What a list cannot hold in the words of speech, or which is none.
_SPEECH = re.compile(
    r"(?<!\w)(?:you|you['’]\w+|i|i['’]\w+|me|my|we|we['’]\w+|us|our|was|were|did|went)(?!\w)"
    r"|^(?:he|she|they|none|nothing|no homework|how|what|did|as usual)(?!\w)|\?",
    re.IGNORECASE,
)
# Of the answer: it may not agree to all of it.
_HEDGES = re.compile(
    r"(?<!\w)(?:but|instead|rather|only|except|less|fewer|later|skip|maybe|might|too (?:much|many|hard|long|soon)"
    r"|can i|could i|do i)(?!\w)|\?",
    re.IGNORECASE,
)
# Of all that was said afterwards: the list was changed.
_CHANGED = re.compile(
    r"(?<!\w)(?:instead|rather than|skip|drop|scratch that|leave (?:it|that|\w+ \w+) out|swap|forget (?:it|that|about)"
    r"|make (?:it|that) (?:one|two|three|\d)|(?:just|only) (?:one|two|the (?:first|last)))(?!\w)",
    re.IGNORECASE,
)


def as_assigned(sentence: str, session: Session) -> str:
    """``sentence`` of a note, with the homework that the therapist listed in place of its own where it is labelled as
    homework; what it names besides stays where the therapist named it from there on. English alone."""
    noted = _NOTED.fullmatch(sentence)
    if noted is None or session.language != "en":
        return sentence
    assigned = _assigned(session.turns)
    if assigned is None:
        return sentence
    listed, heard = assigned
    lead, own, end = noted.groups()
    told = set(content_stems(listed))
    for item in BETWEEN.split(own)[::2]:
        stems = set(content_stems(item))
        if stems and not stems & told and stems <= heard:
            listed = f"{listed}, plus {item}"
            told |= stems
    if word_count(listed) > min(_MOST_WORDS, word_count(own) + _MOST_LONGER):
        return sentence
    return f"{lead}{listed}{end}"


def _assigned(turns: Sequence[Turn]) -> tuple[str, set[str]] | None:
    """The last list of homework that the therapist gave and nobody took back, and the words of meaning of what the
    therapist said from there on. None where there is no such list."""
    for number in reversed(range(len(turns))):
        if turns[number].speaker != "therapist":
            continue
        sentences = list(split_sentences(turns[number].text))
        for place, sentence in enumerate(sentences):
            if (match := _ASSIGNED.fullmatch(sentence.strip())) is None:
                continue
            said = [match.group(1)]
            for following in sentences[place + 1 :]:
                if (more := _GOES_ON.fullmatch(following.strip())) is None:
                    break
                said.append(more.group(1))
            listed = ", ".join(map(_in_note_style, said))
            if _SPEECH.search(listed) or len(content_stems(listed)) < _FEWEST_STEMS or not _stands(turns[number + 1 :]):
                return None
            after = [" ".join(sentences[place:])]
            after += [turn.text for turn in turns[number + 1 :] if turn.speaker == "therapist"]
            return listed, set(content_stems(" ".join(after)))
    return None


def _stands(rest: Sequence[Turn]) -> bool:
    """Whether what was said after a list of homework leaves it as it is."""
    answer = next((turn.text for turn in rest if turn.speaker == "client"), "")
    if _HEDGES.search(answer) or NEGATION.search(answer.replace("’", "'")):
        return False
    return not any(_CHANGED.search(turn.text) for turn in rest)


def _in_note_style(said: str) -> str:
    """What was said, in the style of a note: "a thought record" as "thought record"."""
    plain = _LEAD_IN.sub("", said.strip().rstrip(".!…"), count=1)
    plain = plain.split(":")[0]  # "a thought record: situation, thought, outcome" names one task and its parts
    plain = re.sub(r"\s*—\s*", " – ", plain.replace("; ", ", "))
    if '"' not in plain and "“" not in plain:
        plain = _ARTICLE.sub("", plain)
    return plain[:1].lower() + plain[1:] if plain[1:2].islower() else plain
