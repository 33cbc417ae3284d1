"""Every change that a person makes, failed at every statement and every commit: it is refused with a problem, all is as
it was, and the same call goes through once the fault is over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from server.db.database import Database
from tests.support.api import RunningApi, running_api
from tests.support.faults import At, DatabaseFaults
from tests.support.inline_sqlite import inline_sqlite
from tests.support.transcripts import SHORT_SESSION

TABLES = ("sessions", "turns", "notes", "revisions", "generations", "outbox", "inbox", "digests")
Prepared = Callable[[RunningApi], Awaitable[int]]


async def empty(api: RunningApi) -> int:
    return await api.create()


async def spoken(api: RunningApi) -> int:
    return await api.create(original_transcription=SHORT_SESSION)


async def written(api: RunningApi) -> int:
    return await api.create(original_transcription=SHORT_SESSION, notes="**Plan:** Call on Friday.")


async def signed(api: RunningApi) -> int:
    session_id = await written(api)
    assert (await api.http.post(f"/sessions/{session_id}/notes/sign")).status_code == 200
    return session_id


async def waiting(api: RunningApi) -> int:
    session_id = await spoken(api)
    assert (await api.http.post(f"/sessions/{session_id}/close")).status_code == 202
    return session_id


NOTES = "/sessions/{id}/notes"
SEGMENTS = {"segments": [{"index": 0, "speaker": "client", "text": "I slept better."}]}
LATER = {"Prefer": "respond-async"}
CALLS: dict[str, tuple[Prepared, str, str, Any]] = {
    "create": (empty, "POST", "/sessions/", {"patient_id": 7, "notes": "Mine.", "original_transcription": "A: b"}),
    "segments": (empty, "POST", "/sessions/{id}/segments", SEGMENTS),
    "close": (spoken, "POST", "/sessions/{id}/close", None),
    "first text": (spoken, "PUT", NOTES, {"notes": "Mine."}),
    "text": (written, "PUT", NOTES, {"notes": "Mine."}),
    "sections": (written, "PUT", NOTES, {"sections": {"plan": "Call on Monday."}}),
    "sign": (written, "POST", f"{NOTES}/sign", {}),
    "unlock": (signed, "POST", f"{NOTES}/unlock", {"reason": "Wrong date"}),
    "addendum": (signed, "POST", f"{NOTES}/addenda", {"text": "Forgot to say."}),
    "generate": (spoken, "POST", "/sessions/{id}/generate-notes", {}),
    "regenerate": (written, "POST", "/sessions/{id}/generate-notes", {"regenerate": True}),
    "cancel": (waiting, "DELETE", f"{NOTES}/stream", None),
}


async def everything(database: Database) -> list[Any]:
    """All rows of all tables."""
    async with database.read() as db:
        return [(await db.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))).all() for table in TABLES]


async def call(api: RunningApi, name: str, session_id: int) -> httpx.Response:
    _, method, path, body = CALLS[name]
    return await api.http.request(method, path.replace("{id}", str(session_id)), json=body, headers=LATER)


@pytest.mark.parametrize("at", [At.STATEMENT, At.COMMIT])
@pytest.mark.parametrize("name", CALLS)
async def test_a_call_that_fails_at_any_point_changes_nothing(tmp_path: Path, name: str, at: At) -> None:
    with inline_sqlite():
        async with running_api(tmp_path) as api:
            faults = DatabaseFaults(api.parts.database)
            number, failed, changed = 0, 0, False
            session_id = await CALLS[name][0](api)
            while not changed:
                number += 1
                before = await everything(api.parts.database)
                faults.arm(at, number)
                answer = await call(api, name, session_id)
                faults.disarm()
                after = await everything(api.parts.database)
                changed = after != before
                if changed:
                    assert not faults.fired, "it was refused, and done all the same"
                    break
                assert answer.status_code == 503
                assert answer.headers["content-type"] == "application/problem+json"
                failed += 1
            assert failed >= (3 if at is At.STATEMENT else 1)
