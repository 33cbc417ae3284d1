"""What the calls answer, for the description of the API. Tests hold the real answers against these models."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

SessionStatus = Literal["live", "writing", "closed", "draft", "edited", "signed", "failed"]


class Output(BaseModel):
    """Base of what is answered. More members than these may come."""

    model_config = ConfigDict(extra="allow")


class Problem(Output):
    """RFC 9457. ``detail`` is fit to be displayed."""

    type: str = Field(description="a URI reference that names the kind of problem, /problems/<code>")
    title: str
    status: int
    detail: str
    instance: str


class AuthorshipOut(Output):
    is_ai_generated: bool
    edited_from_ai: bool
    generated_at: datetime | None
    last_edited_at: datetime | None


class SessionOut(Output):
    """A session as legacy clients know it."""

    id: int
    patient_id: int
    session_number: int
    session_date: datetime
    duration: int | None
    language: str | None
    original_transcription: str | None
    translated_transcription: str | None
    translation_language: str | None
    audio_file_path: str | None
    audio_file_size: int | None
    notes: str | None
    diagnosis: str | None
    treatment_plan: str | None
    is_completed: bool
    created_at: datetime
    updated_at: datetime
    notes_metadata: AuthorshipOut


class SessionAnswer(Output):
    success: Literal[True]
    session: SessionOut


class SessionCreated(Output):
    success: Literal[True]
    message: str
    session: SessionOut


class SessionsOfPatient(Output):
    success: Literal[True]
    count: int
    sessions: list[SessionOut] = Field(description="newest first")


class ReadingOut(Output):
    done: int = Field(description="tokens of the session that the model has read")
    total: int = Field(description="tokens that the session has so far")
    reducing: bool = Field(description="it is longer than the context, and a part of it is being written down")


class ListedSession(Output):
    id: int
    patient_id: int
    session_number: int
    session_date: datetime
    duration: int | None
    language: str | None
    status: SessionStatus
    session_status: Literal["live", "closed"]
    turns: int
    note_status: Literal["draft", "edited", "signed"] | None
    note_version: int | None
    closed_at: datetime | None
    updated_at: datetime
    reading: ReadingOut | None = Field(description="while the session is live and a model reads along")


class SessionList(Output):
    sessions: list[ListedSession] = Field(description="newest first, in the order that was asked for")
    next_cursor: str | None


class TurnOut(Output):
    index: int
    speaker: str
    text: str
    start: float | None


class Turns(Output):
    session_id: int
    status: SessionStatus
    turns: list[TurnOut]


class SegmentsAdded(Output):
    added: int = Field(description="turns that were new")
    turns: int = Field(description="turns the session has now")


class SessionClosed(Output):
    session_id: int
    status: Literal["closed"]
    stream: str


class TrainingConsent(Output):
    session_id: int
    consent: bool


class Me(Output):
    authentication: Literal["off", "jwt"]
    subject: str | None


class UnsavedKey(Output):
    key: str = Field(description="32 bytes, base64url without padding")


class Health(Output):
    status: Literal["healthy", "degraded"]
    version: str
    database: str
    model_loaded: bool
    model_name: str | None
    model_size_mb: float
    total_inferences: int
    success_rate: float = Field(description="percent")
    avg_inference_time: float = Field(description="seconds")
    nats: str
    queue_depth: int
    outbox_lag: int | None
    outbox_lag_seconds: float | None
    disk_free_mb: int | None
    tokens_per_second: float


class Live(Output):
    status: Literal["live"]
    version: str


class Ready(Output):
    status: Literal["ready", "not ready"]
    database: str
