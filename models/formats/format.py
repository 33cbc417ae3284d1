"""The formats there are: those that come along, and a clinic's own from its folder."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from models.formats.reading import parse_format
from models.formats.shape import FormatError, Gate, Kind, NoteFormat, SectionSpec, Topic

__all__ = [
    "DEFAULT_FORMAT",
    "FormatError",
    "Gate",
    "Kind",
    "NoteFormat",
    "SectionSpec",
    "Topic",
    "load_format",
    "load_formats",
    "load_patient_format",
    "parse_format",
]

_FOLDER = Path(__file__).parent

DEFAULT_FORMAT = "progress"


def load_formats(folder: Path | None = None) -> dict[str, NoteFormat]:
    """The built-in formats of a note, and those of a clinic's ``folder`` (``*.toml``), which win over built-in ones.

    Raises ``FormatError`` for a folder without formats, and for a file that cannot be used.
    """
    formats = {one.id: one for one in _built_in() if one.kind is Kind.NOTE}
    return formats | (_of_clinic(folder) if folder is not None else {})


def _of_clinic(folder: Path) -> dict[str, NoteFormat]:
    if not folder.is_dir():
        raise FormatError("there is no such folder")
    files: dict[str, str] = {}
    formats: dict[str, NoteFormat] = {}
    for path in sorted(folder.glob("*.toml")):
        loaded = _read(path)
        if loaded.kind is not Kind.NOTE:
            raise FormatError(f"{path.name}: 'kind' is {loaded.kind.value!r}, a clinic's own format is of kind 'note'")
        if loaded.id in formats:
            raise FormatError(f"{path.name}: 'id' is {loaded.id!r}, which {files[loaded.id]} has already")
        files[loaded.id], formats[loaded.id] = path.name, loaded
    if not formats:
        raise FormatError("the folder holds no format; each is a file that ends in .toml")
    return formats


def _read(path: Path) -> NoteFormat:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise FormatError(f"{path.name}: the file is not in UTF-8") from None
    return parse_format(text, path.name)


@cache
def _built_in() -> tuple[NoteFormat, ...]:
    return tuple(_read(path) for path in sorted(_FOLDER.glob("*.toml")))


@cache
def load_format(format_id: str = DEFAULT_FORMAT) -> NoteFormat:
    """A built-in format. Raises KeyError."""
    return load_formats()[format_id]


@cache
def load_patient_format() -> NoteFormat:
    """The headings of a patient's overview over several sessions."""
    return next(loaded for loaded in _built_in() if loaded.kind is Kind.PATIENT)
