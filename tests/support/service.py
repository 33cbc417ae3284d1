"""The real service as child processes, for tests: its own data folder and port, and a way to end each part of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(look: Callable[[], T], *, within: float = 30.0, what: str = "it") -> T:
    """The first truthy result of ``look``; fails when none comes in time."""
    deadline = time.monotonic() + within
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come about within {within:.0f} s; last seen: {found!r}")
        time.sleep(0.02)


class Service:
    """``casenote serve`` on a free port. ``environment`` adds to the settings."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = home / "service.log"
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("CASENOTE_", "PHI3_", "EARLY_"))},
            "CASENOTE_HOME": str(home),
            "API_PORT": str(self.port),
            # Each service begins with nothing measured, and would measure beside its test.
            "PHI3_TUNE": "false",
            # Which silence is long enough to begin a note in would depend on how fast the test runs.
            "EARLY_NOTE_SECONDS": "0",
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.http = httpx.Client(base_url=self.base, timeout=120, trust_env=False)

    def start(self, *, ready: bool = True) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "server", "serve"], cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        if ready:
            self.wait_ready()

    def wait_ready(self, within: float = 90.0) -> dict[str, Any]:
        """Waits until the API answers and knows a worker with a model."""
        return eventually(self._ready, within=within, what="a service that is ready")

    def _ready(self) -> dict[str, Any] | None:
        assert self._process is None or self._process.poll() is None, self.log.read_text()[-3000:]
        with contextlib.suppress(httpx.HTTPError, ValueError):
            body: dict[str, Any] = self.http.get("/health", timeout=2).json()
            if body.get("model_loaded"):
                return body
        return None

    @property
    def processes(self) -> dict[str, int]:
        """The process ids of the parts, by name: ``supervisor``, ``api``, ``worker``, ``relay``, ``nats-server``."""
        ids: dict[str, int] = json.loads((self.home / "processes.json").read_text())
        with contextlib.suppress(OSError, ValueError):
            ids["nats-server"] = json.loads((self.home / "nats" / "server.json").read_text())["pid"]
        return ids

    def kill(self, part: str) -> None:
        """``kill -9`` of one part. The supervisor takes all others with it: that is waited for, so that none of them
        answers in place of its successor."""
        processes = self.processes
        os.kill(processes[part], signal.SIGKILL)
        if part == "supervisor" and self._process is not None:
            self._process.wait(20)
            eventually(lambda: not any(map(_lives, processes.values())), what="the end of all parts")

    @property
    def clinic_url(self) -> str:
        return (self.home / "clinic-nats-url").read_text()

    def stop(self) -> int | None:
        """Ends the service the gentle way; its exit code."""
        process = self._process
        if process is None:
            return None
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.http.close()
        return process.returncode

    # The calls of a clinic's system.

    def create(self, transcript: str | None = None, patient_id: int = 7, **fields: Any) -> int:
        body = {"patient_id": patient_id, "language": "english", "original_transcription": transcript, **fields}
        answer = self.http.post("/sessions/", json=body)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["session"]["id"])

    def close(self, session_id: int) -> httpx.Response:
        answer = self.http.post(f"/sessions/{session_id}/close")
        assert answer.status_code == 202, answer.text
        return answer

    def note(self, session_id: int) -> dict[str, Any] | None:
        answer = self.http.get(f"/sessions/{session_id}/notes")
        if answer.status_code == 404:
            return None
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def note_of(self, session_id: int, within: float = 240.0) -> dict[str, Any]:
        """The session's note once it is there."""
        return eventually(lambda: self.note(session_id), within=within, what=f"the note of session {session_id}")

    def revisions(self, session_id: int) -> list[dict[str, Any]]:
        answer = self.http.get(f"/sessions/{session_id}/notes/revisions")
        assert answer.status_code == 200, answer.text
        revisions: list[dict[str, Any]] = answer.json()["revisions"]
        return revisions


def _lives(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextlib.contextmanager
def running_service(home: Path, **environment: str) -> Iterator[Service]:
    service = Service(home, **environment)
    try:
        service.start()
        yield service
    finally:
        service.stop()
