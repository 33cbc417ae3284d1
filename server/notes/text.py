"""The legacy text of a note: sections under their headings, and the line that says where no model wrote."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from models.clinical.text import parse_headed_text
from models.formats import NoteFormat
from server.notes.state import FREE_TEXT, Section

FALLBACK_LINE = "(Extractive draft: sentences taken from the transcript without the language model.)"


def render(note_format: NoteFormat, sections: Sequence[Section], extractive: Collection[str] = ()) -> str:
    """The text of a note: the sections it has, in the order of the format, what the format does not have behind them,
    and a free text, which has no heading, before all. Of a section that is not there nothing is said: that something
    was not assessed is a finding too. Where some were taken from the transcript (``extractive``, by id), the text says
    so at its end."""
    places = {FREE_TEXT: -1} | {spec.id: place for place, spec in enumerate(note_format.sections)}
    ordered = sorted(sections, key=lambda section: places.get(section.id, len(places)))
    parts = [
        section.text if section.id == FREE_TEXT else f"**{section.heading}:** {section.text.strip()}".rstrip()
        for section in ordered
    ]
    if any(section.id in extractive for section in ordered):
        parts.append(FALLBACK_LINE)
    return "\n\n".join(part for part in parts if part)


def parse(note_format: NoteFormat, text: str, own: Sequence[Section] = ()) -> list[tuple[str, str, str]]:
    """The sections of a text: those of the format and those that the note has of its ``own``, or one free text where
    none of their headings begins a line. What a note with a free text says before its first heading stays that;
    elsewhere it belongs to the first section of the format."""
    of_format = [(spec.id, spec.heading) for spec in note_format.sections]
    # The text was made with these: a clinic may have renamed a heading since, or its format may be gone.
    of_note = [(section.id, section.heading) for section in own if section.id != FREE_TEXT]
    places = dict([*of_format, *of_note])
    ids: dict[str, str] = {}
    for section_id, heading in (*of_note, *of_format):
        ids.setdefault(heading.casefold(), section_id)
    before, under = parse_headed_text(ids, text.replace(FALLBACK_LINE, ""))
    is_free = not under or any(section.id == FREE_TEXT for section in own)
    if before and not is_free:
        first = note_format.sections[0].id
        under[first] = "\n\n".join(filter(None, (before, under.get(first))))
    free = [(FREE_TEXT, "Note", before)] if before and is_free else []
    return free + [(section_id, places[section_id], under[section_id]) for section_id in places if section_id in under]
