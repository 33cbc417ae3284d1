"""Risk words and how they are marked: ``{{RED:word}}``, every occurrence, case kept, once (contract 5).

The words are a finite list, so that a stream can tell whether what it has of a word may still become one.
"""

from __future__ import annotations

import re
import string
from collections import deque
from itertools import product

from models.clinical.rewriting import OPENING, Edit, Rewriting, Rule

_PRONOUNS = (
    "myself",
    "yourself",
    "himself",
    "herself",
    "themselves",
    "themself",
    "ourselves",
    "yourselves",
    "oneself",
    "itself",
)
_STEMS: tuple[tuple[str, str], ...] = (
    ("suicid", "e es ed al ally ality alities ing"),
    ("kill", " s ed er ers ing ings"),
    ("violen", "ce t tly ces"),
    ("abus", "e es ed er ers ing ive ively iveness"),
    ("overdos", "e es ed ing age ages er ers"),
)
_HYPHENS = "-‐‑– "
_SELF = [f"self{hyphen}" for hyphen in _HYPHENS] + ["self"]


def _terms() -> tuple[str, ...]:
    terms = [stem + ending for stem, endings in _STEMS for ending in endings.split(" ")]
    terms += [a + "harm" + b for a, b in product(_SELF, ("", "s", "ed", "er", "ers", "ing", "ful"))]
    terms += [f"{hurt} {who}" for hurt, who in product(("hurt", "hurts", "hurting"), _PRONOUNS)]
    return tuple(sorted(set(terms), key=lambda term: (-len(term), term)))


RISK_TERMS = _terms()
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_PREFIXES = frozenset(term[:length] for term in RISK_TERMS for length in range(1, len(term) + 1))


def _letter(character: str) -> str:
    if character == " ":
        return r"\s+"
    return f"[{character.upper()}{character}]" if character in string.ascii_lowercase else re.escape(character)


_RISK = r"(?<!\w)(?:" + "|".join("".join(map(_letter, term)) for term in RISK_TERMS) + r")(?!\w)"
_MARK_OR_RISK = re.compile(r"(\{\{RED:[^{}]+\}\})|" + _RISK)
_ONLY_RISK = re.compile(_RISK)
_INSIDE = r"[^{}]*+"
_OPEN = r"\{\{\s*+RED\s*+:\s*+"
# Possessive: what a marker holds begins and ends at braces, and is never tried in parts.
_PAIRED = re.compile(r"\{\{\s*+RED\s*+\}\}((?:(?!\{\{).)*+)\{\{\s*+/\s*+REDC?\s*+\}\}", re.IGNORECASE | re.DOTALL)
_SINGLE = re.compile(rf"{_OPEN}({_INSIDE})\}}\}}", re.IGNORECASE)
_NESTED = re.compile(rf"{_OPEN}({_INSIDE})\{{\{{RED:([^{{}}]++)\}}\}}({_INSIDE})\}}\}}", re.IGNORECASE)
_AROUND_LEFT = re.compile(rf"{_OPEN}({_INSIDE})", re.IGNORECASE)
_AROUND_RIGHT = re.compile(rf"({_INSIDE})\}}\}}")
_MARK = re.compile(r"\{\{RED:([^{}]*)\}\}")


def _write(word: str) -> str:
    trimmed = word.strip()
    return f"{{{{RED:{trimmed}}}}}" if trimmed else word


def _single(match: re.Match[str]) -> Edit:
    return Edit(match.start(), match.end(), _write(match[1].strip()))


def _nested(match: re.Match[str]) -> Edit:
    """A marker in another is one; so are all that lie around these two and hold nothing else."""
    text, start, end = match.string, match.start(), match.end()
    word = "".join(match.groups())
    if not word.strip():
        return Edit(start, end, word)
    parts = deque([word.strip()])
    while True:
        before = text.rfind(OPENING, 0, start)
        left = _AROUND_LEFT.match(text, before, start) if before >= 0 else None
        right = _AROUND_RIGHT.match(text, end)
        if left is None or left.end() != start or right is None:
            return Edit(start, end, _write("".join(parts)))
        parts.appendleft(left[1].lstrip())
        parts.append(right[1].rstrip())
        start, end = before, right.end()


def _paired(match: re.Match[str]) -> Edit:
    return Edit(match.start(), match.end(), _write(_plain(match[1])))


def _unmarked(match: re.Match[str]) -> Edit:
    return Edit(match.start(), match.end(), match[1])


_SPELLINGS = (Rule(_SINGLE, _single), Rule(_NESTED, _nested), Rule(_PAIRED, _paired))
_STRIPPING = Rule(_MARK, _unmarked)


def normalise_markers(text: str) -> str:
    """Every spelling of a marker as ``{{RED:word}}``; a marker around nothing is dropped, one in another is one.
    Idempotent."""
    rewriting = Rewriting(text, _SPELLINGS)
    rewriting.settle(_SPELLINGS)
    return rewriting.text


def _plain(text: str) -> str:
    return _MARK.sub(r"\1", text).replace("{", "").replace("}", "")


def mark_risk(text: str) -> str:
    """``text`` with each risk word marked whole, and no other change than the spelling of markers. Idempotent."""
    return _MARK_OR_RISK.sub(lambda match: match.group(1) or _write(match.group(0)), normalise_markers(text))


def strip_markers(text: str) -> str:
    """``text`` without markers, their words kept."""
    rewriting = Rewriting(text, (*_SPELLINGS, _STRIPPING))
    while True:
        rewriting.settle(_SPELLINGS)
        if not rewriting.apply(_STRIPPING):
            return rewriting.text


def could_become_risk(tail: str) -> bool:
    """Whether ``tail`` (single spaces, from the start of a word) is the beginning of a risk word or a whole one."""
    return tail.translate(_LOWER) in _PREFIXES


def risk_words(text: str) -> tuple[str, ...]:
    """The risk words of ``text`` as written, in order, marked or not."""
    return tuple(match.group(0) for match in _ONLY_RISK.finditer(strip_markers(text)))


def leading_risk(text: str) -> str | None:
    """The risk word that ``text`` begins with, or None."""
    match = _ONLY_RISK.match(text)
    return match.group(0) if match else None
