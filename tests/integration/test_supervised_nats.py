"""The embedded NATS server under its supervisor, on a disk that takes no file for a while."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from events.embedded import EmbeddedNats
from events.errors import EmbeddedNatsError
from server.settings import load_settings
from server.supervisor import Supervisor


async def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, f"not true within {seconds} s"
        await asyncio.sleep(0.02)


def server_of(home: Path) -> tuple[int, int]:
    """Its process and its port."""
    body = json.loads((home / "nats" / "server.json").read_text())
    return body["pid"], body["port"]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    monkeypatch.setenv("CASENOTE_HOME", str(tmp_path))
    monkeypatch.delenv("NATS_URL", raising=False)
    return Supervisor(load_settings())


async def test_a_server_that_died_while_no_file_could_be_written_is_started_once_one_can(
    supervisor: Supervisor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with supervisor._nats():
        pid, port = server_of(tmp_path)
        # Where its configuration is written stands a folder: to the writer an error of the system, as a full disk is.
        (tmp_path / "nats" / "nats.conf.new").mkdir()
        os.kill(pid, signal.SIGKILL)
        await eventually(lambda: "cannot be started again" in capsys.readouterr().out)
        assert not listens(port)

        (tmp_path / "nats" / "nats.conf.new").rmdir()
        await eventually(lambda: listens(port))


async def test_a_log_that_cannot_be_read_does_not_end_the_look_after_the_store(
    supervisor: Supervisor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with supervisor._nats():
        pid, port = server_of(tmp_path)
        log = tmp_path / "logs" / "nats.log"
        log.rename(tmp_path / "aside.log")
        log.mkdir()
        (log / "entry").touch()
        await eventually(lambda: "cannot be looked at" in capsys.readouterr().out)

        (log / "entry").unlink()
        log.rmdir()
        log.write_text("[ERR] critical write error\n")
        await eventually(lambda: server_of(tmp_path)[0] != pid and listens(port))


async def test_a_first_start_without_room_says_so_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "nats" / "nats.conf.new").mkdir(parents=True)

    with pytest.raises(EmbeddedNatsError, match=r"nats-server cannot be started in .* \(Is a directory\)"):
        await EmbeddedNats(tmp_path).start()
