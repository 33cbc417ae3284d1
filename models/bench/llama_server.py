"""llama-server on the same sessions: its own defaults but for threads and context, driven over HTTP."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.engine.environment import engine_environment
from models.errors import ModelLoadError

__all__ = ["ServerNote", "closed_cold", "closed_warm", "running_server", "together"]

_START_SECONDS = 180.0
_ANSWER_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class ServerNote:
    """Seconds from the request to the first text and to the end, processor seconds likewise, and the tokens that
    came."""

    first: float
    total: float
    work_first: float
    work_total: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    port: int
    pid: int

    def post(self, **body: Any) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/completion",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        return urllib.request.urlopen(request, timeout=_ANSWER_SECONDS)

    def work(self) -> float:
        """Processor seconds that it has used so far, of all threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_bytes(self) -> int:
        """The most memory it has held so far."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii", errors="replace")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024


@contextmanager
def running_server(binary: Path, model: Path, *, threads: int, n_ctx: int, slots: int = 1) -> Iterator[Server]:
    """Raises ``ModelLoadError`` when it does not answer in time."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        str(binary),
        "-m",
        str(model),
        "--port",
        str(port),
        "-t",
        str(threads),
        "-c",
        str(n_ctx),
        "-np",
        str(slots),
    ]
    # The same as the engine has, so that the two are compared alike.
    environment = engine_environment(os.environ)
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(process, port)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(20)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise ModelLoadError(
        f"{process.args!r} did not answer" if process.poll() is None else "llama-server ended at start"
    )


def closed_cold(server: Server, prompt: str, tokens: int, slot: int = 0) -> ServerNote:
    """The whole prompt in one request, streamed."""
    begun, work = time.perf_counter(), server.work()
    first, work_first, count = 0.0, 0.0, 0
    with server.post(
        prompt=prompt, n_predict=tokens, stream=True, cache_prompt=True, ignore_eos=True, temperature=0, id_slot=slot
    ) as answer:
        for line in answer:
            if not line.startswith(b"data: "):
                continue
            count += 1
            if not first:
                first, work_first = time.perf_counter() - begun, server.work() - work
            if json.loads(line[6:]).get("stop"):
                break
    total, work_total = time.perf_counter() - begun, server.work() - work
    return ServerNote(first, total, work_first, work_total, count - 1)


def closed_warm(server: Server, prompt: str, known: list[str], tokens: int, slot: int = 0) -> ServerNote:
    """The prompt after the growing beginnings ``known`` of it were computed with ``n_predict: 0``."""
    warm(server, known, slot)
    return closed_cold(server, prompt, tokens, slot)


def warm(server: Server, known: list[str], slot: int) -> None:
    for prefix in known:
        with server.post(prompt=prefix, n_predict=0, cache_prompt=True, id_slot=slot) as answer:
            answer.read()


def together(server: Server, prompts: list[str], known: list[list[str]], tokens: int) -> tuple[list[ServerNote], float]:
    """Several sessions, pre-warmed each in a slot of its own, that close at once. Returns the seconds of all."""
    for slot, prefixes in enumerate(known):
        warm(server, prefixes, slot)
    begun = time.perf_counter()
    with ThreadPoolExecutor(len(prompts)) as pool:
        notes = list(pool.map(lambda slot: closed_cold(server, prompts[slot], tokens, slot), range(len(prompts))))
    return notes, time.perf_counter() - begun
