"""What can go wrong with events, beside a message that cannot be read.

BrokerUnavailableError      (events.broker) not now: try again
├── StreamMissingError      nobody answers on this subject: its stream does not exist
├── NotStoredError          not in this stream now: it answers, and is full or cannot write
└── MessageRefusedError     not this message: it is too large, or its subject or headers are not allowed
EmbeddedNatsError           the embedded server cannot be started

UnreadableEventError        (events.reasons) the message is no event of the contract
"""

from __future__ import annotations

from events.broker import BrokerUnavailableError


class StreamMissingError(BrokerUnavailableError):
    """No stream takes this subject now."""


class NotStoredError(BrokerUnavailableError):
    """The stream of this subject answered, and did not take the message; other streams may."""


class MessageRefusedError(BrokerUnavailableError):
    """The broker will not take this message, however often it is tried."""


class EmbeddedNatsError(Exception):
    """One line that names what is wrong with the embedded NATS server and what would be right."""
