"""Note formats: which sections a note has, in which order, how long, and what may stand in them. Data, not code."""

from models.formats.format import Gate, NoteFormat, SectionSpec, load_format, load_formats

__all__ = ["Gate", "NoteFormat", "SectionSpec", "load_format", "load_formats"]
