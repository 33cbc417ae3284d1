"""How a stream ends when there is no note to end it: a problem document for each way a generation can fail."""

from __future__ import annotations

from typing import Any

_PROBLEMS = {
    "cancelled": ("Generation cancelled", 409, "The generation was cancelled; the note is as it was before."),
    "deadline": ("Generation took too long", 504, "The model took longer than it may; the note is as it was before."),
    "too_long": ("Session too long", 503, "The session could not be made to fit the model's context."),
    "too_short": ("Session too short", 400, "Session transcription is too short for summarization"),
    "overloaded": ("Too many generations", 503, "Too many notes wait to be written; try again in half a minute."),
    "signed": ("Note signed meanwhile", 409, "The note was signed while it was being written; it stays as signed."),
}
_OTHER = ("Generation failed", 503, "The model could not write the note; the note is as it was before.")


def failure_problem(reason: str) -> dict[str, Any]:
    """The problem document (RFC 9457) of a generation that ended with ``reason``."""
    title, status, detail = _PROBLEMS.get(reason, _OTHER)
    return {
        "type": f"/problems/generation-{reason.replace('_', '-')}",
        "title": title,
        "status": status,
        "detail": detail,
        "reason": reason,
    }
