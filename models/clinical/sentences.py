"""Where sentences end, and how many words a text has.

Every budget and every piece of evidence in the product counts with these two functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from models.clinical.words import WORD_LISTS
from models.transcript import normalise_whitespace

_ABBREVIATIONS = frozenset(WORD_LISTS["abbreviations"].split())
_ENDERS = ".!?…。！？؟।"
_CLOSERS = "\"'”’“»«)]}*"
_LAST = frozenset(_ENDERS + _CLOSERS)
_OPENERS = "\"'“‘«([{*¿¡"
_END = re.compile(rf"([{_ENDERS}]+)[{re.escape(_CLOSERS)}]*$")
_BULLET = re.compile(r"^(?:[-*•–—]|\d{1,2}[.)])$")
_INITIALS = re.compile(r"^(?:[^\W\d_]\.)+$")
_BEFORE_ORDINALS = frozenset({"am", "den", "dem", "vom", "zum", "bis", "ab"})
_QUOTES = {'"': '"', "“": '”"', "„": '“”"', "«": "»", "»": "«"}
QUOTE_MARKS = frozenset('"“”„«»')
"""What a quotation begins or ends with."""
LONGEST_QUOTATION = 80
"""Words in which a quotation must end to keep its sentences together."""
_CJK = re.compile(r"[぀-ヿ㐀-鿿가-힯＀-￯]")


def word_count(text: str) -> int:
    """Words of ``text``: runs without white space; in scripts that write none between words, two characters a word."""
    return sum(max(1, -(-len(_CJK.findall(token)) // 2)) for token in text.split())


def ends_sentence(token: str, before: str | None = "") -> bool:
    """Whether a token (no white space in it) may be the last of a sentence, whatever follows. ``before`` is the token
    before it, None when it is the first of its sentence: "4." is the number of an item there, and a date after "am"."""
    end = _END.search(token) if token[-1:] in _LAST else None
    if end is None or (_BULLET.match(token) and (before is None or before.lower() in _BEFORE_ORDINALS)):
        return False
    stem = token[: end.start()].lstrip(_OPENERS).lower()
    if end.group(1) == ".":
        return not (stem in _ABBREVIATIONS or _INITIALS.match(token.lstrip(_OPENERS)))
    return True


def starts_sentence(token: str) -> bool:
    """Whether a token may be the first of a sentence: no lower-case letter begins one."""
    word = token.lstrip(_OPENERS)
    if word.startswith(("RED:", "red:")):
        return True
    return bool(_BULLET.match(token)) or not word[:1].islower()


@lru_cache(maxsize=4096)
def split_sentences(text: str) -> tuple[str, ...]:
    """The sentences of ``text``; joined with single spaces they are ``normalise_whitespace(text)``.

    A line that begins with a bullet or a number, and the line after a blank one, begins a sentence too.
    """
    sentences: list[str] = []
    for block in _blocks(text):
        sentences.extend(_split_block(block))
    return tuple(sentences)


def _blocks(text: str) -> list[str]:
    blocks: list[list[str]] = [[]]
    for line in text.splitlines():
        words = normalise_whitespace(line)
        if not words or (_BULLET.match(words.split(" ")[0]) and blocks[-1]):
            blocks.append([])
        if words:
            blocks[-1].append(words)
    return [normalise_whitespace(" ".join(block)) for block in blocks if block]


def quotations(tokens: Sequence[str]) -> Iterator[tuple[int, int | None]]:
    """The quotations in ``tokens``: where each begins, and where it ends, None for one that they do not end."""
    opened, closing = 0, ""
    for place, token in enumerate(tokens):
        for mark in token:
            if not closing and mark in _QUOTES:
                opened, closing = place, _QUOTES[mark]
            elif mark in closing:
                yield opened, place
                closing = ""
    if closing:
        yield opened, None


def in_quotation(tokens: Sequence[str]) -> bool:
    """Whether ``tokens`` end inside a quotation that began not long ago."""
    return any(end is None and len(tokens) - begin <= LONGEST_QUOTATION for begin, end in quotations(tokens))


def _split_block(block: str) -> list[str]:
    tokens = block.split(" ")
    sentences: list[str] = []
    begin = 0
    # A mark that is not closed soon holds no sentences together.
    quoted = [(a, b) for a, b in quotations(tokens) if b is not None and b - a <= LONGEST_QUOTATION]
    for place in range(len(tokens) - 1):
        before = tokens[place - 1] if place > begin else None
        if (
            ends_sentence(tokens[place], before)
            and starts_sentence(tokens[place + 1])
            and not _inside_marker(tokens, place)
            and not any(opened <= place < closed for opened, closed in quoted)
        ):
            sentences.append(" ".join(tokens[begin : place + 1]))
            begin = place + 1
    if begin < len(tokens) and tokens[begin]:
        sentences.append(" ".join(tokens[begin:]))
    return sentences


def _inside_marker(tokens: list[str], place: int) -> bool:
    open_at = next((at for at in range(place, -1, -1) if "{{RED:" in tokens[at]), None)
    return open_at is not None and "}}" not in " ".join(tokens[open_at : place + 1]).rpartition("{{RED:")[2]
