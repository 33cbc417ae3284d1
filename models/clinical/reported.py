"""What was said, in the form of a note: reported speech where that is safe, a verbatim quote where it is not."""

from __future__ import annotations

import re

from models.clinical.sentences import word_count
from models.transcript import Turn, normalise_whitespace, speaker_label

_THIRD = {
    "i": "they",
    "i'm": "they are",
    "i've": "they have",
    "i'd": "they would",
    "i'll": "they will",
    "me": "them",
    "my": "their",
    "mine": "theirs",
    "myself": "themselves",
    "am": "are",
}
_TOKEN = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?|[^A-Za-z]+")
_LEAD_IN = re.compile(
    r"^(?:(?:so|well|um+|uh+|yeah|yes|no|oh|okay|ok|right|and|but|like|i mean|you know|honestly|actually|basically)\b"
    r"[,.]?\s+)+",
    re.IGNORECASE,
)
# Reporting these in the third person could change who is meant, or needs more grammar than is safe.
_UNSAFE = re.compile(
    r"(?<!\w)(?:you|your|yours|yourself|we|us|our|ours|they|them|their|he|she|his|her|him|let's|was i|am i)"
    r"(?!\w)|[?\"“”]",
    re.IGNORECASE,
)
_FEWEST_KEPT = 6
# What would begin a heading in the text of a note, or turn the direction of what follows in it.
_MARKUP = re.compile(r"\*{2,}|[\u202a-\u202e\u2066-\u2069]")
_FIRST = re.compile(r"^(?:i|i'm|i've|i'd|i'll|my)(?!\w)", re.IGNORECASE)


def report(sentence: str, turn: Turn, room: int) -> str:
    """One spoken sentence as one sentence of a note of at most ``room`` words, "" when there is no room for it."""
    said = _spoken(sentence).replace("’", "'")
    if turn.speaker == "client":
        third = _in_third_person(said)
        if third and word_count(third) + 3 <= room:
            return f"Patient reported that {third}."
    return report_quote(turn, said, room)


def report_quote(turn: Turn, said: str, room: int) -> str:
    """What the speaker of ``turn`` said, as a verbatim quote."""
    verb = "asked" if said.rstrip("\"'”").endswith("?") else "said"
    return quote(f"{speaker_label(turn.speaker)} {verb}:", said, room)


def quote(lead: str, said: str, room: int) -> str:
    """``lead "said"``, cut to ``room`` words; "" when too few words of it are left to be read."""
    words = _spoken(said).replace('"', "'").replace("“", "'").replace("”", "'").split(" ")
    if words == [""]:
        return ""
    free = room - word_count(lead)
    if word_count(" ".join(words)) <= free:
        return f'{lead} "{" ".join(words)}"'
    kept: list[str] = []
    for word in words:
        if word_count(" ".join([*kept, word])) > free:
            break
        kept.append(word)
    if len(kept) < _FEWEST_KEPT:
        return ""
    return f'{lead} "{" ".join(kept).rstrip(",;:.")}…"'


def _spoken(text: str) -> str:
    return normalise_whitespace(_MARKUP.sub("", text))


def _in_third_person(said: str) -> str | None:
    core = _LEAD_IN.sub("", said).rstrip(".!… ")
    if not _FIRST.match(core) or _UNSAFE.search(core) or word_count(core) < 2:
        return None
    tokens = _TOKEN.findall(core)
    after_i = False
    out = []
    for token in tokens:
        low = token.lower()
        if low == "was" and after_i:
            out.append("were")
        elif low == "wasn't" and after_i:
            out.append("weren't")
        elif low in _THIRD and (low != "am" or after_i):
            out.append(_THIRD[low])
        else:
            out.append(token)
        if token.strip():
            after_i = low == "i"
    text = "".join(out)
    return text[:1].lower() + text[1:] if text.startswith(("They", "Their")) else text
