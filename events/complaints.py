"""What the relay says in the log of rows that it cannot publish: each thing once, however often it is tried."""

from __future__ import annotations

import logging

from events.broker import BrokerUnavailableError
from events.errors import MessageRefusedError
from events.outbox import OutboxMessage
from events.subjects import first_token

logger = logging.getLogger(__name__)


class Complaints:
    """A row that is refused for itself is named; a stream that takes nothing now is, for all rows that wait for it."""

    def __init__(self) -> None:
        self._rows: set[int] = set()
        self._streams: set[str] = set()

    def about(self, row: OutboxMessage, error: BrokerUnavailableError) -> None:
        if isinstance(error, MessageRefusedError):
            if row.position not in self._rows:
                self._rows.add(row.position)
                logger.error("outbox row %d on %s cannot be published: %s", row.position, row.subject, error)
        elif first_token(row.subject) not in self._streams:
            self._streams.add(first_token(row.subject))
            logger.error("the stream of %s takes no events now, they wait: %s", row.subject, error)

    def settled(self, row: OutboxMessage) -> None:
        self._rows.discard(row.position)
        self._streams.discard(first_token(row.subject))
