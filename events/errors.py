"""What can go wrong with events, beside a message that cannot be read.

BrokerUnavailableError      (events.broker) not now: try again
├── StreamMissingError      nobody answers on this subject: its stream does not exist
└── MessageRefusedError     not this message: it is too large, or its subject or headers are not allowed
EmbeddedNatsError           the embedded server cannot be started

UnreadableEventError        (events.reasons) the message is no event of the contract
"""

from __future__ import annotations

from events.broker import BrokerUnavailableError


class StreamMissingError(BrokerUnavailableError):
    """No stream takes this subject now."""


class MessageRefusedError(BrokerUnavailableError):
    """The broker will not take this message, however often it is tried."""


class EmbeddedNatsError(Exception):
    """One line that names what is wrong with the embedded NATS server and what would be right."""
