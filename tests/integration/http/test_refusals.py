"""Bad input and trouble inside: a problem document that names what is wrong, and never a traceback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy.exc import OperationalError
from starlette.requests import Request
from structlog.testing import capture_logs

from server.errors import CasenoteError
from server.http import problems
from server.http.calls import generate
from tests.support.api import SCRIPT, running_api
from tests.support.transcripts import SHORT_SESSION

PROBLEM_MEMBERS = {"type", "title", "status", "detail", "instance"}


def check_problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body.keys() >= PROBLEM_MEMBERS
    assert body["status"] == status
    assert body["type"].startswith("/problems/")
    assert "Traceback" not in answer.text
    return body


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"not json", b"\xff\xfe", b'{"patient_id": }', b'{"patient_id":1}x', b"[" * 100_000, b"9" * 10_000],
    ids=["empty", "open", "words", "binary", "hole", "tail", "deep", "long number"],
)
async def test_what_is_no_json_is_400(tmp_path: Path, content: bytes) -> None:
    async with running_api(tmp_path) as api:
        check_problem(await api.http.post("/sessions/", content=content), 400)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/summarize-sessions", {"patient_id": "seven"}, "patient_id"),
        ("/summarize-sessions", {"patient_id": "7"}, "patient_id"),
        ("/summarize-sessions", {"patient_id": 7.5}, "patient_id"),
        ("/summarize-sessions", {"patient_id": True}, "patient_id"),
        ("/summarize-sessions", {"patient_id": None}, "patient_id"),
        ("/summarize-sessions", {"patient_id": 2**63}, "patient_id"),
        ("/summarize-sessions", {"patient_id": -1}, "patient_id"),
        ("/summarize-sessions", {}, "patient_id"),
        ("/summarize-sessions", [], "body"),
        ("/summarize-sessions", "text", "body"),
        ("/sessions/", {"patient_id": 1, "duration": "long"}, "duration"),
        ("/sessions/", {"patient_id": 1, "language": 5}, "language"),
        ("/sessions/", {"patient_id": 1, "original_transcription": ["a"]}, "original_transcription"),
        ("/sessions/", {"patient_id": 1, "original_transcription": "a\x00b"}, "original_transcription"),
        ("/sessions/", {"patient_id": 1, "notes": "\x00"}, "notes"),
        ("/sessions/", {"patient_id": 1, "session_date": "yesterday"}, "session_date"),
        ("/sessions/", {"patient_id": 1, "session_date": 1700000000}, "session_date"),
        ("/sessions/", {"patient_id": 1, "session_date": "0001-01-01T00:00:00+23:59"}, "session_date"),
        ("/sessions/1/generate-notes", {"regenerate": "yes"}, "regenerate"),
        ("/sessions/1/generate-notes", {"sections": []}, "sections"),
        ("/sessions/1/segments", {"segments": []}, "segments"),
        ("/sessions/1/segments", {"segments": [{"index": -1, "speaker": "a", "text": "b"}]}, "segments.0.index"),
        ("/sessions/1/segments", {"segments": [{"index": 0, "speaker": "a", "text": "\x00"}]}, "segments.0.text"),
        ("/sessions/1/segments", {"segments": [{"index": 0, "speaker": "a"}]}, "segments.0.text"),
    ],
)  # fmt: skip
async def test_a_wrong_type_is_422_and_named(tmp_path: Path, path: str, body: Any, field: str) -> None:
    async with running_api(tmp_path) as api:
        found = check_problem(await api.http.post(path, json=body), 422)

        assert field in [error["field"] for error in found["errors"]]
        assert field in found["detail"]


async def test_null_is_no_object(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        check_problem(await api.http.post("/sessions/", content=b"null"), 422)


async def test_half_a_surrogate_pair_is_422(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        content = b'{"patient_id": 1, "original_transcription": "\\ud800"}'
        check_problem(await api.http.post("/sessions/", content=content), 422)


async def test_what_was_sent_is_not_repeated(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        answer = await api.http.post("/sessions/", json={"patient_id": "the secret of Mrs. X"})

        assert "secret" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/sessions/999", 404),
        ("GET", "/sessions/0", 404),
        ("GET", "/sessions/-1", 404),
        ("GET", f"/sessions/{2**63}", 404),
        ("GET", f"/sessions/{10**30}", 404),
        ("GET", "/sessions/abc", 422),
        ("GET", "/sessions/1.5", 422),
        ("GET", "/sessions/%00", 422),
        ("GET", "/sessions/%F0%9F%92%A9", 422),
        ("GET", "/sessions/%D9%A1", 422),
        ("GET", f"/sessions/patient/{2**63}", 422),
        ("GET", "/sessions/patient/x", 422),
        ("GET", "/sessions/999/notes", 404),
        ("DELETE", "/sessions/999/notes/stream", 404),
        ("POST", "/sessions/999/close", 404),
        ("GET", "/nothing/here", 404),
        ("GET", "/problems/not-found", 404),
        ("GET", "/sessions?cursor=%00", 422),
        ("GET", "/assets/../pyproject.toml", 404),
        ("GET", "/assets/%2e%2e/%2e%2e/pyproject.toml", 404),
        ("GET", "/docs/application.py", 404),
    ],
)
async def test_what_does_not_exist(tmp_path: Path, method: str, path: str, status: int) -> None:
    async with running_api(tmp_path) as api:
        check_problem(await api.http.request(method, path), status)


async def test_a_version_is_a_number(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create(notes="Mine.")
        check_problem(await api.http.get(f"/sessions/{session_id}/notes/revisions/x"), 422)
        check_problem(await api.http.get(f"/sessions/{session_id}/notes/revisions/{2**70}"), 404)


async def test_an_unknown_session_has_the_legacy_detail(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        assert (await api.http.get("/sessions/999")).json()["detail"] == "Session not found"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/sessions/1", {"GET", "HEAD"}),
        ("PATCH", "/sessions/1/notes", {"GET", "HEAD", "PUT"}),
        ("POST", "/sessions/1/notes/stream", {"GET", "HEAD", "DELETE"}),
        ("PUT", "/sessions", {"GET", "HEAD", "POST"}),
        ("TRACE", "/health", {"GET", "HEAD"}),
    ],
)
async def test_another_method_is_refused_with_those_allowed(
    tmp_path: Path, method: str, path: str, allowed: set[str]
) -> None:
    async with running_api(tmp_path) as api:
        answer = await api.http.request(method, path)

        check_problem(answer, 405)
        assert {part.strip() for part in answer.headers["allow"].split(",")} == allowed


async def test_a_large_body_is_refused(tmp_path: Path) -> None:
    async with running_api(tmp_path, body_limit=2000) as api:
        body = {"patient_id": 1, "original_transcription": "x" * 3000}
        found = check_problem(await api.http.post("/sessions/", json=body), 413)

        assert found["limit"] == 2000


async def test_a_large_body_of_unknown_length_is_refused(tmp_path: Path) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"patient_id": 1, "notes": "'
        for _ in range(100):
            yield b"x" * 100
        yield b'"}'

    async with running_api(tmp_path, body_limit=2000) as api:
        check_problem(await api.http.post("/sessions/", content=pieces()), 413)


async def test_a_body_that_no_call_reads_is_limited_too(tmp_path: Path) -> None:
    async with running_api(tmp_path, body_limit=2000) as api:
        session_id = await api.create()
        check_problem(await api.http.post(f"/sessions/{session_id}/close", content=b"x" * 3000), 413)


async def test_a_transcript_over_the_limit_is_refused(tmp_path: Path) -> None:
    async with running_api(tmp_path, transcript_limit=1000) as api:
        body = {"patient_id": 1, "original_transcription": "x" * 1001}
        check_problem(await api.http.post("/sessions/", json=body), 413)
        session_id = await api.create()
        segments = [{"index": i, "speaker": "client", "text": "word " * 100} for i in range(3)]
        check_problem(await api.http.post(f"/sessions/{session_id}/segments", json={"segments": segments}), 413)
        turns = (await api.http.get(f"/sessions/{session_id}/turns")).json()

        assert turns["turns"] == []


async def test_a_full_queue_says_when_to_come_again(tmp_path: Path) -> None:
    async with running_api(tmp_path, queue_limit=1) as api:
        headers = {"Prefer": "respond-async"}
        ids = [await api.create(original_transcription=SHORT_SESSION) for _ in range(2)]
        first = await api.http.post(f"/sessions/{ids[0]}/generate-notes", headers=headers)
        second = await api.http.post(f"/sessions/{ids[1]}/generate-notes", headers=headers)

        assert first.status_code == 202
        check_problem(second, 503)
        assert int(second.headers["retry-after"]) > 0


async def test_a_database_that_is_away_is_503(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        async with api.parts.database.write() as db:
            connection = await db.connection()
            await connection.exec_driver_sql("ALTER TABLE sessions RENAME TO gone")
        answer = await api.http.get(f"/sessions/{session_id}")
        ready, health = await api.http.get("/health/live"), await api.http.get("/health")

        check_problem(answer, 503)
        assert int(answer.headers["retry-after"]) > 0
        assert (ready.status_code, health.status_code) == (200, 200)


async def test_a_locked_database_is_503() -> None:
    request = Request({"type": "http", "method": "GET", "path": "/x", "headers": [], "query_string": b""})
    answer = problems.of_exception(request, OperationalError("SELECT secret", {}, Exception("database is locked")))

    assert answer is not None
    assert answer.status_code == 503
    assert b"secret" not in bytes(answer.body)


async def test_an_error_that_nobody_foresaw_is_500_without_its_message(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:

        async def broken(*_args: object) -> None:
            raise RuntimeError("the patient said a secret")

        object.__setattr__(api.parts.streams, "open", broken)
        session_id = await api.create(original_transcription=SHORT_SESSION)
        with capture_logs() as lines:
            answer = await api.http.get(f"/sessions/{session_id}/notes/stream")

        check_problem(answer, 500)
        assert "secret" not in answer.text
        assert "secret" not in repr(lines)
        assert any(line.get("error") == "RuntimeError" for line in lines)


async def test_a_caller_that_leaves_in_mid_body_is_no_error(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        messages = iter([{"type": "http.request", "body": b'{"pat', "more_body": True}, {"type": "http.disconnect"}])
        sent: list[Any] = []

        async def receive() -> Any:
            return next(messages)

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http", "method": "POST", "path": "/sessions/", "raw_path": b"/sessions/", "query_string": b"",
            "headers": [(b"host", b"127.0.0.1")], "scheme": "http", "http_version": "1.1", "root_path": "",
            "client": None, "server": ("127.0.0.1", 80),
        }  # fmt: skip
        with capture_logs() as lines:
            await api.app(scope, receive, send)

        assert sent == []
        assert [line["log_level"] for line in lines] == ["info"]


async def test_the_log_holds_route_and_status_and_nothing_that_was_sent(tmp_path: Path) -> None:
    structlog.reset_defaults()
    async with running_api(tmp_path) as api:
        with capture_logs() as lines:
            await api.create(original_transcription="Patient: a secret", notes="a secret")
            await api.http.get("/sessions/77?note=secret")

        requests = [line for line in lines if line["event"] == "request"]
        assert [(line["method"], line["route"], line["status"]) for line in requests] == [
            ("POST", "/sessions/", 200),
            ("GET", "/sessions/{session_id}", 404),
        ]
        assert "secret" not in repr(lines)


async def test_every_answer_has_the_headers_that_protect_it(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        for path in ("/sessions", "/sessions/999", "/nothing", "/health"):
            headers = (await api.http.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["cache-control"] == "no-store"
            assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_every_error_of_the_application_has_a_status() -> None:
    request = Request({"type": "http", "method": "GET", "path": "/x", "headers": [], "query_string": b""})
    kinds = [kind for kind in CasenoteError.__subclasses__() if kind.code not in ("settings", "invalid")]
    statuses = {kind.__name__: problems.of_casenote(request, kind("x")).status_code for kind in kinds}

    assert kinds
    assert all(400 <= status < 500 or status == 503 for status in statuses.values()), statuses


async def test_waiting_ends_when_no_worker_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "SILENT_AFTER", 0.1)
    monkeypatch.setattr(generate, "_LOOK_EVERY", 0.05)
    async with running_api(tmp_path, allow_fallback=False) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        answer = await asyncio.wait_for(api.http.post(f"/sessions/{session_id}/generate-notes"), 10)

        check_problem(answer, 503)
