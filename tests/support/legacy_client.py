"""A legacy client as the clinics have them: written from section 3.1 of the contract alone, on the standard library.

It knows ids as integers and dates as ISO 8601, reads exactly the members that the contract names, and shows ``detail``
when something goes wrong.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

Check = Callable[[Any], bool]


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and isinstance(datetime.fromisoformat(value), datetime)


def _of(kind: type) -> Check:
    return lambda value: type(value) is kind


def _or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


TEXT, NUMBER, YES_NO = _of(str), _of(int), _of(bool)


def _is_share(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 100


METADATA: dict[str, Check] = {
    "is_ai_generated": YES_NO,
    "edited_from_ai": YES_NO,
    "generated_at": _or_none(_is_time),
    "last_edited_at": _or_none(_is_time),
}
SESSION: dict[str, Check] = {
    "id": NUMBER,
    "patient_id": NUMBER,
    "session_number": NUMBER,
    "session_date": _is_time,
    "duration": _or_none(NUMBER),
    "language": _or_none(TEXT),
    "original_transcription": _or_none(TEXT),
    "translated_transcription": _or_none(TEXT),
    "translation_language": _or_none(TEXT),
    "audio_file_path": _or_none(TEXT),
    "audio_file_size": _or_none(NUMBER),
    "notes": _or_none(TEXT),
    "diagnosis": _or_none(TEXT),
    "treatment_plan": _or_none(TEXT),
    "is_completed": YES_NO,
    "created_at": _is_time,
    "updated_at": _is_time,
    "notes_metadata": lambda value: fits(value, METADATA),
}
GENERATED: dict[str, Check] = {
    "success": YES_NO,
    "session_id": NUMBER,
    "generated_notes": TEXT,
    "can_edit": YES_NO,
    "inference_time": lambda value: type(value) is float and value >= 0,
}
SAVED: dict[str, Check] = {
    "success": YES_NO,
    "session_id": NUMBER,
    "notes": TEXT,
    "updated_at": _is_time,
    "notes_metadata": lambda value: fits(value, {key: METADATA[key] for key in ("is_ai_generated", "edited_from_ai")}),
}
SUMMARY: dict[str, Check] = {
    "success": YES_NO,
    "summary": TEXT,
    "session_count": NUMBER,
    "key_points": lambda value: type(value) is list and len(value) <= 5 and all(type(one) is str for one in value),
}
HEALTH: dict[str, Check] = {
    "status": lambda value: value in ("healthy", "degraded"),
    "version": TEXT,
    "database": TEXT,
    "model_loaded": YES_NO,
    "model_name": _or_none(TEXT),
    "model_size_mb": lambda value: type(value) in (int, float),
    "total_inferences": NUMBER,
    "success_rate": _is_share,
    "avg_inference_time": lambda value: type(value) in (int, float),
}


def fits(body: Any, members: dict[str, Check]) -> bool:
    """Whether a body has every member, each of the kind that the contract gives it; it may have more."""
    assert type(body) is dict
    for name, check in members.items():
        assert name in body, f"{name} is missing"
        assert check(body[name]), f"{name} is {body[name]!r}"
    return True


class LegacyError(Exception):
    """What the service refused: its status, and the text that the client displays."""

    def __init__(self, status: int, detail: str, media: str) -> None:
        super().__init__(f"{status}: {detail}")
        assert media == "application/problem+json"
        self.status = status
        self.detail = detail


class LegacyClient:
    def __init__(self, base: str, token: str | None = None) -> None:
        self._base = base
        self._headers = {"Content-Type": "application/json"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"

    def create_session(self, patient_id: int, transcription: str) -> dict[str, Any]:
        body = {
            "patient_id": patient_id,
            "language": "english",
            "duration": 3000,
            "original_transcription": transcription,
            "notes": None,
        }
        answer = self._call("POST", "/sessions/", body)
        assert answer["success"] is True
        assert answer["message"] == "Session created successfully"
        assert fits(answer["session"], SESSION)
        return dict(answer["session"])

    def session(self, session_id: int) -> dict[str, Any]:
        answer = self._call("GET", f"/sessions/{session_id}")
        assert answer["success"] is True
        assert fits(answer["session"], SESSION)
        return dict(answer["session"])

    def sessions_of(self, patient_id: int) -> list[dict[str, Any]]:
        answer = self._call("GET", f"/sessions/patient/{patient_id}")
        assert answer["success"] is True
        assert answer["count"] == len(answer["sessions"])
        assert all(fits(session, SESSION) for session in answer["sessions"])
        return list(answer["sessions"])

    def generate_notes(self, session_id: int, *, regenerate: bool = False) -> dict[str, Any]:
        answer = self._call("POST", f"/sessions/{session_id}/generate-notes", {"regenerate": regenerate})
        assert fits(answer, GENERATED)
        assert (answer["success"], answer["session_id"], answer["can_edit"]) == (True, session_id, True)
        return answer

    def generate_without_body(self, session_id: int) -> dict[str, Any]:
        answer = self._call("POST", f"/sessions/{session_id}/generate-notes")
        assert fits(answer, GENERATED)
        return answer

    def watch_notes(self, session_id: int, *, regenerate: bool = False) -> list[tuple[str, dict[str, Any]]]:
        """The same call, answered as a stream: its events to the end."""
        request = self._request("POST", f"/sessions/{session_id}/generate-notes", {"regenerate": regenerate})
        request.add_header("Accept", "text/event-stream")
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            return list(_events(answer.read().decode()))

    def save_notes(self, session_id: int, notes: str, *, is_ai: bool = False, edited: bool = False) -> dict[str, Any]:
        body = {"notes": notes, "is_ai_generated": is_ai, "edited_from_ai": edited}
        answer = self._call("PUT", f"/sessions/{session_id}/notes", body)
        assert fits(answer, SAVED)
        assert (answer["success"], answer["session_id"]) == (True, session_id)
        return answer

    def summarise(self, patient_id: int) -> dict[str, Any]:
        answer = self._call("POST", "/summarize-sessions", {"patient_id": patient_id})
        assert answer["success"] is False or fits(answer, SUMMARY)
        return answer

    def health(self) -> dict[str, Any]:
        answer = self._call("GET", "/health")
        assert fits(answer, HEALTH)
        return answer

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(self._request(method, path, body), timeout=60) as answer:
                assert answer.status == 200
                assert answer.headers["content-type"] == "application/json"
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                shown = str(json.load(error)["detail"])
                raise LegacyError(error.code, shown, error.headers["content-type"]) from None

    def _request(self, method: str, path: str, body: dict[str, Any] | None) -> urllib.request.Request:
        content = json.dumps(body).encode() if body is not None else None
        return urllib.request.Request(self._base + path, content, self._headers, method=method)


def _events(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for block in text.replace("\r\n", "\n").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line and not line.startswith(":"))
        if "event" in fields:
            yield fields["event"], json.loads(fields["data"])
