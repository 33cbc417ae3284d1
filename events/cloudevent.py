"""CloudEvents 1.0 on NATS: the envelope, written in structured mode, read in structured and in binary mode.

Sources: CloudEvents 1.0.2 core, its JSON format and its NATS binding; the header names of binary mode (``ce-<name>``)
are those of the binding's current draft.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import unquote

import uuid6
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import from_json

from events.reasons import UnreadableEventError, explain

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
MAX_EVENT_BYTES = 8 * 1024 * 1024  # 2,000,000 characters of four bytes each

_PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
Attribute = Annotated[str, Field(min_length=1, max_length=1024, pattern=_PRINTABLE)]
Extension = bool | int | str | None


def _no_number(value: object) -> object:
    """A time is written out (RFC 3339); pydantic would take a number for seconds."""
    if isinstance(value, int | float):
        raise ValueError("must be a date and time as text")
    return value


class CloudEvent(BaseModel):
    """One event. Attributes of other extensions are kept as they came; their values are scalars."""

    model_config = ConfigDict(extra="allow", frozen=True)

    specversion: Literal["1.0"] = "1.0"
    id: Annotated[str, Field(min_length=1, max_length=256, pattern=_PRINTABLE)]
    source: Attribute
    type: Attribute
    subject: Attribute | None = None
    time: Annotated[AwareDatetime | None, BeforeValidator(_no_number)] = None
    datacontenttype: Attribute | None = "application/json"
    dataschema: Attribute | None = None
    sequence: Attribute | None = None
    traceparent: Attribute | None = None
    data: Any = None

    @field_validator("datacontenttype")
    @classmethod
    def _is_json(cls, value: str | None) -> str | None:
        if value is not None and not _is_json_type(value):
            raise ValueError("must be a JSON media type")
        return value


def new_event(
    type: str,
    data: BaseModel | Mapping[str, Any],
    *,
    source: str,
    subject: str,
    id: str | None = None,
    time: datetime | None = None,
    sequence: str | None = None,
    traceparent: str | None = None,
) -> CloudEvent:
    """An event about ``subject`` (a session's id, say) now, with an id that sorts by time (UUID version 7)."""
    body = data.model_dump(mode="json") if isinstance(data, BaseModel) else dict(data)
    return CloudEvent(
        id=id or str(uuid6.uuid7()),
        source=source,
        type=type,
        subject=subject,
        time=time or datetime.now(UTC),
        sequence=sequence,
        traceparent=traceparent,
        data=body,
    )


def encode_event(event: CloudEvent) -> tuple[bytes, dict[str, str]]:
    """The message of an event: payload and headers, structured mode."""
    payload = event.model_dump_json(exclude_none=True).encode()
    return payload, {"content-type": STRUCTURED, "Nats-Msg-Id": event.id}


def decode_event(payload: bytes, headers: Mapping[str, str]) -> CloudEvent:
    """The event of a message. Raises ``UnreadableEventError``, whose reason holds nothing of the payload.

    A message without content type is read as structured when it looks like it: a person at a shell sends that.
    """
    if len(payload) > MAX_EVENT_BYTES:
        raise UnreadableEventError(f"the message has {len(payload)} bytes, more than {MAX_EVENT_BYTES}")
    lowered = {name.lower(): value for name, value in headers.items()}
    content_type = lowered.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == BATCH:
        raise UnreadableEventError("a batch of events is not accepted: send each event as a message of its own")
    if content_type != STRUCTURED and "ce-specversion" in lowered:
        return _validated(_binary_attributes(payload, lowered))
    return _validated(_structured_attributes(payload))


def _structured_attributes(payload: bytes) -> dict[str, Any]:
    body = _json(payload, "the payload")
    if not isinstance(body, dict):
        raise UnreadableEventError("the payload is JSON but no object, so no CloudEvent")
    if "data_base64" in body:
        if "data" in body:
            raise UnreadableEventError("the event has both data and data_base64")
        body["data"] = _json(_base64(body.pop("data_base64")), "data_base64")
    return body


def _binary_attributes(payload: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    body: dict[str, Any] = {name[3:]: unquote(value) for name, value in headers.items() if name.startswith("ce-")}
    if content_type := headers.get("content-type"):
        body["datacontenttype"] = content_type
    body["data"] = _json(payload, "the payload") if payload else None
    return body


def _validated(attributes: dict[str, Any]) -> CloudEvent:
    for name, value in attributes.items():
        if name not in CloudEvent.model_fields and not isinstance(value, Extension):
            raise UnreadableEventError("an extension attribute of the event is neither text nor number nor boolean")
    try:
        return CloudEvent.model_validate(attributes)
    except ValidationError as error:
        raise UnreadableEventError(explain(error, "event")) from None


def _json(text: bytes, what: str) -> Any:
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        raise UnreadableEventError(f"{what} is not JSON in UTF-8") from None


def _base64(value: object) -> bytes:
    try:
        return base64.b64decode(value if isinstance(value, str) else b"?", validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableEventError("data_base64 is not base64") from None


def _is_json_type(content_type: str) -> bool:
    essence = content_type.partition(";")[0].strip().lower()
    return essence.endswith(("/json", "+json"))
