"""From what a model emits to plain running text, one character at a time.

Strips control tokens, markers, markdown and list signs, joins lines, and stops at a line that is not the note's: a
role ("Therapist:") or the next heading. Working by characters makes the result independent of how tokens are cut.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from models.clinical.words import WORD_LISTS

_TOKENS = (
    "</s>",
    "<s>",
    "<bos>",
    "<eos>",
    "<pad>",
    "<unk>",
    "<start_of_turn>",
    "<end_of_turn>",
    "[inst]",
    "[/inst]",
    "<think>",
    "</think>",
    "<|endoftext|>",
)
_MARKS = ("{{red:", "{{red}}", "{{/red}}", "{{/redc}}")
_PIPED = re.compile(r"<\|[\w ]{0,40}\|?>?\Z")
_OPENING = re.compile(
    r"<\|(?:im_start|user|assistant|system|start_header_id)\|>|<start_of_turn>|\[inst\]", re.IGNORECASE
)
_LIST_SIGN = re.compile(r"(?:[-•–—]|\d{1,2}[.)])[ \t]\Z")
_LIST_BEGIN = re.compile(r"(?:[-•–—]|\d{1,2}[.)]?)\Z")
_ROLES = WORD_LISTS["roles"].split()


class Cleaner:
    """``step`` takes one character and returns the clean ones that are now certain, single spaces between words.
    ``stop`` names why nothing more will come: ``role_play`` or ``heading``."""

    def __init__(self, own: str, headings: Iterable[str], speakers: Iterable[str], *, inline: bool) -> None:
        """``inline``: a heading right after a sentence ends the section too, not only one on a line of its own."""
        roles = {
            *_ROLES,
            *(speaker.casefold() for speaker in speakers),
            *(f"speaker {n}" for n in range(10)),
            "speaker",
        }
        self._own = own.casefold()
        self._labels = {f"{role}:": "role_play" for role in roles}
        self._labels |= {f"{heading.casefold()}:": "heading" for heading in {*headings, own}}
        self._inline = inline
        self._raw = ""  # may become a control token
        self._label = ""  # may become a label or a list sign
        self._start: str | None = "line"  # where a label may begin: "line", "bold", "sentence"
        self._stars = 0
        self._gap = ""  # white space not yet written: "", " " or "\n"
        self._last = ""  # last character written
        self._sentence_ended = False
        self.stop: str | None = None

    def step(self, character: str) -> str:
        """The clean characters that ``character`` makes certain."""
        self._raw += character
        return self._drain(final=False)

    def finish(self) -> str:
        """What was held."""
        out = self._drain(final=True)
        if not self.stop:
            out += self._release_label()
        return out

    def _drain(self, *, final: bool) -> str:
        out = ""
        while self._raw and not self.stop:
            token = _token(self._raw)
            if token == "partial" and not final:
                return out
            if token == "whole":
                out += self._control(self._raw)
                self._raw = ""
            else:
                head, self._raw = self._raw[0], self._raw[1:]
                out += self._plain(head)
        return out

    def _control(self, token: str) -> str:
        if token.casefold() in _MARKS:
            return ""
        if _OPENING.fullmatch(token) and self._last:
            self.stop = "role_play"
            return ""
        return self._plain("\n")

    def _plain(self, character: str) -> str:
        if character == "*":
            self._stars += 1
            out = self._release_label() if self._label and self._stars == 2 and not self._label.endswith(":") else ""
            if self._stars == 2 and self._start is None and self._gap:
                self._start = "bold"
            return out
        self._stars = 0
        if character in "`{}" or (character == "#" and self._start == "line" and not self._label):
            return ""
        if not character.isspace() and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn"):
            return ""
        return self._labelled(character)

    def _labelled(self, character: str) -> str:
        if self._start is None:
            return self._write(character)
        if character.isspace() and not self._label:
            return self._write(character)
        held = self._label + ("\n" if character in "\n\r" else " " if character.isspace() else character)
        label = re.sub(r"\s+:\Z", ":", held.casefold())
        if label in self._labels and self._applies(self._labels[label]):
            return self._found(self._labels[label], label)
        if self._start == "line" and _LIST_SIGN.match(held):
            self._label = ""
            return self._write("\n")
        if self._could_be_label(held):
            self._label = held
            return ""
        self._label = held
        return self._release_label()

    def _could_be_label(self, held: str) -> bool:
        if self._start == "line" and _LIST_BEGIN.match(held):
            return True
        text = held.casefold()
        bare = text.rstrip(" ")
        return any(label.startswith(text) or label == bare + ":" for label in self._labels)

    def _applies(self, kind: str) -> bool:
        return kind == "role_play" or self._start != "sentence" or self._inline

    def _found(self, kind: str, label: str) -> str:
        self._label = ""
        if kind == "heading" and label == f"{self._own}:" and not self._last:
            return ""
        self.stop = kind
        return ""

    def _release_label(self) -> str:
        held, self._label, self._start = self._label, "", None
        return "".join(self._write(character) for character in held)

    def _write(self, character: str) -> str:
        if character.isspace():
            if character in "\n\r":
                self._gap, self._start = "\n", "line"
            elif self._sentence_ended and self._start is None:
                self._start = "sentence"
            self._gap = self._gap or " "
            return ""
        if character == ":" and not self._last:
            return ""  # of the heading, which stands before the text already
        out = self._between(character) + character
        self._gap, self._last, self._start = "", character, None
        self._sentence_ended = character in ".!?…。！？" or (self._sentence_ended and character in "\"'”’)»")
        return out

    def _between(self, character: str) -> str:
        if not self._gap or not self._last:
            return ""
        if self._gap == "\n" and (self._last.isalnum() or self._last in ')"”') and character.isupper():
            return ". "
        return " "


def _token(raw: str) -> str:
    """``whole``, ``partial`` or ``none``: whether ``raw`` is, or may become, something that is stripped whole."""
    if raw[0] not in "<[{":
        return "none"
    text = raw.casefold()
    if text in _TOKENS or text in _MARKS or (text.startswith("<|") and text.endswith("|>") and _PIPED.match(text)):
        return "whole"
    if any(token.startswith(text) for token in (*_TOKENS, *_MARKS)):
        return "partial"
    return "partial" if text.startswith("<|") and _PIPED.match(text) and not text.endswith(">") else "none"
