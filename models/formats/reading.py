"""A note format out of TOML, checked as a whole. ``docs/formats.md`` describes the file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, TypeVar

from models.formats.shape import FormatError, Gate, Kind, NoteFormat, SectionSpec, Topic

_Choice = TypeVar("_Choice", bound=StrEnum)

_ID = re.compile(r"[a-z][a-z0-9_-]{0,39}")
# What the text of a note can hold as **Heading:** and be read back from.
_HEADING = re.compile(r"[^\s*:{}][^*:{}\n]{0,58}[^\s*:{}]|[^\s*:{}]")
# The headings and ids of what stands beside the sections.
_TAKEN = {"summary", "note"}
_WORDS = range(5, 1001)
# Contract 6.11: the paragraph beside the sections.
_SUMMARY_WORDS = range(30, 71)
_FORMAT_KEYS = {"id", "name", "kind", "summary_instruction", "summary_min_words", "summary_max_words", "sections"}
_SECTION_KEYS = {"id", "heading", "instruction", "words", "absent", "gate", "topic"}

# What sections of these ids are about when their file does not say.
_TOPICS = {
    "emotional_state": Topic.EMOTION,
    "risk": Topic.RISK,
    "intervention": Topic.INTERVENTION,
    "progress": Topic.PROGRESS,
    "plan": Topic.PLAN,
}


def parse_format(text: str, where: str = "format") -> NoteFormat:
    """A format from TOML text. Raises ``FormatError``, which names ``where``, the key, and what it may be."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FormatError(f"{where}: not TOML: {error}") from error
    _refuse_unknown(table, _FORMAT_KEYS, where)
    least, most = (_number(table, key, _SUMMARY_WORDS, where, default) for key, default in _SUMMARY_DEFAULTS)
    if least > most:
        raise FormatError(f"{where}: 'summary_min_words' is {least}, it must be at most 'summary_max_words', {most}")
    return NoteFormat(
        id=_id(table, where),
        name=_text(table, "name", where),
        sections=_sections(table, where),
        summary_instruction=_text(table, "summary_instruction", where),
        summary_min_words=least,
        summary_max_words=most,
        kind=_choice(table, "kind", Kind, Kind.NOTE, where),
    )


_SUMMARY_DEFAULTS = (("summary_min_words", _SUMMARY_WORDS[0]), ("summary_max_words", _SUMMARY_WORDS[-1]))


def _sections(table: dict[str, Any], where: str) -> tuple[SectionSpec, ...]:
    entries = table.get("sections")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise FormatError(f"{where}: there must be one or more [[sections]]")
    sections = tuple(_section(entry, where) for entry in entries)
    _refuse_clashes([section.id for section in sections], "id", where)
    _refuse_clashes([section.heading for section in sections], "heading", where)
    return sections


def _section(table: dict[str, Any], where: str) -> SectionSpec:
    section_id = _id(table, where)
    where = f"{where}, section '{section_id}'"
    _refuse_unknown(table, _SECTION_KEYS, where)
    heading = _text(table, "heading", where)
    if not _HEADING.fullmatch(heading):
        raise FormatError(f"{where}: 'heading' is {heading!r}, it must be 1 to 60 characters without *, :, {{ and }}")
    return SectionSpec(
        id=section_id,
        heading=heading,
        instruction=_text(table, "instruction", where),
        words=_number(table, "words", _WORDS, where),
        absent=_text(table, "absent", where),
        gate=_choice(table, "gate", Gate, Gate.NONE, where),
        topic=_choice(table, "topic", Topic, _TOPICS.get(section_id, Topic.PRESENTATION), where),
    )


def _refuse_unknown(table: dict[str, Any], known: set[str], where: str) -> None:
    """A key that nobody reads is a slip of the pen: a gate that is not there guards nothing."""
    unknown = sorted(set(table) - known)
    if unknown:
        raise FormatError(f"{where}: there is no key '{unknown[0]}'; there are {', '.join(sorted(known))}")


def _refuse_clashes(values: Sequence[str], key: str, where: str) -> None:
    folded = [value.casefold() for value in values]
    for value, name in zip(folded, values, strict=True):
        if folded.count(value) > 1 or value in _TAKEN:
            reason = "stands beside every note" if value in _TAKEN else "comes twice"
            raise FormatError(f"{where}: the {key} '{name}' {reason}; each section needs one of its own")


def _id(table: dict[str, Any], where: str) -> str:
    value = _text(table, "id", where)
    if not _ID.fullmatch(value):
        raise FormatError(
            f"{where}: 'id' is {value!r}, it must be up to 40 of a-z, 0-9, _ and -, the first one a letter"
        )
    return value


def _text(table: dict[str, Any], key: str, where: str) -> str:
    value = _value(table, key, str, where)
    if not value.strip():
        raise FormatError(f"{where}: '{key}' is empty")
    return str(value)


def _number(table: dict[str, Any], key: str, allowed: range, where: str, default: int | None = None) -> int:
    value = _value(table, key, int, where, default)
    if value not in allowed:
        raise FormatError(f"{where}: '{key}' is {value}, it must be from {allowed[0]} to {allowed[-1]}")
    return int(value)


def _choice(table: dict[str, Any], key: str, choices: type[_Choice], default: _Choice, where: str) -> _Choice:
    value = _value(table, key, str, where, default.value)
    if value not in set(choices):
        raise FormatError(f"{where}: '{key}' is {value!r}, it may be {', '.join(choices)}")
    return choices(value)


def _value(table: dict[str, Any], key: str, kind: type, where: str, default: Any = None) -> Any:
    value = table.get(key, default)
    if value is None:
        raise FormatError(f"{where}: '{key}' is missing")
    if not isinstance(value, kind) or isinstance(value, bool):
        raise FormatError(f"{where}: '{key}' is {value!r}, it must be of type {kind.__name__}")
    return value
