"""Note formats: which sections a note has, in which order, how long, and what may stand in them. Data, not code."""

from models.formats.format import (
    FormatError,
    Gate,
    Kind,
    NoteFormat,
    SectionSpec,
    Topic,
    load_format,
    load_formats,
    load_patient_format,
)
from models.formats.options import NO_WISHES, Density, Modality, NoteOptions, Quoting, with_options

__all__ = [
    "NO_WISHES",
    "Density",
    "FormatError",
    "Gate",
    "Kind",
    "Modality",
    "NoteFormat",
    "NoteOptions",
    "Quoting",
    "SectionSpec",
    "Topic",
    "load_format",
    "load_formats",
    "load_patient_format",
    "with_options",
]
