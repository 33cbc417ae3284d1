"""What was said of danger, in the words it was said in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.clinical.danger import GRAVE, risk_spans
from models.clinical.lexicon import NO_ANSWER, YES_ANSWER
from models.clinical.omitted import speaks_of_danger
from models.clinical.reported import quote, report_quote
from models.clinical.risk import find_risk, is_affirmed
from models.clinical.risk_answer import answer_of, is_probe
from models.clinical.risk_labels import label_of
from models.clinical.sentences import split_sentences, word_count
from models.transcript import Turn

_Said = tuple[int, str]

_WORDS_IN_QUOTE = 26
_LEAST_FOR_ANSWER = 10
_FEWEST_WORDS = 4
_TAKES_BACK = re.compile(
    r"(?<!\w)(?:accident\w*|by mistake|(?:not|\w+n['’]t) on purpose"
    r"|(?:don['’]t|didn['’]t|do not|did not|never) (?:really |actually )?mean(?:t)?|(?:would|['’]d) never"
    r"|wouldn['’]t (?:\w+ )?(?:do|act|hurt|harm)|not (?:really|serious\w*)|(?:just|only) (?:joking|kidding)"
    r"|versehentlich|aus versehen|nicht (?:so|ernst) gemeint|würde (?:ich )?(?:\w+ )?nie(?:mals)?"
    r"|accidente|sin querer|no lo (?:digo|decía|dije) en serio|nunca lo haría)(?!\w)",
    re.IGNORECASE,
)
_TURNS_AROUND = re.compile(r"\W*(?:but|aber|pero)(?!\w)", re.IGNORECASE)
_SAYS_NO = re.compile(r"\W*(?:no|nein)(?!\w)(?! (?:idea|one|wonder))", re.IGNORECASE)
_MOST_ANSWERS = 4  # turns
_WORDS_BEFORE = 8


def risk_quotes(
    turns: Sequence[Turn],
    words: int,
    *,
    kinds: frozenset[str] | None = None,
    affirmed: bool = False,
    brief: bool = False,
    labelled: bool = False,
) -> str:
    """What was said of danger as quotes, a question with its answer: first what the client affirmed, then the client's
    other words, then others'. ``kinds``: of these categories of danger only; ``affirmed``: only what was affirmed, and
    an answer that tells enough without its question comes alone; ``brief``: so does one that names all that was asked
    for; ``labelled``: a question that only names what it asks for is the label of its answer."""
    parts: list[tuple[int, str]] = []
    told: list[tuple[int, str]] = []
    room = words
    exchanges = _exchanges(turns, kinds)
    yes = {
        mention.turn for mention in find_risk(turns) if is_affirmed(mention) and mention.category in (kinds or GRAVE)
    }
    if affirmed:
        exchanges = [_brief(one, turns) for one in exchanges if turns[one[0][0]].index in yes]

    elif brief:
        exchanges = [_naming(one, turns) for one in exchanges]

    def last(exchange: tuple[_Said, ...]) -> tuple[bool, bool]:
        of_client = any(turns[at].speaker == "client" for at, _ in exchange)
        return not any(turns[at].index in yes for at, _ in exchange), not of_client

    for exchange in sorted(exchanges, key=last):
        new = [one for one in exchange if not any(one[0] == at and one[1] in quoted for at, quoted in told)]
        quoted = _quoted(new, turns, room, labelled=labelled)
        if all(any(part == other for _, other in parts) for _, part in quoted if part):
            continue  # said twice in the same words; the same "No." to another question is another answer
        for (at, said), part in quoted:
            told.append((at, said))
            parts.append((at, part))
            room -= word_count(part)
    return " ".join(part for _, part in sorted(parts, key=lambda one: one[0]) if part)


def _quoted(
    exchange: Sequence[_Said], turns: Sequence[Turn], room: int, *, labelled: bool = False
) -> list[tuple[_Said, str]]:
    """An exchange in at most ``room`` words. A question whose answer has no room tells nothing, and looks as if nobody
    had answered: then the answer stands alone, if it says something without the question."""
    if labelled and (answered := _labelled(exchange, turns, room)):
        return [(exchange[0], ""), (exchange[1], answered)]
    found: list[tuple[_Said, str]] = []
    for number, one in enumerate(exchange):
        kept = sum(min(_LEAST_FOR_ANSWER, word_count(said) + 2) for _, said in exchange[number + 1 :])
        part = report_quote(turns[one[0]], one[1], min(room - kept, _WORDS_IN_QUOTE))
        if part:
            found.append((one, part))
            room -= word_count(part)
    if len(found) == len(exchange) or not exchange:
        return found
    if len(exchange) > 2:
        # Of several answers the one that is no no; of a no and what came after a probe, that.
        answer = exchange[-1] if NO_ANSWER.match(exchange[1][1]) else exchange[1]
        return _quoted((exchange[0], answer), turns, room + sum(word_count(part) for _, part in found))
    at, said = exchange[-1]
    if len(exchange) > 1 and not _needs_its_question(said):
        alone = report_quote(turns[at], said, min(room + sum(word_count(part) for _, part in found), _WORDS_IN_QUOTE))
        return [((at, said), alone)] if alone else []
    return []


def _labelled(exchange: Sequence[_Said], turns: Sequence[Turn], room: int) -> str:
    """The client's answer behind what the therapist asked for; "" where the question is more than a label."""
    if len(exchange) != 2 or [turns[at].speaker for at, _ in exchange] != ["therapist", "client"]:
        return ""
    label = label_of(exchange[0][1])
    return quote(f"{label}:", exchange[1][1], min(room, _WORDS_IN_QUOTE)) if label else ""


