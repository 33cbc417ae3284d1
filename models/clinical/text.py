"""A note as the one text that legacy clients show and send back: ``**Heading:** text``, blank lines between."""

from __future__ import annotations

import re
from collections.abc import Mapping

from models.formats.format import NoteFormat, load_patient_format

_HEADING = re.compile(r"^[ \t]*\*\*[ \t]*([^*\n:]{1,60}?)[ \t]*:?[ \t]*\*\*[ \t]*:?[ \t]*", re.MULTILINE)


def legacy_text(note_format: NoteFormat, sections: Mapping[str, str]) -> str:
    """The sections of the format in order; one that ``sections`` lacks, or that is empty, says its absent sentence."""
    parts = []
    for section in note_format.sections:
        body = sections.get(section.id, "").strip() or section.absent
        parts.append(f"**{section.heading}:** {body}")
    return "\n\n".join(parts)


def patient_summary_text(sections: Mapping[str, str]) -> str:
    """The overview of a patient as legacy clients read it: ``**Latest Session:**`` and the headings after it."""
    return legacy_text(load_patient_format(), sections)


def parse_legacy_text(note_format: NoteFormat, text: str) -> dict[str, str]:
    """Section id to text. Text before the first heading goes to the first section; an unknown heading and what
    follows it stay, as they were written, in the section before; a heading that comes twice continues its section.
    Every section of the format is in the answer, empty where the text has none."""
    before, under = parse_headed_text({section.heading: section.id for section in note_format.sections}, text)
    bodies = {section.id: under.get(section.id, "") for section in note_format.sections}
    first = note_format.sections[0].id
    return {**bodies, first: _join([before, bodies[first]])}


def parse_headed_text(ids: Mapping[str, str], text: str) -> tuple[str, dict[str, str]]:
    """What stands before the first heading, and by id the text under each heading of ``ids`` (heading to id) that
    stands in ``text``. Headings are known in any case; an unknown one is text like other text."""
    known = {heading.casefold(): section_id for heading, section_id in ids.items()}
    before: list[str] = []
    bodies: dict[str, list[str]] = {}
    current, reached = before, 0
    for match in _HEADING.finditer(text):
        section_id = known.get(match.group(1).casefold())
        if section_id is None:
            continue
        current.append(text[reached : match.start()])
        current, reached = bodies.setdefault(section_id, []), match.end()
    current.append(text[reached:])
    return _join(before), {section_id: _join(parts) for section_id, parts in bodies.items()}


def _join(parts: list[str]) -> str:
    return "\n\n".join(trimmed for part in parts if (trimmed := part.strip()))
