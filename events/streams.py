"""The streams and the consumer settings, as data. The adapter writes them to the server; nothing else names them.

SESSIONS refuses new messages when full, because dropping old ones would silently lose unread sessions; ``events.room``
drops those that were handled. TOKENS is a log for ten minutes of replay: memory, and the oldest goes first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MIB: Final = 1024 * 1024
HOUR: Final = 3600.0
DAY: Final = 24 * HOUR


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """Times in seconds, sizes in bytes. ``keep_oldest``: a full stream refuses the new message (discard new)."""

    name: str
    subjects: tuple[str, ...]
    memory: bool
    keep_oldest: bool
    max_age: float
    max_bytes: int
    max_message_bytes: int
    duplicate_window: float


@dataclass(frozen=True, slots=True)
class ConsumerSettings:
    """A durable pull consumer with explicit acknowledgement.

    The server delivers without a limit of its own (it would drop the message in silence): ``max_attempts`` is counted
    here, and after the last one the message goes to the dead letters. Times in seconds.
    """

    ack_wait: float = 15.0
    max_attempts: int = 20
    max_ack_pending: int = 1_000

    @property
    def heartbeat(self) -> float:
        """How often a message in hand is reported as in progress: two reports may be lost."""
        return self.ack_wait / 3


# A message of SESSIONS must still fit into DEAD with the headers that say why.
MAX_PAYLOAD: Final = 4 * MIB
MAX_SESSION_MESSAGE: Final = MAX_PAYLOAD - 64 * 1024

SESSIONS: Final = StreamSettings(
    "SESSIONS", ("sessions.>",), False, True, 14 * DAY, 2048 * MIB, MAX_SESSION_MESSAGE, HOUR
)
NOTES: Final = StreamSettings("NOTES", ("notes.>",), False, False, 30 * DAY, 512 * MIB, -1, HOUR)
DEAD: Final = StreamSettings("DEAD", ("dead.>",), False, False, 90 * DAY, 1024 * MIB, -1, HOUR)
TOKENS: Final = StreamSettings("TOKENS", ("tokens.>",), True, False, 900.0, 128 * MIB, 1 * MIB, 60.0)

# The consumer by which the workers share the events of sessions.
WORKER_CONSUMER: Final = "casenote-worker"

STREAMS: Final = (SESSIONS, NOTES, DEAD, TOKENS)
