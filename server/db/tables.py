"""The tables. Migrations are made from these; nothing else creates a schema.

Columns that hold JSON hold what ``server.notes`` writes and reads; the database never looks inside.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, ForeignKey, Index, Integer, MetaData, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# SQLite numbers rows only in a column that is exactly INTEGER, and 64 bits there anyway.
BigInt = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """Points in time: always aware, always UTC, whatever the database makes of time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {dict[str, Any]: JSON, list[Any]: JSON, str: Text, datetime: UtcDateTime, int: BigInt}  # noqa: RUF012


class SessionRow(Base):
    """A therapy session, in the columns of the legacy clients. ``status`` is ``live`` or ``closed``."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_patient_id_session_number", "patient_id", "session_number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    patient_id: Mapped[int]
    therapist_id: Mapped[str | None] = mapped_column(index=True)
    session_number: Mapped[int]
    session_date: Mapped[datetime]
    duration: Mapped[int | None]
    language: Mapped[str | None]
    original_transcription: Mapped[str | None]
    translated_transcription: Mapped[str | None]
    translation_language: Mapped[str | None]
    audio_file_path: Mapped[str | None]
    audio_file_size: Mapped[int | None]
    diagnosis: Mapped[str | None]
    treatment_plan: Mapped[str | None]
    is_completed: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(default="live")
    closed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(index=True)


class TurnRow(Base):
    """One turn of a transcript."""

    __tablename__ = "turns"

    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    speaker: Mapped[str]
    text: Mapped[str]
    start: Mapped[float | None]


class NoteRow(Base):
    """The present state of a session's note; ``state`` is ``server.notes.codec``'s form of it."""

    __tablename__ = "notes"

    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id"), primary_key=True)
    version: Mapped[int]
    status: Mapped[str]
    state: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]


class RevisionRow(Base):
    """Every version of a note that was ever stored. Rows are only added. ``chain``: ``server.notes.chain``'s hash of it
    and of all before it; rows of earlier releases have none."""

    __tablename__ = "revisions"

    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    change: Mapped[str]
    author: Mapped[dict[str, Any]]
    text: Mapped[str]
    state: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    chain: Mapped[str | None]


class DigestRow(Base):
    """What an overview needs of a session, and the state of the session that it was read from (``basis``). It can be
    made again at any time."""

    __tablename__ = "digests"

    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id"), primary_key=True)
    basis: Mapped[str]
    content: Mapped[dict[str, Any]]


class GenerationRow(Base):
    """The writing of one note: the work queue of the workers.

    ``state``: queued, running, done, failed, cancelled. A running row belongs to ``owner`` until ``lease_until``;
    after that anyone may take it up again with the next ``attempt``. ``handed_back`` of the attempts ended in good
    order because a worker was stopped; the others that left no end went down with their process, perhaps because of it.
    """

    __tablename__ = "generations"
    __table_args__ = (Index("ix_generations_state_created_at", "state", "created_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id"), index=True)
    change: Mapped[str]
    options: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="queued")
    attempt: Mapped[int] = mapped_column(default=0)
    handed_back: Mapped[int] = mapped_column(default=0)
    owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    error: Mapped[str | None]
    note_version: Mapped[int | None]
    inference_time: Mapped[float | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class TrainingConsentRow(Base):
    """A session that models may be trained on; without a row they may not."""

    __tablename__ = "training_consents"

    session_id: Mapped[int] = mapped_column(ForeignKey("sessions.id"), primary_key=True)
    given_by: Mapped[str | None]
    given_at: Mapped[datetime]


class InboxRow(Base):
    """Events that were handled: a redelivery of one of them changes nothing. ``subject`` is the one that it came on;
    rows of earlier releases have none."""

    __tablename__ = "inbox"

    source: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str | None]
    received_at: Mapped[datetime]


class OutboxRow(Base):
    """Events to publish, written in the transaction of what they tell."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_published_at_position", "published_at", "position"),)

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(unique=True)
    subject: Mapped[str]
    payload: Mapped[str]
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]


class UnsavedKeyRow(Base):
    """The key under which a browser seals the words of a person that the server does not have yet. ``subject`` is the
    caller's id, empty where authentication is off. Without its row, what was sealed can never be read again."""

    __tablename__ = "unsaved_keys"

    subject: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]
    created_at: Mapped[datetime]
