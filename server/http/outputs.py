"""What the calls answer, for the description of the API. Tests hold the real answers against these models."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Author = Literal["ai", "person", "both"]
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


class SessionList(Output):
    sessions: list[ListedSession] = Field(description="by last change, newest first")
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


class NoteGenerated(Output):
    success: Literal[True]
    session_id: int
    generated_notes: str
    can_edit: Literal[True]
    inference_time: float = Field(description="seconds")


class GenerationRef(Output):
    id: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]


class GenerationAccepted(Output):
    session_id: int
    generation: GenerationRef
    stream: str


class NotesMetadata(Output):
    is_ai_generated: bool
    edited_from_ai: bool


class NoteReplaced(Output):
    success: Literal[True]
    session_id: int
    notes: str
    updated_at: datetime
    notes_metadata: NotesMetadata
    version: int


class Sentence(Output):
    text: str
    turns: list[int] = Field(description="indexes of the turns that support it")
    support: float
    supported: bool


class NoteSection(Output):
    id: str
    heading: str
    text: str
    author: Author
    sentences: list[Sentence]


class RiskOut(Output):
    term: str
    category: str
    negated: bool
    speaker: str
    turn: int


class Coverage(Output):
    turns: int
    uncovered: list[int] = Field(description="indexes of turns that no sentence rests on")


class ModelOut(Output):
    name: str
    sha256: str
    adapter: str | None
    prompt_version: str
    demonstration: bool


class AddendumOut(Output):
    text: str
    author: str | None
    created_at: datetime


class NoteDocument(Output):
    """The note beside its evidence in the session."""

    session_id: int
    patient_id: int
    version: int
    status: Literal["draft", "edited", "signed"]
    format: str
    summary: str
    summary_author: Author
    summary_sentences: list[Sentence]
    text: str
    sections: list[NoteSection]
    risk: list[RiskOut]
    coverage: Coverage
    authorship: AuthorshipOut
    model: ModelOut | None
    demonstration: bool
    fallback: bool
    inference_time: float | None
    suggestions: dict[str, str]
    signed_by: str | None
    signed_at: datetime | None
    addenda: list[AddendumOut]
    generation: GenerationRef | None


class RevisionSection(Output):
    id: str
    heading: str
    text: str
    author: Author


class RevisionOut(Output):
    """One stored version."""

    version: int
    change: Literal["generated", "edited", "regenerated", "signed", "unlocked", "addendum"]
    author: dict[str, Any] = Field(description="kind (person, model or fallback), and what is known of it")
    created_at: datetime
    status: Literal["draft", "edited", "signed"]
    format: str
    text: str
    summary: str
    sections: list[RevisionSection]
    model: ModelOut | None
    fallback: bool
    authorship: AuthorshipOut
    addenda: int


class Revisions(Output):
    session_id: int
    revisions: list[RevisionOut] = Field(description="oldest first")


class PatientSummaryOut(Output):
    """``success`` false, with a ``message``, where the patient has no sessions."""

    success: bool
    message: str | None = None
    summary: str | None = None
    session_count: int | None = None
    key_points: list[str] | None = Field(default=None, max_length=5)


class FormatSection(Output):
    id: str
    heading: str
    words: int


class FormatOut(Output):
    id: str
    name: str
    sections: list[FormatSection]


class Formats(Output):
    default: str
    formats: list[FormatOut]


class Me(Output):
    authentication: Literal["off", "jwt"]
    subject: str | None


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
    tokens_per_second: float


class Live(Output):
    status: Literal["live"]
    version: str


class Ready(Output):
    status: Literal["ready", "not ready"]
    database: str
