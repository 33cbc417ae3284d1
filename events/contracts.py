"""The data of the product's events (contract 4) as pydantic models, and the step from a message to one of them.

The models are strict: ``"7"`` is no id. Fields that the product does not know are ignored: a sender may say more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    WithJsonSchema,
    field_validator,
    model_serializer,
)

from events.cloudevent import CloudEvent, decode_event, encode_event, new_event
from events.reasons import UnreadableEventError, explain
from events.subjects import (
    MAX_ID,
    SessionEventName,
    closed_subject,
    dead_subject,
    frames_subject,
    parse_session_subject,
    segment_subject,
    updated_subject,
)

__all__ = [
    "CLOSED_TYPE",
    "SEGMENT_TYPE",
    "UPDATED_TYPE",
    "ClosedData",
    "CloudEvent",
    "ModelStamp",
    "NoteChange",
    "NoteStatus",
    "NoteUpdatedData",
    "SegmentData",
    "SegmentIn",
    "SessionEvent",
    "SessionEventName",
    "UnreadableEventError",
    "closed_subject",
    "dead_subject",
    "decode_event",
    "encode_event",
    "frames_subject",
    "new_event",
    "parse_session_subject",
    "read_data",
    "read_session_event",
    "segment_subject",
    "updated_subject",
]

SEGMENT_TYPE = "casenote.session.segment.v1"
CLOSED_TYPE = "casenote.session.closed.v1"
UPDATED_TYPE = "casenote.note.updated.v1"

_Model = TypeVar("_Model", bound=BaseModel)

MAX_INDEX = 1_000_000
MAX_SEGMENTS = 1_000
MAX_SPEAKER = 64
MAX_TURN_CHARACTERS = 20_000
MAX_TRANSCRIPT_CHARACTERS = 2_000_000


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not hold the NUL character")
    return text


def _id_as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _read_time(value: object) -> object:
    """ISO 8601 text, as UTC, which it is without an offset. Numbers are refused: nobody knows their unit."""
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be a date and time in ISO 8601") from None


Id = Annotated[int, Field(gt=0, le=MAX_ID)]
Moment = Annotated[datetime, BeforeValidator(_read_time)]
TherapistId = Annotated[
    str,
    BeforeValidator(_id_as_text),
    Field(min_length=1, max_length=255),
    WithJsonSchema({"type": ["string", "integer"], "minLength": 1, "maxLength": 255}),
]


class _Data(BaseModel):
    """Base: an optional field that is None stays out of what is sent, unless its absence is news in itself."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")
    sent_as_null: ClassVar[frozenset[str]] = frozenset()

    @model_serializer(mode="wrap")
    def _leave_out(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        body: dict[str, Any] = serialise(self)
        return {name: value for name, value in body.items() if value is not None or name in self.sent_as_null}


class SegmentIn(_Data):
    """One turn of a live session. ``index`` counts from 0; ``start`` is seconds from the session's beginning."""

    index: int = Field(ge=0, le=MAX_INDEX)
    speaker: str = Field(min_length=1, max_length=MAX_SPEAKER)
    text: str = Field(min_length=1, max_length=MAX_TURN_CHARACTERS)
    start: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    _no_nul = field_validator("speaker", "text")(_without_nul)


class SegmentData(_Data):
    """Turns that were said in a session that is still live."""

    session_id: Id
    patient_id: Id
    therapist_id: TherapistId | None = None
    segments: list[SegmentIn] = Field(min_length=1, max_length=MAX_SEGMENTS)


class ClosedData(_Data):
    """A session has ended. With ``transcript`` it needs no earlier call and no segment."""

    session_id: Id
    patient_id: Id
    therapist_id: TherapistId | None = None
    transcript: str | None = Field(default=None, max_length=MAX_TRANSCRIPT_CHARACTERS)
    closed_at: Moment

    @field_validator("transcript")
    @classmethod
    def _no_nul(cls, value: str | None) -> str | None:
        return value if value is None else _without_nul(value)


class NoteStatus(StrEnum):
    DRAFT = "draft"
    EDITED = "edited"
    SIGNED = "signed"


class NoteChange(StrEnum):
    GENERATED = "generated"
    EDITED = "edited"
    REGENERATED = "regenerated"
    SIGNED = "signed"
    ADDENDUM = "addendum"
    FAILED = "failed"


class ModelStamp(_Data):
    """Which model wrote the note, as in the note document."""

    name: str
    sha256: str | None = None
    adapter: str | None = None
    prompt_version: str | None = None


class NoteUpdatedData(_Data):
    """A note changed. ``version`` is 0 and ``status`` absent when a generation failed and no note is stored.
    ``text`` and ``summary`` are there only where the site opted in."""

    sent_as_null: ClassVar[frozenset[str]] = frozenset({"status", "model"})

    session_id: Id
    patient_id: Id
    version: int = Field(ge=0, le=MAX_ID)
    status: NoteStatus | None = Field(default=None, strict=False)
    change: NoteChange = Field(strict=False)
    is_ai_generated: bool
    edited_from_ai: bool
    model: ModelStamp | None = None
    href: str = Field(min_length=1, max_length=2_000)
    text: str | None = None
    summary: str | None = None


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """An event of the stream SESSIONS, read and checked against its subject."""

    event: CloudEvent
    data: SegmentData | ClosedData


_OF_SUBJECT: dict[SessionEventName, tuple[str, type[SegmentData] | type[ClosedData]]] = {
    SessionEventName.SEGMENT: (SEGMENT_TYPE, SegmentData),
    SessionEventName.CLOSED: (CLOSED_TYPE, ClosedData),
}


def read_session_event(subject: str, payload: bytes, headers: Mapping[str, str]) -> SessionEvent:
    """The event of a message of SESSIONS. Raises ``UnreadableEventError``, also when subject, type and data do not
    belong together."""
    place = parse_session_subject(subject)
    if place is None:
        raise UnreadableEventError("the subject is not sessions.<session_id>.segment or sessions.<session_id>.closed")
    session_id, name = place
    event = decode_event(payload, headers)
    type_, model = _OF_SUBJECT[name]
    if event.type != type_:
        raise UnreadableEventError(f"the event's type must be {type_} on a subject that ends in {name}")
    data = read_data(event, model)
    if data.session_id != session_id:
        raise UnreadableEventError("data.session_id is not the session of the subject")
    return SessionEvent(event, data)


def read_data(event: CloudEvent, model: type[_Model]) -> _Model:
    """The event's data as ``model``. Raises ``UnreadableEventError``."""
    data: Any = event.data
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise UnreadableEventError(explain(error, "data")) from None
