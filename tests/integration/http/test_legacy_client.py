"""A legacy client, which knows contract 3.1 and nothing else, at work over real HTTP."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import httpx
import pytest

from models.engine.scripted import ScriptedEngine
from tests.support.api import SCRIPT, SECRET, running_api, token_of
from tests.support.legacy_client import LegacyClient, LegacyError
from tests.support.live import served
from tests.support.transcripts import SHORT_SESSION


def work(client: LegacyClient) -> None:
    """What a therapist does in a day: create, generate, edit, regenerate, summarise."""
    first = client.create_session(7, SHORT_SESSION)
    second = client.create_session(7, SHORT_SESSION)
    assert (first["session_number"], second["session_number"]) == (1, 2)

    written = client.generate_notes(first["id"])
    assert written["generated_notes"].startswith("**Chief Complaint:**")
    assert written["can_edit"] is True
    with pytest.raises(LegacyError, match="Notes already exist"):
        client.generate_notes(first["id"])

    saved = client.save_notes(first["id"], written["generated_notes"] + "\n\nAdded by hand.", is_ai=True)
    assert saved["notes_metadata"] == {"is_ai_generated": True, "edited_from_ai": True}
    session = client.session(first["id"])
    assert session["notes"].endswith("Added by hand.")
    assert session["notes_metadata"]["last_edited_at"] is not None

    again = client.generate_notes(first["id"], regenerate=True)
    session = client.session(first["id"])
    assert session["notes"] == again["generated_notes"]
    assert session["notes_metadata"]["edited_from_ai"] is False

    by_hand = client.save_notes(second["id"], "All by hand.")
    assert by_hand["notes_metadata"] == {"is_ai_generated": False, "edited_from_ai": False}

    overview = client.summarise(7)
    assert overview["success"] is True
    assert overview["session_count"] == 2
    assert overview["summary"].startswith("**Latest Session:**")
    assert len(overview["key_points"]) <= 5
    assert [one["id"] for one in client.sessions_of(7)] == [second["id"], first["id"]]


def meet_refusals(client: LegacyClient) -> None:
    short = client.create_session(8, "Too short.")
    for call, status, detail in (
        (lambda: client.generate_notes(short["id"]), 400, "Session transcription is too short for summarization"),
        (lambda: client.generate_notes(987654), 404, "Session not found"),
        (lambda: client.session(987654), 404, "Session not found"),
    ):
        with pytest.raises(LegacyError) as refusal:
            call()
        assert (refusal.value.status, refusal.value.detail) == (status, detail)
    assert client.summarise(99) == {"success": False, "message": "No sessions found for this patient"}
    assert client.health()["database"] == "connected"


async def test_a_legacy_client_does_its_work(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api, served(api.app) as port:
        client = LegacyClient(f"http://127.0.0.1:{port}")
        await asyncio.to_thread(work, client)
        await asyncio.to_thread(meet_refusals, client)


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
