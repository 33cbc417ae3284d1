"""A legacy client as the clinics have them: written from section 3.1 of the contract alone, on the standard library.

It knows ids as integers, reads the members that the contract names, and shows ``detail`` when something goes wrong.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any


class LegacyError(Exception):
    """What the service refused: its status, and the text that the client displays."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
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
        return dict(answer["session"])

    def session(self, session_id: int) -> dict[str, Any]:
        answer = self._call("GET", f"/sessions/{session_id}")
        assert answer["success"] is True
        return dict(answer["session"])

    def sessions_of(self, patient_id: int) -> list[dict[str, Any]]:
        answer = self._call("GET", f"/sessions/patient/{patient_id}")
        assert answer["success"] is True
        assert answer["count"] == len(answer["sessions"])
        return list(answer["sessions"])

    def generate_notes(self, session_id: int, *, regenerate: bool = False) -> dict[str, Any]:
        answer = self._call("POST", f"/sessions/{session_id}/generate-notes", {"regenerate": regenerate})
        assert answer["success"] is True
        assert answer["session_id"] == session_id
        return answer

    def save_notes(self, session_id: int, notes: str, *, is_ai: bool = False, edited: bool = False) -> dict[str, Any]:
        body = {"notes": notes, "is_ai_generated": is_ai, "edited_from_ai": edited}
        answer = self._call("PUT", f"/sessions/{session_id}/notes", body)
        assert answer["success"] is True
        assert answer["session_id"] == session_id
        return answer

    def summarise(self, patient_id: int) -> dict[str, Any]:
        return self._call("POST", "/summarize-sessions", {"patient_id": patient_id})

    def health(self) -> dict[str, Any]:
        return self._call("GET", "/health")

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        content = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self._base + path, content, self._headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                assert answer.status == 200
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                raise LegacyError(error.code, str(json.load(error)["detail"])) from None
