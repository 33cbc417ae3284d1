"""What the calls about notes answer; see ``outputs``."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from server.http.outputs import AuthorshipOut, Output

Author = Literal["ai", "person", "both"]


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


class ReducedTurns(Output):
    first: int = Field(description="index of the first turn")
    last: int = Field(description="index of the last turn")
    facts: int = Field(description="how many facts of these turns the model read")


class Coverage(Output):
    turns: int
    uncovered: list[int] = Field(description="indexes of turns that no sentence rests on")
    reduced: list[ReducedTurns] = Field(
        description="turns that the model read as facts instead of word for word, because the session is longer than "
        "its context; empty where it read all of them"
    )


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
    options: dict[str, str] = Field(description="what was asked of the model beside the site's options")


class RevisionSection(Output):
    id: str
    heading: str
    text: str
    author: Author


class RevisionOut(Output):
    """One stored version."""

    version: int
    change: Literal["generated", "edited", "regenerated", "signed", "unlocked", "addendum"]
    author: dict[str, Any] = Field(description="kind: person (id, reason), model or fallback (generation, settings)")
    created_at: datetime
    status: Literal["draft", "edited", "signed"]
    format: str
    text: str
    summary: str
    sections: list[RevisionSection]
    model: ModelOut | None
    fallback: bool
    authorship: AuthorshipOut
    addenda: int = Field(description="how many")
    addenda_texts: list[AddendumOut]
    chain: str | None = Field(description="SHA-256 over this version and all before it")


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


class OptionOut(Output):
    default: str = Field(description="the site's")
    choices: list[str]


class Formats(Output):
    default: str
    formats: list[FormatOut]
    options: dict[str, OptionOut] = Field(description="density, quoting and modality")
