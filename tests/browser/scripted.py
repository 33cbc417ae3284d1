"""The real HTTP application and worker in this process with a model that says what a test wants it to say."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from models.engine.scripted import ScriptedEngine
from tests.support.api import running_api
from tests.support.service import eventually, free_port
from tests.support.transcripts import SHORT_SESSION

WEB = Path(__file__).resolve().parents[2] / "web" / "dist"


@contextlib.contextmanager
def scripted_service(
    folder: Path, script: Mapping[str, str], *, step_seconds: float = 0.0, **changes: Any
) -> Iterator[str]:
    """The address of a service whose model writes ``script``, texts by section id, and takes ``step_seconds`` for each
    step of it. ``changes`` are settings."""
    port = free_port()
    servers: list[uvicorn.Server] = []

    async def serve() -> None:
        async with running_api(
            folder, engine=ScriptedEngine(script, delay=step_seconds), web=WEB, api_port=port, **changes
        ) as api:
            config = uvicorn.Config(api.app, host="127.0.0.1", port=port, log_config=None, lifespan="off")
            servers.append(uvicorn.Server(config))
            await servers[0].serve()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="scripted-service", daemon=True)
    thread.start()
    eventually(lambda: bool(servers) and servers[0].started, within=60, what="a service with a scripted model")
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        servers[0].should_exit = servers[0].force_exit = True
        thread.join(30)


@contextlib.contextmanager
def slowly_scripted_session(folder: Path, script: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """The address of such a service whose model takes half a second for each step, and a session there whose note is
    not written yet."""
    with (
        scripted_service(folder, script, step_seconds=0.5) as base,
        httpx.Client(base_url=base, timeout=60, trust_env=False) as http,
    ):
        body = {"patient_id": 81, "original_transcription": SHORT_SESSION}
        yield base, int(http.post("/sessions/", json=body).json()["session"]["id"])
