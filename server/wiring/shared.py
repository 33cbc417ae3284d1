"""What more than one role needs."""

from __future__ import annotations

from events.broker import MessageBroker
from events.jetstream import JetStreamBroker
from models.formats import NoteFormat, load_formats
from models.formats.format import FormatError
from server.errors import SettingsError
from server.settings import Settings


def formats_of(settings: Settings) -> dict[str, NoteFormat]:
    """The built-in formats and the clinic's own. Raises ``SettingsError``, also when the site's format is none of
    them."""
    try:
        formats = load_formats(settings.formats_folder)
    except (FormatError, OSError) as error:
        raise SettingsError(f"CASENOTE_FORMATS is {settings.casenote_formats!r}: {error}") from error
    if settings.note_format not in formats:
        raise SettingsError(f"NOTE_FORMAT is {settings.note_format!r}: it may be {', '.join(sorted(formats))}")
    return formats


def broker_of(settings: Settings, name: str) -> MessageBroker:
    return JetStreamBroker(settings.nats_urls, name=name)
