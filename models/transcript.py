"""The transcript of a session as turns: reading it from text, writing it as text.

Every way into the product (legacy REST, one event with the whole transcript, live segments) ends in the
turns of this module, so that the prompt of a session does not depend on how the session arrived.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

# In the languages whose sessions the clinical rules know: whose words are whose decides what is noted as affirmed.
THERAPIST_NAMES = frozenset(
    {"therapist", "counselor", "counsellor", "clinician", "psychologist", "psychotherapist", "doctor", "dr", "t"}
    | {"therapeut", "therapeutin", "psychotherapeut", "psychotherapeutin", "psychologe", "psychologin"}
    | {"terapeuta", "psicoterapeuta", "psicóloga", "psicólogo", "thérapeute", "psychothérapeute", "psychologue"}
)
CLIENT_NAMES = frozenset(
    {"client", "patient", "pt", "c", "p", "klient", "klientin", "patientin"}
    | {"paciente", "cliente", "clienta", "patiente"}
)

# A speaker label is at most four short words before a colon at the start of a line: "Therapist:", "Dr. Lee:",
# "Speaker 2:". Longer runs are speech that happens to hold a colon.
_LABEL = re.compile(r"^[ \t]*([^\W\d_][\w.'’-]{0,24}(?: [\w.'’-]{1,24}){0,3})[ \t]*:[ \t]*")
_RUNS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing one person said. ``index`` counts from 0 in a session; ``start`` is seconds from its beginning."""

    index: int
    speaker: str
    text: str
    start: float | None = None


def normalise_whitespace(text: str) -> str:
    """``text`` trimmed, each run of white space one space. Idempotent; no other character is lost."""
    return _RUNS.sub(" ", text).strip()


def speaker_role(name: str) -> str:
    """The canonical speaker of a label: ``therapist``, ``client``, or the label itself in lower case."""
    label = normalise_whitespace(name).lower().rstrip(".")
    if label in THERAPIST_NAMES:
        return "therapist"
    if label in CLIENT_NAMES:
        return "client"
    return label or "unknown"


def parse_transcript(text: str) -> tuple[Turn, ...]:
    """The turns of a transcript written as lines ``Speaker: words``.

    A line without a label continues the turn before it. A text without any label is one turn of ``unknown``
    a line, so that evidence can still point at a place.
    """
    spoken: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        label = _LABEL.match(line)
        words = normalise_whitespace(line[label.end() :] if label else line)
        if label:
            spoken.append((speaker_role(label.group(1)), [words] if words else []))
        elif not words:
            continue
        elif spoken and spoken[-1][0] != "unknown":
            spoken[-1][1].append(words)
        else:
            spoken.append(("unknown", [words]))
    kept = [(speaker, " ".join(words)) for speaker, words in spoken if words]
    return tuple(Turn(index, speaker, words) for index, (speaker, words) in enumerate(kept))


def speaker_label(speaker: str) -> str:
    """How a speaker is written in transcripts and prompts."""
    return {"therapist": "Therapist", "client": "Patient", "unknown": "Speaker"}.get(speaker, speaker.capitalize())


def render_turn(turn: Turn) -> str:
    """One turn as one line, without the newline."""
    return f"{speaker_label(turn.speaker)}: {normalise_whitespace(turn.text)}"


def render_transcript(turns: Iterable[Turn]) -> str:
    """The turns as text, one a line. ``parse_transcript`` reads it back to the same speakers and words."""
    return "\n".join(render_turn(turn) for turn in turns)
