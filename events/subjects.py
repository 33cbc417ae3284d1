"""The subjects of contract 4: how they are written and read. Nothing else in the product builds a subject by hand."""

from __future__ import annotations

from enum import StrEnum

MAX_ID = 2**63 - 1  # ids are positive and fit a signed 64-bit column

# A server reads lines of at most 4096 bytes, and ends the connection of whoever sends a longer one. A message whose
# subject fills that line could be published, and not be kept as a dead letter under its own, which is longer.
MAX_SUBJECT = 1024
OVERLONG_DEAD = "dead.sessions.overlong.subject"


class SessionEventName(StrEnum):
    """The last token of a subject of the stream SESSIONS."""

    SEGMENT = "segment"
    CLOSED = "closed"


def segment_subject(session_id: int) -> str:
    """Raises ValueError for an id that is not a positive integer below 2**63, as do the other subject functions."""
    return f"sessions.{_checked(session_id)}.{SessionEventName.SEGMENT}"


def closed_subject(session_id: int) -> str:
    return f"sessions.{_checked(session_id)}.{SessionEventName.CLOSED}"


def updated_subject(session_id: int) -> str:
    return f"notes.{_checked(session_id)}.updated"


def dead_subject(original: str) -> str:
    """Where a message that could not be processed is kept."""
    return f"dead.{original}" if len(original) <= MAX_SUBJECT else OVERLONG_DEAD


def frames_subject(key: str) -> str:
    """The token log of ``key``: one or more subject tokens, without wildcards. Raises ValueError."""
    tokens = key.split(".")
    if not all(token.isprintable() and token and not set(token) & set(" *>") for token in tokens):
        raise ValueError("a frame key is made of non-empty tokens without blanks or wildcards")
    return f"tokens.{key}"


def parse_session_subject(subject: str) -> tuple[int, SessionEventName] | None:
    """The session and the event of ``sessions.<id>.<event>``, or None for anything else."""
    parts = subject.split(".")
    if len(parts) != 3 or parts[0] != "sessions" or parts[2] not in tuple(SessionEventName):
        return None
    session_id = _read_id(parts[1])
    return None if session_id is None else (session_id, SessionEventName(parts[2]))


def ends_session(subject: str) -> bool:
    """Whether what is sent here ends a session: after it the session takes no more turns."""
    parsed = parse_session_subject(subject)
    return parsed is not None and parsed[1] is SessionEventName.CLOSED


def lane_of(subject: str) -> str:
    """Messages of one lane are handled one at a time and in order: a session's own, else each subject for itself."""
    parts = subject.split(".")
    return ".".join(parts[:2]) if parts[0] in ("sessions", "notes") and len(parts) > 2 else subject


def first_token(subject: str) -> str:
    """What tells the stream of a subject: each of ours has one such token of its own."""
    return subject.partition(".")[0]


def matches(pattern: str, subject: str) -> bool:
    """Whether a pattern of NATS (``*`` one token, ``>`` the rest) takes the subject."""
    wanted, given = pattern.split("."), subject.split(".")
    for place, token in enumerate(wanted):
        if token == ">":
            return len(given) > place
        if place >= len(given) or token not in ("*", given[place]):
            return False
    return len(wanted) == len(given)


def _read_id(token: str) -> int | None:
    if not (token.isascii() and token.isdecimal()) or len(token) > 19 or token.startswith("0"):
        return None
    value = int(token)
    return value if 0 < value <= MAX_ID else None


def _checked(session_id: int) -> int:
    if isinstance(session_id, bool) or not isinstance(session_id, int) or not 0 < session_id <= MAX_ID:
        raise ValueError("a session id is a positive integer below 2**63")
    return session_id
