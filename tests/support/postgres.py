"""A PostgreSQL server of the test's own, from Debian's package."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from pathlib import Path

from tests.support.service import free_port

_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))


class PostgresServer:
    """In ``folder``, on loopback, without a password. PostgreSQL refuses to run as root: then its own user runs it."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._as_user: list[str] = []
        if os.getuid() == 0:
            user = pwd.getpwnam("postgres")
            self._as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]

    @property
    def url(self) -> str:
        return f"postgresql+asyncpg://casenote@127.0.0.1:{self.port}/casenote"

    def start(self) -> None:
        self._folder.mkdir(parents=True)
        if self._as_user:
            shutil.chown(self._folder, "postgres", "postgres")
            for parent in self._folder.parents[:4]:
                parent.chmod(parent.stat().st_mode | 0o011)
        self._run("initdb", "--auth=trust", "--username=casenote", "--no-sync", "-D", str(self._data))
        command = [
            *self._as_user, str(_program("postgres")), "-D", str(self._data), "-p", str(self.port),
            "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self._folder}", "-c", "fsync=off",
        ]  # fmt: skip
        self._process = subprocess.Popen(
            command, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 30
        while subprocess.run([_program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode:
            assert time.monotonic() < deadline, "PostgreSQL did not start"
            time.sleep(0.05)
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "casenote", "casenote")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as_user, str(_program(program)), *arguments]
        ended = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr


def _program(name: str) -> Path:
    found = next((folder / name for folder in reversed(_BINARIES) if (folder / name).exists()), None)
    assert found is not None, f"{name} is missing: install Debian's package postgresql"
    return found
