"""What callers may send, as the models that check it; the OpenAPI description is made from the same ones."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from events import contracts
from events.contracts import MAX_INDEX, MAX_SEGMENTS
from models.formats import Density, Modality, Quoting
from server.http.bodies import MAX_ID, Count, Id, Input, Moment, Words, whole
from server.http.outputs import SessionStatus
from server.notes.editing import LONGEST_NOTE

# As long as a note may be at all; what is not the note's own text is held against the same limit.
NoteWords = Annotated[Words, Field(max_length=LONGEST_NOTE)]
SectionId = Annotated[Words, Field(min_length=1, max_length=100)]


def _false_if_null(value: object) -> object:
    return False if value is None else value


class SessionIn(Input):
    """A session to store. ``notes``, where given, are stored as written by a person."""

    patient_id: Id
    session_date: Moment | None = None
    duration: Count | None = Field(default=None, description="seconds")
    language: Words | None = None
    original_transcription: Words | None = None
    translated_transcription: Words | None = None
    translation_language: Words | None = None
    audio_file_path: Words | None = None
    audio_file_size: Count | None = None
    notes: NoteWords | None = None
    diagnosis: Words | None = None
    treatment_plan: Words | None = None
    is_completed: bool = False


class GenerateIn(Input):
    """How a note is to be written. ``force`` false keeps sections that a person touched. Density, quoting and modality
    are the site's where they are not given."""

    regenerate: Annotated[bool, BeforeValidator(_false_if_null)] = False
    sections: list[SectionId] | None = Field(default=None, min_length=1, max_length=100)
    format: Words | None = Field(default=None, min_length=1, max_length=100)
    density: Density | None = None
    quoting: Quoting | None = None
    modality: Modality | None = None
    force: bool = True
    allow_fallback: bool = True

    @property
    def style(self) -> dict[str, str]:
        """What was said of how the note is to read."""
        wishes = {"density": self.density, "quoting": self.quoting, "modality": self.modality}
        return {name: wish.value for name, wish in wishes.items() if wish is not None}


class NoteIn(Input):
    """A person's text: all of it as ``notes``, or some sections of it. ``suggestions``: of a section that is stored,
    what the person left open of the model's suggestion for it; without it, a stored section settles its suggestion.
    The two flags of legacy clients are read and not believed: who wrote what is known here."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["notes"], "properties": {"notes": {"type": "string"}}},
                {"required": ["sections"], "properties": {"sections": {"type": "object"}}},
            ]
        }
    )

    notes: NoteWords | None = None
    sections: dict[SectionId, NoteWords] | None = Field(default=None, min_length=1, max_length=100)
    suggestions: dict[SectionId, NoteWords] | None = Field(default=None, max_length=100)
    is_ai_generated: bool | None = None
    edited_from_ai: bool | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> NoteIn:
        if (self.notes is None) == (self.sections is None):
            raise ValueError("give either 'notes' or 'sections'")
        if self.suggestions and not set(self.suggestions) <= set(self.sections or ()):
            raise ValueError("give 'suggestions' only for sections that are stored with them")
        return self


class SegmentIn(contracts.SegmentIn):
    """One turn of a live session. ``index`` counts from 0; ``start`` is seconds from the session's beginning."""

    # As every number of a call, and unlike those of events: 3.0 is 3.
    index: Annotated[int, Field(ge=0, le=MAX_INDEX), BeforeValidator(whole)]


class SegmentsIn(Input):
    """Turns of a live session."""

    segments: list[SegmentIn] = Field(min_length=1, max_length=MAX_SEGMENTS)


class SignIn(Input):
    """``name``: how the signature reads; without it, who the caller is."""

    name: Words | None = Field(default=None, min_length=1, max_length=200)


class ConsentIn(Input):
    """Whether models may be trained on the session and its signed note."""

    consent: bool


class AddendumIn(Input):
    text: NoteWords = Field(min_length=1)


class UnlockIn(Input):
    reason: Words = Field(min_length=1, max_length=2_000)


class PatientIn(Input):
    patient_id: Id


class TokenIn(Input):
    token: Words = Field(min_length=1, max_length=8_192)


class ListQuery(BaseModel):
    """Which sessions to list. Query parameters are text: numbers are read from it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    status: SessionStatus | None = None
    patient_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    order: Literal["created", "changed"] = Field(
        default="created",
        description="newest first, by creation: each session once, whatever changes meanwhile; or by last change",
    )
    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, max_length=200, description="next_cursor of the answer before")


class StreamQuery(BaseModel):
    """Where to resume, for clients that cannot set the ``Last-Event-ID`` header."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    last_event_id: str | None = Field(
        default=None, max_length=200, description="as the header Last-Event-ID, which goes before it"
    )
