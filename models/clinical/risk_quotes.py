"""What was said of danger, in the words it was said in."""

from __future__ import annotations

from collections.abc import Sequence

from models.clinical.reported import report_quote
from models.clinical.risk import find_risk
from models.clinical.sentences import split_sentences, word_count
from models.transcript import Turn

_WORDS_IN_QUOTE = 26


def risk_quotes(turns: Sequence[Turn], words: int) -> str:
    """What was said of danger as quotes, a question with its answer; the client's own words before others'."""
    parts: list[tuple[int, str]] = []
    told: list[tuple[int, str]] = []
    room = words
    exchanges = _exchanges(turns)
    for exchange in sorted(exchanges, key=lambda one: (not any(turns[at].speaker == "client" for at, _ in one), one)):
        for at, said in exchange:
            if any(at == other and said in quoted for other, quoted in told):
                continue
            part = report_quote(turns[at], said, min(room, _WORDS_IN_QUOTE))
            if part:
                told.append((at, said))
                parts.append((at, part))
                room -= word_count(part)
    return " ".join(part for _, part in sorted(parts, key=lambda one: one[0]))


def _exchanges(turns: Sequence[Turn]) -> list[tuple[tuple[int, str], ...]]:
    """The sentences that speak of danger as (place of the turn, what was said), each question with its answer."""
    found: list[tuple[tuple[int, str], ...]] = []
    for place, turn in enumerate(turns):
        sentences = split_sentences(turn.text)
        dangers = [bool(find_risk([Turn(turn.index, turn.speaker, sentence)])) for sentence in sentences]
        asked = turn.speaker != "client" and sentences[-1:] and sentences[-1].rstrip("\"'").endswith("?")
        for number, sentence in enumerate(sentences):
            if not dangers[number] or (asked and dangers[-1] and number < len(sentences) - 1):
                continue  # the question that was answered says what led up to it
            exchange: tuple[tuple[int, str], ...] = ((place, sentence),)
            if asked and number == len(sentences) - 2:
                exchange = ((place, " ".join(sentences[-2:])),)
            if asked and place + 1 < len(turns):
                exchange += ((place + 1, " ".join(split_sentences(turns[place + 1].text)[:2])),)
            if exchange not in found:
                found.append(exchange)
    return found