def _brief(exchange: tuple[_Said, ...], turns: Sequence[Turn]) -> tuple[_Said, ...]:
    """The client's answer up to where it last speaks of danger, if it does so in its first words; without the question
    if it does so by name."""
    at, said = exchange[-1]
    if len(exchange) != 2 or turns[at].speaker != "client" or _needs_its_question(said):
        return exchange
    sentences = split_sentences(said)
    telling = [place for place, one in enumerate(sentences) if speaks_of_danger(one)]
    if telling[:1] != [0]:
        return exchange
    answer = (at, " ".join(sentences[: telling[-1] + 1]))
    # "Thoughts of escape" are about what was asked.
    return (answer,) if risk_spans(sentences[0]) else (exchange[0], answer)


def _naming(exchange: tuple[_Said, ...], turns: Sequence[Turn]) -> tuple[_Said, ...]:
    """The client's answer alone where it names every danger that was asked for: "No suicidal thoughts."."""
    at, said = exchange[-1]
    if len(exchange) != 2 or turns[at].speaker != "client":
        return exchange
    asked = {category for category, _, _ in risk_spans(exchange[0][1])}
    named = {category for one in split_sentences(said) for category, _, _ in risk_spans(one)}
    return (exchange[-1],) if asked and asked <= named else exchange


def _needs_its_question(said: str) -> bool:
    return bool(NO_ANSWER.match(said) or YES_ANSWER.match(said)) or word_count(said) < _FEWEST_WORDS


def _exchanges(turns: Sequence[Turn], kinds: frozenset[str] | None) -> list[tuple[_Said, ...]]:
    """The sentences that speak of danger as (place of the turn, what was said), each question with its answer."""
    found: list[tuple[_Said, ...]] = []
    for place, turn in enumerate(turns):
        sentences = split_sentences(turn.text)
        dangers = [_speaks_of(sentence, turn, kinds) for sentence in sentences]
        asked = turn.speaker != "client" and sentences[-1:] and sentences[-1].rstrip("\"'").endswith("?")
        for number in range(len(sentences)):
            if not dangers[number] or (asked and dangers[-1] and number < len(sentences) - 1):
                continue  # the question that was answered says what led up to it
            exchange: tuple[_Said, ...] = ((place, _with_take_back(number, sentences, turn)),)
            if asked and number == len(sentences) - 2:
                exchange = ((place, _around(" ".join(sentences[-2:]))),)
            if asked:
                exchange += _answers(turns, place)
            if exchange not in found:
                found.append(exchange)
    return found


def _with_take_back(number: int, sentences: Sequence[str], turn: Turn) -> str:
    """A sentence of danger with the one beside it in which the client takes it back: "I could kill him. But I don't
    mean that."; the sentence alone where both have no room in a quote."""
    sentence = _around(sentences[number])
    if turn.speaker == "therapist":
        return sentence
    after = sentences[number + 1] if number + 1 < len(sentences) else ""
    before = sentences[number - 1] if number else ""
    if after and not risk_spans(after) and (_TAKES_BACK.search(after) or _TURNS_AROUND.match(after)):
        both = f"{sentence} {after}"
    elif (
        0 < word_count(before) <= _WORDS_BEFORE
        and not risk_spans(before)
        and (_TAKES_BACK.search(before) or _SAYS_NO.match(before))
    ):
        both = f"{before} {sentence}"
    else:
        return sentence
    return both if word_count(both) <= _WORDS_IN_QUOTE - 2 else sentence


def _around(sentence: str) -> str:
    """A sentence that is too long for a quote from where it comes to the danger."""
    spans = risk_spans(sentence)
    beginning = " ".join(sentence.split()[: _WORDS_IN_QUOTE - 2])
    if word_count(sentence) <= _WORDS_IN_QUOTE - 2 or not spans or speaks_of_danger(beginning):
        return sentence
    before = sentence[: spans[0][1]].split()
    if len(before) <= _WORDS_BEFORE:
        return sentence
    return f"…{' '.join(before[-_WORDS_BEFORE:])} {sentence[spans[0][1] :]}"


def _answers(turns: Sequence[Turn], place: int) -> tuple[_Said, ...]:
    """What answers a question: the next turn of another speaker, the client's beside another's, and what follows where
    that asks back or is probed."""
    after = range(place + 1, min(place + 3, len(turns)))
    at = next((other for other in after if turns[other].speaker != turns[place].speaker), None)
    found: list[_Said] = []
    while at is not None and at < len(turns) and len(found) < _MOST_ANSWERS:
        found.append((at, _around(" ".join(answer_of(turns[at].text)))))
        following = turns[at + 1] if at + 1 < len(turns) else None
        open_yet = turns[at].speaker == "therapist" or turns[at].text.rstrip().endswith("?")
        joined = (
            following is not None and following.speaker == "client" and turns[at].speaker not in ("client", "therapist")
        )
        at = at + 1 if following is not None and (open_yet or joined or is_probe(following.text)) else None
    return tuple(found)


def _speaks_of(sentence: str, turn: Turn, kinds: frozenset[str] | None) -> bool:
    spoken = {mention.category for mention in find_risk([Turn(turn.index, turn.speaker, sentence)])}
    return bool(spoken if kinds is None else spoken & kinds)
