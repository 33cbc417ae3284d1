"""The legacy text of a note: sections under their headings, and the line that says where no model wrote."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from models.clinical.text import parse_legacy_text
from models.formats import NoteFormat
from server.notes.state import FREE_TEXT, Section

FALLBACK_LINE = "(Extractive draft: sentences taken from the transcript without the language model.)"


def render(note_format: NoteFormat, sections: Sequence[Section], extractive: Collection[str] = ()) -> str:
    """The text of a note: the sections it has, in the order of the format, and what the format does not have behind
    them. Of a section that is not there nothing is said: that something was not assessed is a finding too. Where some
    were taken from the transcript (``extractive``, by id), the text says so at its end."""
    places = {spec.id: place for place, spec in enumerate(note_format.sections)}
    ordered = sorted(sections, key=lambda section: places.get(section.id, len(places)))
    parts = [
        section.text if section.id == FREE_TEXT else f"**{section.heading}:** {section.text.strip()}".rstrip()
        for section in ordered
    ]
    if any(section.id in extractive for section in ordered):
        parts.append(FALLBACK_LINE)
    return "\n\n".join(part for part in parts if part)


def parse(note_format: NoteFormat, text: str) -> list[tuple[str, str, str]]:
    """The sections of a text: those of the format, or one free text where no heading of it stands in the text."""
    body = text.replace(FALLBACK_LINE, "").strip()
    if not any(f"**{spec.heading}:**" in body for spec in note_format.sections):
        return [(FREE_TEXT, "Note", body)] if body else []
    texts = parse_legacy_text(note_format, body)
    return [
        (spec.id, spec.heading, texts[spec.id])
        for spec in note_format.sections
        if texts.get(spec.id) or f"**{spec.heading}:**" in body
    ]
