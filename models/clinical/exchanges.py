"""Questions and their answers as a note quotes them: what was asked says nothing without what was answered."""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.clinical.danger import risk_spans
from models.clinical.markers import strip_markers
from models.clinical.risk_labels import label_of
from models.transcript import Turn

_ASKED = re.compile(r"(?<!\S)(\S[^:\"“.!?]{0,60}) asked: [\"“]([^\"“”]+)[\"”]")
_SAID = re.compile(r"(?<!\S)(\S[^:\"“.!?]{0,60}) (said|asked): [\"“]([^\"“”]+)[\"”]")
_LABELLED = re.compile(r"([^:\"“]{1,80}): [\"“]([^\"“”]+)[\"”]\.?")
_BOTH = re.compile(rf"{_ASKED.pattern} {_SAID.pattern}.*", re.DOTALL)

ROLES = {
    "client": frozenset(["patient", "client", "patientin", "klient", "klientin", "paciente", "clienta"]),
    "therapist": frozenset(["therapist", "clinician", "therapeut", "therapeutin", "terapeuta"]),
}
"""What a note calls who spoke."""


def with_answers(sentences: Sequence[str]) -> tuple[str, ...]:
    """The sentences, each quoted question in one with its answer, and with what was asked and answered about that
    answer: "None at all?" is no claim by itself."""
    claims: list[str] = []
    opened = False  # the last claim ends with a question
    for sentence in sentences:
        asks = _ASKED.fullmatch(strip_markers(sentence).strip()) is not None
        answers = opened and _SAID.fullmatch(strip_markers(sentence).strip()) is not None
        probes = asks and bool(claims) and _is_exchange(claims[-1]) and not risk_spans(strip_markers(sentence))
        if answers or probes:
            claims[-1] = f"{claims[-1]} {sentence}"
        else:
            claims.append(sentence)
        opened = asks
    return tuple(claims)


def _is_exchange(claim: str) -> bool:
    return _BOTH.match(strip_markers(claim)) is not None


def turns_of(claim: str) -> tuple[Turn, ...]:
    """The turns of a claim that only quotes a question and its answer, or an answer behind the words that asked for it;
    none of any other."""
    plain = strip_markers(claim).strip()
    said = [match.groups() for match in _SAID.finditer(plain)]
    if len(said) > 1 and not _SAID.sub("", plain).strip(" ."):
        return tuple(Turn(at, _speaker(who, verb), words) for at, (who, verb, words) in enumerate(said))
    if not said and (labelled := _LABELLED.fullmatch(plain)) and label_of(f"Any {labelled.group(1)}?"):
        return (Turn(0, "therapist", f"Any {labelled.group(1).lower()}?"), Turn(1, "client", labelled.group(2)))
    return ()


def _speaker(who: str, verb: str) -> str:
    return "therapist" if verb == "asked" or ROLES["therapist"] & set(who.lower().split()) else "client"
