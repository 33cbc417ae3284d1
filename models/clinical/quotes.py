"""Quotations in a note: what they hold, and where it was said in those words."""

from __future__ import annotations

import re
from collections.abc import Iterable

QUOTE = re.compile(r"“([^“”\"]+)”|\"([^“”\"]+)\"|„([^„“\"]+)“|«([^«»]+)»")
_NOT_BEFORE = re.compile(r"(?<![\w'’])(?:(?<!\bor )not|no|never|\w+n['’]t) [\"'“‘]?$", re.IGNORECASE)
_BUT_AFTER = re.compile(
    r",? (?:when|if|unless|but|only|because|except|instead|as long as|until i)(?!\w)[^.!?;:—–\"“”]{0,80}", re.IGNORECASE
)
_LOOK_BACK = 20  # characters in which a negation stands
_OPENING, _CLOSING = "\"'“‘", {'"': '"', "'": "'’", "“": "”", "‘": "’"}
_MOST_ADDED = 8  # words
FEWEST_WORDS = 3
"""Words of a quotation that can be found again for certain."""


def quoted(match: re.Match[str]) -> str:
    """What stands between the marks."""
    return next(text for text in match.groups() if text)


def contains(whole: tuple[str, ...], part: tuple[str, ...]) -> bool:
    """Whether ``part`` stands in ``whole`` in a row; an empty one does not."""
    return bool(part) and any(whole[at : at + len(part)] == part for at in range(len(whole) - len(part) + 1))


def whole_quote(said: str, spoken: Iterable[str], *, denied: bool = False) -> str:
    """The words ``said`` of a quotation with what turns their meaning where they were ``spoken``: the negation right
    before them, the condition right after them: "I'm only lovable" of "I'm only lovable when I excel". As they are
    where they were spoken without, or too much would come with them. ``denied``: what stands around the quotation
    denies it, so a negation is told already."""
    words = (re.escape(word).replace("'", "['’]") for word in said.replace("’", "'").rstrip(",;:.!…").split())
    found = re.compile(r"(?<!\w)" + r"\s+".join(words) + r"(?!\w)", re.IGNORECASE)
    turned = ""
    for text in spoken:
        for match in found.finditer(text):
            before = None if denied else _NOT_BEFORE.search(text[max(0, match.start() - _LOOK_BACK) : match.start()])
            after = _BUT_AFTER.match(text, match.end())
            if before is None and after is None:
                return said
            start = match.start() - len(before.group(0)) if before else match.start()
            end = after.end() if after else match.end()
            if before and before.group(0)[-1] in _OPENING and text[end : end + 1] in _CLOSING[before.group(0)[-1]]:
                end += 1  # a quotation within what was said
            turned = turned or text[start:end].strip()
    added = len(turned.split()) - len(said.split())
    return turned if turned and added <= _MOST_ADDED else said
