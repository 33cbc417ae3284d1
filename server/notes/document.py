"""The note document of the API: a note beside its evidence in the session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from models.clinical.coverage import coverage
from models.clinical.evidence import Evidence, EvidenceIndex, in_order
from models.clinical.risk import RiskMention, find_risk
from models.transcript import Turn
from server.notes.codec import model_to_json, reduced_to_json
from server.notes.state import Note

# Of one session: those of a few of the longest notes.
_MOST_SENTENCES = 20_000


class _Session:
    """What of a session does not depend on the note, and what was found of the sentences of its notes."""

    def __init__(self, turns: tuple[Turn, ...]) -> None:
        self.risk: tuple[RiskMention, ...] = find_risk(turns)
        self._index = EvidenceIndex(turns)
        self._found: dict[tuple[str, tuple[int, ...]], Evidence] = {}

    def sentences(self, text: str) -> tuple[Evidence, ...]:
        """Evidence for each sentence of ``text``, in order."""
        return in_order(text, self._support)

    def _support(self, sentence: str, after: tuple[int, ...]) -> Evidence:
        found = self._found.get((sentence, after))
        if found is None:
            if len(self._found) >= _MOST_SENTENCES:
                self._found.clear()
            found = self._found[sentence, after] = self._index.support(sentence, after=after)
        return found


# A note is changed many times over the same turns, as an editor saves.
@lru_cache(maxsize=8)
def _read(turns: tuple[Turn, ...]) -> _Session:
    return _Session(turns)


def evidence_of(note: Note, turns: Sequence[Turn]) -> dict[str, Any]:
    """Everything of the document that is found by holding the note against the session; stored with the version."""
    index = _read(tuple(turns))
    by_section = {section.id: index.sentences(section.text) for section in note.sections}
    summary = index.sentences(note.summary)
    every = [*summary, *(evidence for evidences in by_section.values() for evidence in evidences)]
    return {
        "sentences": {section_id: [_sentence(item) for item in items] for section_id, items in by_section.items()},
        "summary_sentences": [_sentence(item) for item in summary],
        "risk": [
            {"term": r.term, "category": r.category, "negated": r.negated, "speaker": r.speaker, "turn": r.turn}
            for r in index.risk
        ],
        "coverage": {"turns": len(turns), "uncovered": list(coverage(turns, every))},
    }


def document(
    session_id: int, patient_id: int, note: Note, evidence: dict[str, Any], style: Mapping[str, str]
) -> dict[str, Any]:
    """The document as contract 3.2 gives it, with what the editor needs beside it. ``style``: what was asked of the
    model beside the site's options."""
    return {
        "session_id": session_id,
        "patient_id": patient_id,
        "version": note.version,
        "status": note.status.value,
        "format": note.format,
        "summary": note.summary,
        "summary_author": note.summary_author.value,
        "summary_sentences": evidence["summary_sentences"],
        "text": note.text,
        "sections": [
            {
                "id": section.id,
                "heading": section.heading,
                "text": section.text,
                "author": section.author.value,
                "sentences": evidence["sentences"].get(section.id, []),
            }
            for section in note.sections
        ],
        "risk": evidence["risk"],
        "coverage": {**evidence["coverage"], "reduced": reduced_to_json(note)},
        "authorship": authorship(note),
        "model": model_to_json(note.model),
        "demonstration": bool(note.model and note.model.demonstration),
        "fallback": note.fallback,
        "inference_time": note.inference_time,
        "suggestions": dict(note.suggestions or {}),
        "signed_by": note.signed_by,
        "signed_at": note.signed_at.isoformat() if note.signed_at else None,
        "addenda": addenda_json(note),
        "options": dict(style),
    }


def addenda_json(note: Note) -> list[dict[str, Any]]:
    return [{"text": a.text, "author": a.author, "created_at": a.created_at.isoformat()} for a in note.addenda]


def authorship(note: Note) -> dict[str, Any]:
    return {
        "is_ai_generated": note.is_ai_generated,
        "edited_from_ai": note.edited_from_ai,
        "generated_at": note.generated_at.isoformat() if note.generated_at else None,
        "last_edited_at": note.last_edited_at.isoformat() if note.last_edited_at else None,
    }


def _sentence(item: Evidence) -> dict[str, Any]:
    return {
        "text": item.text,
        "turns": list(item.turns),
        "support": round(item.support, 3),
        "supported": item.supported,
    }
