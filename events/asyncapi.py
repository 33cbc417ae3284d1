"""The event contract as an AsyncAPI 3 document, made of the models that read and write the events.

AsyncAPI's binding for NATS knows only queues, so streams and acknowledgement are told in words.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from events.asyncapi_examples import CLOSED, CLOSED_AFTER_SEGMENTS, DEAD_HEADERS, SEGMENT, UPDATED
from events.cloudevent import STRUCTURED, CloudEvent
from events.contracts import (
    CLOSED_TYPE,
    SEGMENT_TYPE,
    UPDATED_TYPE,
    ClosedData,
    NoteUpdatedData,
    SegmentData,
)
from events.dead_letters import ATTEMPTS, MESSAGE_ID, REASON, TIME
from events.server_url import parse_server_url

ASYNCAPI_VERSION = "3.0.0"
DEFAULT_SERVER = "nats://127.0.0.1:4222"

Document = dict[str, Any]

_DESCRIPTION = """\
Events between Casenote and the systems of a clinic, on NATS JetStream. Each message is a CloudEvent 1.0 in structured
mode. Input is at-least-once: the same event may be sent any number of times, at any time, and makes one note. Output
is at-least-once with stable ids: a consumer that drops ids it has seen sees each change once, in order per session.
What cannot be processed is kept on `dead.…` with the reason, and never blocks the next event."""

_SESSION_ID: Document = {"description": "The session: a positive integer below 2^63, written without leading zeros."}


class SegmentEvent(CloudEvent):
    """Turns of a live session."""

    type: Literal["casenote.session.segment.v1"]
    data: SegmentData


class ClosedEvent(CloudEvent):
    """The end of a session."""

    type: Literal["casenote.session.closed.v1"]
    data: ClosedData


class NoteUpdatedEvent(CloudEvent):
    """A change of a note."""

    type: Literal["casenote.note.updated.v1"]
    data: NoteUpdatedData


def asyncapi_document(version: str, server_url: str = DEFAULT_SERVER) -> Document:
    """The document of product version ``version``. Credentials in ``server_url`` are left out."""
    return {
        "asyncapi": ASYNCAPI_VERSION,
        "info": {"title": "Casenote events", "version": version, "description": _DESCRIPTION},
        "defaultContentType": STRUCTURED,
        "servers": {"nats": _server(server_url)},
        "channels": _channels(),
        "operations": _operations(),
        "components": {"messages": _messages(), "schemas": _schemas(SegmentEvent, ClosedEvent, NoteUpdatedEvent)},
    }


def _server(server_url: str) -> Document:
    protocol, _, host = parse_server_url(server_url).address.partition("://")
    return {
        "host": host,
        "protocol": protocol,
        "description": "With the embedded server `casenote nats-url` prints the address with the clinic's credentials.",
        "security": [{"type": "userPassword"}],
    }


def _channels() -> Document:
    return {
        "sessionSegment": _channel(
            "sessions.{sessionId}.segment",
            "segment",
            "Stream SESSIONS. Publish with `Nats-Msg-Id` and wait for the ack.",
        ),
        "sessionClosed": _channel(
            "sessions.{sessionId}.closed", "closed", "Stream SESSIONS. Publish with `Nats-Msg-Id`, wait for the ack."
        ),
        "noteUpdated": _channel(
            "notes.{sessionId}.updated", "updated", "Stream NOTES. Read it with a durable consumer and explicit acks."
        ),
        "deadLetter": {
            "address": "dead.sessions.{sessionId}.{event}",
            "description": "Stream DEAD: the message as it came, with the reason in headers.",
            "messages": {"deadLetter": {"$ref": "#/components/messages/deadLetter"}},
            "parameters": {
                "sessionId": {"description": "As on the subject that the message came by."},
                "event": {"description": "As on the subject that the message came by."},
            },
        },
    }


def _channel(address: str, message: str, description: str) -> Document:
    return {
        "address": address,
        "description": description,
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "parameters": {"sessionId": _SESSION_ID},
    }


def _operations() -> Document:
    """Said from the product's side: it receives what a clinic publishes."""
    return {
        "receiveSegment": _operation("receive", "sessionSegment", "segment", "Turns of a live session arrive."),
        "receiveClosed": _operation(
            "receive", "sessionClosed", "closed", "A session has ended; its note is written, once."
        ),
        "sendNoteUpdated": _operation("send", "noteUpdated", "updated", "A note was generated, edited, signed, …"),
        "sendDeadLetter": _operation("send", "deadLetter", "deadLetter", "A message could not be processed."),
    }


def _operation(action: str, channel: str, message: str, summary: str) -> Document:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/{channel}/messages/{message}"}],
    }


def _messages() -> Document:
    return {
        "segment": _message("Segment", SEGMENT_TYPE, SegmentEvent, SEGMENT),
        "closed": _message("Closed", CLOSED_TYPE, ClosedEvent, CLOSED, CLOSED_AFTER_SEGMENTS),
        "updated": _message("Note updated", UPDATED_TYPE, NoteUpdatedEvent, UPDATED),
        "deadLetter": {
            "name": "deadLetter",
            "title": "Dead letter",
            "headers": {
                "type": "object",
                "required": [REASON, ATTEMPTS, TIME],
                "properties": {
                    REASON: {"type": "string", "description": "Why, in one line without text of the session."},
                    ATTEMPTS: {"type": "string", "description": "How often it was tried."},
                    TIME: {"type": "string", "format": "date-time", "description": "When it was given up."},
                    MESSAGE_ID: {"type": "string", "description": "The `Nats-Msg-Id` that the sender gave."},
                },
            },
            "payload": {"description": "The bytes of the message as received; they need not be JSON."},
            "examples": [{"name": "wrongType", "headers": DEAD_HEADERS, "payload": {"session_id": "seven"}}],
        },
    }


def _message(title: str, name: str, model: type[BaseModel], *examples: Document) -> Document:
    return {
        "name": name,
        "title": title,
        "contentType": STRUCTURED,
        "headers": {
            "type": "object",
            "required": ["Nats-Msg-Id"],
            "properties": {
                "Nats-Msg-Id": {"type": "string", "description": "Equal to the event's `id`."},
                "content-type": {"type": "string", "const": STRUCTURED},
            },
        },
        "payload": {"$ref": f"#/components/schemas/{model.__name__}"},
        "examples": [
            {
                "name": example["id"],
                "headers": {"Nats-Msg-Id": example["id"], "content-type": STRUCTURED},
                "payload": example,
            }
            for example in examples
        ],
    }


def _schemas(*models: type[BaseModel]) -> Document:
    _, definitions = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    schemas: Document = definitions["$defs"]
    return schemas
