"""Where a list goes on, as a text that callers hand back without reading it."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

from server.http.bodies import MAX_ID
from server.http.problems import InvalidInputError


def encode_cursor(moment: datetime, session_id: int) -> str:
    return urlsafe_b64encode(f"{moment.isoformat()}|{session_id}".encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> tuple[datetime, int]:
    """Raises ``InvalidInputError`` for anything that ``encode_cursor`` did not make."""
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        moment, _, number = text.partition("|")
        place = datetime.fromisoformat(moment), int(number)
    except (ValueError, binascii.Error):
        place = None
    if place is None or place[0].tzinfo is None or not 0 <= place[1] <= MAX_ID or encode_cursor(*place) != cursor:
        raise InvalidInputError([("cursor", "must be the next_cursor of an earlier answer")])
    return place
