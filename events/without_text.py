"""A smaller form of an event that is too large: the news of a note without the note's words. Pure."""

from __future__ import annotations

import json

from events.contracts import UPDATED_TYPE

_WORDS = frozenset({"text", "summary"})


def without_text(payload: bytes) -> bytes | None:
    """The event with everything but the words, which ``href`` leads to; None when it is of another kind or has none."""
    try:
        event = json.loads(payload)
    except ValueError:
        return None
    if not isinstance(event, dict) or event.get("type") != UPDATED_TYPE:
        return None
    data = event["data"]
    if not _WORDS & data.keys():
        return None
    left = {name: value for name, value in data.items() if name not in _WORDS}
    return json.dumps({**event, "data": left}, ensure_ascii=False, separators=(",", ":")).encode()
