"""The headers of a dead letter: why, after how many attempts, when, and what the sender wrote. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from events.broker import Delivery
from events.consumer import header_text
from events.subjects import MAX_SUBJECT

REASON = "Casenote-Reason"
ATTEMPTS = "Casenote-Attempts"
TIME = "Casenote-Time"
MESSAGE_ID = "Casenote-Message-Id"  # the Nats-Msg-Id that the sender gave

_MOST_HEADER_BYTES = 16 * 1024
_NAME_CHARACTERS = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


def dead_letter_headers(delivery: Delivery, reason: str, now: datetime, identity: tuple[int, int]) -> dict[str, str]:
    """Headers that the server acts upon (``Nats-…``) are not taken over: they would expire the letter, or refuse it.
    Its own id is made of the stored message, so that burying it twice keeps one letter."""
    kept = dict(_of_sender(delivery.headers))
    message_id = next((value for name, value in delivery.headers.items() if name.lower() == "nats-msg-id"), None)
    if message_id is not None:
        kept[MESSAGE_ID] = header_text(message_id)
    kept[REASON] = header_text(reason)
    kept[ATTEMPTS] = str(delivery.attempt)
    kept[TIME] = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    kept["Nats-Msg-Id"] = f"dead-{delivery.subject[:MAX_SUBJECT]}-{identity[0]}-{identity[1]}"
    return kept


def _of_sender(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    size = 0
    for name, value in headers.items():
        if name.lower().startswith(("nats-", "casenote-")) or not name or not _NAME_CHARACTERS.issuperset(name):
            continue
        size += len(name) + len(value.encode("utf-8", "replace"))
        if size > _MOST_HEADER_BYTES:
            break
        yield name, value
