"""A note as JSON for the database, and back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from server.notes.state import Addendum, Author, Note, Reduced, Section, Status, WrittenBy


def to_json(note: Note) -> dict[str, Any]:
    return {
        "version": note.version,
        "status": note.status.value,
        "format": note.format,
        "summary": note.summary,
        "summary_author": note.summary_author.value,
        "text": note.text,
        "sections": [
            {"id": s.id, "heading": s.heading, "text": s.text, "author": s.author.value} for s in note.sections
        ],
        "generated_at": _time(note.generated_at),
        "last_edited_at": _time(note.last_edited_at),
        "model": model_to_json(note.model),
        "fallback": note.fallback,
        "inference_time": note.inference_time,
        "is_ai_generated": note.is_ai_generated,
        "edited_from_ai": note.edited_from_ai,
        "suggestions": dict(note.suggestions) if note.suggestions else None,
        "signed_by": note.signed_by,
        "signed_at": _time(note.signed_at),
        "addenda": [{"text": a.text, "author": a.author, "created_at": _time(a.created_at)} for a in note.addenda],
        "reduced": reduced_to_json(note),
        "model_words": sorted(note.model_words),
        "extractive": sorted(note.extractive),
    }


def from_json(data: dict[str, Any]) -> Note:
    return Note(
        version=data["version"],
        status=Status(data["status"]),
        format=data["format"],
        summary=data["summary"],
        summary_author=Author(data["summary_author"]),
        text=data["text"],
        sections=tuple(Section(s["id"], s["heading"], s["text"], Author(s["author"])) for s in data["sections"]),
        generated_at=_parse(data["generated_at"]),
        last_edited_at=_parse(data["last_edited_at"]),
        model=WrittenBy(**data["model"]) if data["model"] else None,
        fallback=data["fallback"],
        inference_time=data["inference_time"],
        is_ai_generated=data["is_ai_generated"],
        edited_from_ai=data["edited_from_ai"],
        suggestions=data["suggestions"],
        signed_by=data["signed_by"],
        signed_at=_parse(data["signed_at"]),
        addenda=tuple(
            Addendum(a["text"], a["author"], datetime.fromisoformat(a["created_at"])) for a in data["addenda"]
        ),
        # Notes of earlier releases lack these.
        reduced=tuple(Reduced(**window) for window in data.get("reduced", ())),
        model_words=frozenset(data.get("model_words", ())),
        extractive=frozenset(data["extractive"] if "extractive" in data else _extractive(data)),
    )


def _extractive(data: dict[str, Any]) -> list[str]:
    """The parts that the fallback wrote of a note that does not say which: then it wrote all that no person did."""
    if not data["fallback"]:
        return []
    authors = {**{s["id"]: s["author"] for s in data["sections"]}, "summary": data["summary_author"]}
    return [part for part, author in authors.items() if author != Author.PERSON.value]


def reduced_to_json(note: Note) -> list[dict[str, int]]:
    return [{"first": one.first, "last": one.last, "facts": one.facts} for one in note.reduced]


def model_to_json(model: WrittenBy | None) -> dict[str, Any] | None:
    if model is None:
        return None
    return {
        "name": model.name,
        "sha256": model.sha256,
        "adapter": model.adapter,
        "prompt_version": model.prompt_version,
        "demonstration": model.demonstration,
    }


def _time(value: datetime | None) -> str | None:
    return value.isoformat() if value is not None else None


def _parse(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value is not None else None
