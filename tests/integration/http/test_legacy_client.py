"""A legacy client, which knows contract 3.1 and nothing else, at work over real HTTP."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import urllib.error
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.engine.api import EngineFailure
from models.engine.scripted import ScriptedEngine
from tests.support.api import SCRIPT, SECRET, running_api, token_of
from tests.support.legacy_client import LegacyClient, LegacyError
from tests.support.live import served
from tests.support.transcripts import SHORT_SESSION

HEADINGS = ("Chief Complaint", "Emotional State", "Risk", "Intervention", "Progress", "Plan")
OVERVIEW = (
    "Latest Session",
    "Chief Complaint",
    "Emotional State",
    "Risk Assessment",
    "Intervention",
    "Progress",
    "Plan",
)


def headings_of(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"^\*\*([^*]+):\*\*", text, re.MULTILINE))


def flags_of(session: dict[str, Any]) -> tuple[bool, bool]:
    metadata = session["notes_metadata"]
    return metadata["is_ai_generated"], metadata["edited_from_ai"]


def work(client: LegacyClient) -> None:
    """What a therapist does in a day: create, generate, edit, regenerate, summarise."""
    first = client.create_session(7, SHORT_SESSION)
    second = client.create_session(7, SHORT_SESSION)
    assert (first["session_number"], second["session_number"]) == (1, 2)
    assert (first["patient_id"], first["language"], first["duration"]) == (7, "english", 3000)
    assert (first["original_transcription"], first["notes"]) == (SHORT_SESSION, None)
    assert flags_of(first) == (False, False)

    written = client.generate_notes(first["id"])
    assert headings_of(written["generated_notes"]) == HEADINGS
    session = client.session(first["id"])
    assert session["notes"] == written["generated_notes"]
    assert flags_of(session) == (True, False)
    begun = datetime.fromisoformat(session["notes_metadata"]["generated_at"])
    assert session["notes_metadata"]["last_edited_at"] is None
    with pytest.raises(LegacyError, match=r"400: Notes already exist\. Set regenerate=true to overwrite\."):
        client.generate_notes(first["id"])

    mine = written["generated_notes"] + "\n\nAdded by hand."
    saved = client.save_notes(first["id"], mine, is_ai=True)
    assert saved["notes"] == mine
    assert saved["notes_metadata"] == {"is_ai_generated": True, "edited_from_ai": True}
    session = client.session(first["id"])
    assert (session["notes"], flags_of(session)) == (mine, (True, True))
    assert session["updated_at"] == saved["updated_at"]
    assert datetime.fromisoformat(session["notes_metadata"]["last_edited_at"]) >= begun

    again = client.generate_notes(first["id"], regenerate=True)
    session = client.session(first["id"])
    assert session["notes"] == again["generated_notes"]
    assert flags_of(session) == (True, False)
    assert datetime.fromisoformat(session["notes_metadata"]["generated_at"]) > begun

    by_hand = client.save_notes(second["id"], "All by hand.", is_ai=True, edited=True)
    assert by_hand["notes_metadata"] == {"is_ai_generated": False, "edited_from_ai": False}
    assert client.generate_without_body(client.create_session(9, SHORT_SESSION)["id"])["generated_notes"]

    overview = client.summarise(7)
    assert (overview["success"], overview["session_count"]) == (True, 2)
    assert headings_of(overview["summary"]) == OVERVIEW
    assert [one["id"] for one in client.sessions_of(7)] == [second["id"], first["id"]]
    assert client.sessions_of(12345) == []


def watch(client: LegacyClient) -> None:
    """The call that generates, answered as a stream."""
    session_id = client.create_session(7, SHORT_SESSION)["id"]
    events = client.watch_notes(session_id)
    names = [name for name, _ in events]
    assert set(names) >= {"status", "section", "token", "note"}
    assert events[-1][1]["text"] == client.session(session_id)["notes"]
    with pytest.raises(urllib.error.HTTPError) as refusal:
        client.watch_notes(session_id)
    with refusal.value as answer:
        assert answer.code == 400
        assert json.load(answer)["detail"] == "Notes already exist. Set regenerate=true to overwrite."


def meet_refusals(client: LegacyClient) -> None:
    short = client.create_session(8, "Too short.")
    padded = client.create_session(8, " " * 30 + "x" * 49 + " " * 30)
    too_short = (400, "Session transcription is too short for summarization")
    unknown = (404, "Session not found")
    for call, refused in (
        (lambda: client.generate_notes(short["id"]), too_short),
        (lambda: client.generate_notes(padded["id"]), too_short),
        (lambda: client.generate_notes(987654), unknown),
        (lambda: client.save_notes(987654, "x"), unknown),
        (lambda: client.session(987654), unknown),
    ):
        with pytest.raises(LegacyError) as refusal:
            call()
        assert (refusal.value.status, refusal.value.detail) == refused
    assert client.session(short["id"])["notes"] is None
    assert client.summarise(99) == {"success": False, "message": "No sessions found for this patient"}
    assert client.health()["database"] == "connected"


def fail(client: LegacyClient) -> None:
    """No model answers, and nothing may stand in for it."""
    session_id = client.create_session(7, SHORT_SESSION)["id"]
    client.save_notes(session_id, "By hand.")
    before = client.session(session_id)
    with pytest.raises(LegacyError) as refusal:
        client.generate_notes(session_id, regenerate=True)
    after = client.session(session_id)
    assert refusal.value.status == 503
    assert (after["notes"], after["notes_metadata"]) == (before["notes"], before["notes_metadata"])


async def test_a_legacy_client_does_its_work(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api, served(api.app) as port:
        client = LegacyClient(f"http://127.0.0.1:{port}")
        await asyncio.to_thread(work, client)
        await asyncio.to_thread(watch, client)
        await asyncio.to_thread(meet_refusals, client)


async def test_a_legacy_client_is_told_when_no_model_answers(tmp_path: Path) -> None:
    engine = ScriptedEngine({}, failures=dict.fromkeys(range(1, 9), EngineFailure.DECODE))
    async with running_api(tmp_path, engine=engine, allow_fallback=False) as api, served(api.app) as port:
        await asyncio.to_thread(fail, LegacyClient(f"http://127.0.0.1:{port}"))


async def test_a_legacy_client_does_its_work_with_a_token(tmp_path: Path) -> None:
    async with (
        running_api(tmp_path, script=SCRIPT, casenote_auth="jwt", auth_jwt_secret=SECRET) as api,
        served(api.app) as port,
    ):
        await asyncio.to_thread(work, LegacyClient(f"http://127.0.0.1:{port}", token_of("12")))
        with pytest.raises(LegacyError) as refusal:
            await asyncio.to_thread(LegacyClient(f"http://127.0.0.1:{port}").session, 1)
        assert refusal.value.status == 401


async def test_watchers_that_never_read_a_byte_slow_nobody_down(tmp_path: Path) -> None:
    long = {name: text * 60 for name, text in SCRIPT.items()}
    engine = ScriptedEngine(long, delay=0.001)
    async with running_api(tmp_path, engine=engine) as api, served(api.app) as port:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        await api.http.post(f"/sessions/{session_id}/close")
        path = f"/sessions/{session_id}/notes/stream"
        stalled = [socket.create_connection(("127.0.0.1", port)) for _ in range(5)]
        try:
            for one in stalled:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
                one.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as http:
                texts = [answer.text for answer in await asyncio.gather(*(http.get(path) for _ in range(10)))]
        finally:
            for one in stalled:
                one.close()

        assert all("event: note" in text for text in texts)
