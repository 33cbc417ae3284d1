"""Every call of the API, in one table: routing, checking and describing are made of it."""

from __future__ import annotations

from server.http import inputs, note_outputs, outputs
from server.http.calls import description, formats, generate, health, login, notes, pages, sessions, stream, summary
from server.http.operation import Answer, Operation

_EVENT_STREAM = "text/event-stream"
_NOTE_PATH = "/sessions/{session_id}/notes"
_CONDITIONS = ("If-Match", "If-None-Match")
_EVENTS = "Server-sent events: status, section, token, reset, then note or error; every one has an id to resume from"


def _created(path: str) -> Operation:
    return Operation(
        method="POST", path=path, handler=sessions.create, summary="Store a session", tag="sessions",
        body=inputs.SessionIn, answers={200: Answer("Stored", outputs.SessionCreated)}, problems=(400, 413, 422),
    )  # fmt: skip


def _listed(path: str) -> Operation:
    return Operation(
        method="GET", path=path, handler=sessions.listing, summary="List sessions, newest first", tag="sessions",
        query=inputs.ListQuery, answers={200: Answer("A page of the list", outputs.SessionList)}, problems=(422,),
    )  # fmt: skip


OPERATIONS: tuple[Operation, ...] = (
    _listed("/sessions"),
    _listed("/sessions/"),
    _created("/sessions"),
    _created("/sessions/"),
    Operation(
        method="GET", path="/sessions/stream", handler=sessions.follow, summary="Follow the list of sessions",
        tag="sessions", answers={200: Answer("Server-sent events: session, with a list entry", media=_EVENT_STREAM)},
    ),
    Operation(
        method="GET", path="/sessions/patient/{patient_id}", handler=sessions.of_patient,
        summary="All sessions of a patient", tag="sessions",
        answers={200: Answer("Newest first", outputs.SessionsOfPatient)}, problems=(422,),
    ),
    Operation(
        method="GET", path="/sessions/{session_id}", handler=sessions.read, summary="One session", tag="sessions",
        answers={200: Answer("The session", outputs.SessionAnswer)}, problems=(404, 422),
    ),
    Operation(
        method="GET", path="/sessions/{session_id}/turns", handler=sessions.turns,
        summary="The transcript, turn by turn", tag="sessions", answers={200: Answer("The turns", outputs.Turns)},
        problems=(404, 422),
    ),
    Operation(
        method="POST", path="/sessions/{session_id}/segments", handler=sessions.append,
        summary="Append turns to a live session", tag="sessions", body=inputs.SegmentsIn,
        answers={
            201: Answer("Some turns were new", outputs.SegmentsAdded),
            200: Answer("All turns were known", outputs.SegmentsAdded),
        },
        problems=(400, 404, 409, 413, 422),
    ),
    Operation(
        method="POST", path="/sessions/{session_id}/close", handler=sessions.close,
        summary="Close a session: its note is written", tag="sessions",
        answers={202: Answer("Closed, now or before", outputs.SessionClosed, headers=("Location",))},
        problems=(404, 422),
    ),
    Operation(
        method="GET", path="/sessions/{session_id}/training-consent", handler=sessions.training_consent,
        summary="Whether models may be trained on the session and its signed note", tag="sessions",
        answers={200: Answer("As it was last said; without a word, not", outputs.TrainingConsent)}, problems=(404, 422),
    ),
    Operation(
        method="PUT", path="/sessions/{session_id}/training-consent", handler=sessions.consent_to_training,
        summary="Allow or forbid that models are trained on the session and its signed note", tag="sessions",
        body=inputs.ConsentIn, answers={200: Answer("Kept", outputs.TrainingConsent)}, problems=(400, 404, 413, 422),
    ),
    Operation(
        method="POST", path="/sessions/{session_id}/generate-notes", handler=generate.generate,
        summary="Write the note, and wait for it", tag="notes", body=inputs.GenerateIn, body_required=False,
        query=inputs.StreamQuery, headers=("Accept", "Prefer", "Last-Event-ID"),
        answers={
            200: Answer("The note; asked for events, the stream", note_outputs.NoteGenerated, _EVENT_STREAM),
            202: Answer("With 'Prefer: respond-async'", note_outputs.GenerationAccepted, headers=("Location",)),
            204: Answer("With 'Accept: text/event-stream': nothing is left to stream"),
        },
        problems=(400, 404, 409, 413, 422, 423),
    ),
    Operation(
        method="GET", path=_NOTE_PATH, handler=notes.read, summary="The note as a document", tag="notes",
        headers=("If-None-Match",),
        answers={
            200: Answer("The note", note_outputs.NoteDocument, headers=("ETag",)),
            304: Answer("The note is the one the caller has", headers=("ETag",)),
        },
        problems=(404, 422),
    ),
    Operation(
        method="PUT", path=_NOTE_PATH, handler=notes.replace, summary="Change the note by hand", tag="notes",
        body=inputs.NoteIn, headers=_CONDITIONS,
        answers={200: Answer("Stored", note_outputs.NoteReplaced, headers=("ETag",))},
        problems=(400, 404, 412, 413, 422, 423),
    ),
    Operation(
        method="GET", path=f"{_NOTE_PATH}/stream", handler=stream.watch, summary="Watch the note being written",
        tag="notes", query=inputs.StreamQuery, headers=("Last-Event-ID",),
        answers={
            200: Answer(_EVENTS, media=_EVENT_STREAM),
            204: Answer("Nothing came after the last event that was seen, and nothing will"),
        },
        problems=(404, 422),
    ),
    Operation(
        method="DELETE", path=f"{_NOTE_PATH}/stream", handler=generate.cancel, summary="Cancel the writing",
        tag="notes", answers={204: Answer("It ends; the note stays as it was")}, problems=(404, 422),
    ),
    Operation(
        method="GET", path=f"{_NOTE_PATH}/revisions", handler=notes.revisions, summary="Every stored version",
        tag="notes", answers={200: Answer("Oldest first", note_outputs.Revisions)}, problems=(404, 422),
    ),
    Operation(
        method="GET", path=f"{_NOTE_PATH}/revisions/{{version}}", handler=notes.revision,
        summary="One stored version", tag="notes", answers={200: Answer("The version", note_outputs.RevisionOut)},
        problems=(404, 422),
    ),
    Operation(
        method="POST", path=f"{_NOTE_PATH}/sign", handler=notes.sign, summary="Sign and lock the note", tag="notes",
        body=inputs.SignIn, body_required=False, headers=_CONDITIONS,
        answers={200: Answer("The signed note", note_outputs.NoteDocument, headers=("ETag",))},
        problems=(400, 404, 412, 413, 422, 423),
    ),
    Operation(
        method="POST", path=f"{_NOTE_PATH}/addenda", handler=notes.add_addendum, summary="Add to a signed note",
        tag="notes", body=inputs.AddendumIn, headers=_CONDITIONS,
        answers={201: Answer("The note with the addendum", note_outputs.NoteDocument, headers=("ETag",))},
        problems=(400, 404, 412, 413, 422),
    ),
    Operation(
        method="POST", path=f"{_NOTE_PATH}/unlock", handler=notes.unlock, tag="notes",
        summary="Open a signed note for changes, with a reason", body=inputs.UnlockIn, headers=_CONDITIONS,
        answers={200: Answer("The note, unsigned", note_outputs.NoteDocument, headers=("ETag",))},
        problems=(400, 404, 412, 413, 422),
    ),
    Operation(
        method="POST", path="/summarize-sessions", handler=summary.summarize, tag="patients",
        summary="An overview over a patient's sessions", body=inputs.PatientIn, headers=("Accept",),
        answers={200: Answer("The overview, or its sections as events", note_outputs.PatientSummaryOut, _EVENT_STREAM)},
        problems=(400, 413, 422),
    ),
    Operation(
        method="GET", path="/formats", handler=formats.formats, summary="The formats a note can have", tag="notes",
        answers={200: Answer("The formats", note_outputs.Formats)},
    ),
    Operation(
        method="GET", path="/me", handler=login.me, summary="Who the caller is", tag="access",
        answers={200: Answer("The caller", outputs.Me)},
    ),
    Operation(
        method="GET", path="/unsaved-key", handler=login.unsaved_key, tag="access",
        summary="The caller's key for sealing words that are not saved yet, in the caller's own browser",
        answers={200: Answer("The key, the same every time", outputs.UnsavedKey)},
    ),
    Operation(
        method="POST", path="/login-token", handler=login.login, tag="access", body=inputs.TokenIn, is_open=True,
        summary="Keep a bearer token in a cookie, for browsers", problems=(400, 413, 422),
        answers={204: Answer("The cookie is set", headers=("Set-Cookie",))},
    ),
    Operation(
        method="POST", path="/logout", handler=login.logout, summary="Forget the cookie", tag="access", is_open=True,
        answers={204: Answer("The cookie is gone", headers=("Set-Cookie",))},
    ),
    Operation(
        method="GET", path="/health", handler=health.health, summary="How the service is doing", tag="operation",
        is_open=True, answers={200: Answer("Its state", outputs.Health)},
    ),
    Operation(
        method="GET", path="/health/live", handler=health.live, summary="The process answers", tag="operation",
        is_open=True, answers={200: Answer("It does", outputs.Live)},
    ),
    Operation(
        method="GET", path="/health/ready", handler=health.ready, summary="The service can work", tag="operation",
        is_open=True, answers={200: Answer("It can", outputs.Ready), 503: Answer("It cannot", outputs.Ready)},
    ),
    Operation(
        method="GET", path="/metrics", handler=health.metrics, summary="Metrics for Prometheus", tag="operation",
        is_open=True, answers={200: Answer("Prometheus text format", media="text/plain")},
    ),
    Operation(
        method="GET", path="/openapi.json", handler=description.openapi, summary="This description", tag="description",
        is_open=True, answers={200: Answer("OpenAPI 3.1", media="application/json")},
    ),
    Operation(
        method="GET", path="/asyncapi.json", handler=description.asyncapi, summary="The events on NATS",
        tag="description", is_open=True, answers={200: Answer("AsyncAPI 3", media="application/json")},
    ),
    Operation(
        method="GET", path="/docs", handler=description.docs, summary="This description, to read",
        tag="description", is_open=True, answers={200: Answer("A page", media="text/html")},
    ),
    Operation(
        method="GET", path="/docs/{name}", handler=description.docs_file, summary="A file of the page above",
        tag="description", is_open=True, answers={200: Answer("The file", media="text/javascript")}, problems=(404,),
    ),
    Operation(
        method="GET", path="/", handler=pages.index, summary="The editor", tag="editor", is_open=True,
        answers={200: Answer("A page", media="text/html")}, problems=(),
    ),
    Operation(
        method="GET", path="/assets/{path:path}", handler=pages.asset, summary="A file of the editor", tag="editor",
        is_open=True, answers={200: Answer("The file", media="application/octet-stream")}, problems=(404,),
    ),
)  # fmt: skip
