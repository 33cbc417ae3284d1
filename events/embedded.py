"""The embedded NATS server: a child process with JetStream in the data folder, on loopback, with credentials.

The port is kept from start to start, so that addresses given to clinic systems stay good. Nothing of it shows in the
terminal: it logs to ``logs/nats.log`` in the data folder.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
from pathlib import Path
from typing import IO

from events.embedded_config import HOST, Credentials, load_credentials, render_config, write_private
from events.errors import EmbeddedNatsError
from events.server_process import answers, dies_with_parent, end_left_over, find_program, free_port, port_is_free
from events.store_faults import StoreFaults, can_write

logger = logging.getLogger(__name__)

START_TIMEOUT = 30.0  # a big store is read before the first connection is taken
STOP_TIMEOUT = 10.0
PORT_TRIES = 3


class EmbeddedNats:
    """One per data folder at a time. ``start`` may be called again after the child has ended: then it comes back at the
    same address, or ``start`` raises."""

    def __init__(self, home: Path) -> None:
        self._folder = home.absolute() / "nats"
        self._log = home.absolute() / "logs" / "nats.log"
        self._config = self._folder / "nats.conf"
        self._state = self._folder / "server.json"
        self._credentials: Credentials | None = None
        self._port = 0
        self._told = False  # whether somebody may hold the address of this port
        self._process: asyncio.subprocess.Process | None = None
        self._lock: IO[str] | None = None
        self._faults = StoreFaults(self._log)
        self._faulty = False

    @classmethod
    def stored_url(cls, home: Path) -> str:
        """The product's own address of the server that runs in a data folder, from another process of the same user.
        Raises ``EmbeddedNatsError`` when none has run there."""
        server = cls(home)
        if not (server._folder / "credentials.json").exists():
            raise EmbeddedNatsError(f"no embedded NATS server has run in {home}")
        server._credentials = load_credentials(server._folder / "credentials.json")
        _, server._port = server._read_state()
        return server.url

    @property
    def url(self) -> str:
        """The address for the product, with its credentials; known after ``start``."""
        return self._url("casenote")

    @property
    def clinic_url(self) -> str:
        """The address for clinic systems on this machine, with theirs."""
        return self._url("clinic")

    @property
    def port(self) -> int:
        return self._port

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    @property
    def returncode(self) -> int | None:
        """None while the child runs, and before the first start."""
        return None if self._process is None else self._process.returncode

    async def start(self) -> None:
        """Returns when the server answers. Raises ``EmbeddedNatsError``."""
        program = find_program()
        self._make_folders()
        self._take_lock()
        try:
            self._credentials = load_credentials(self._folder / "credentials.json")
            left_over, port = self._read_state()
            self._port = self._port if self._told else port
            if left_over and await asyncio.to_thread(end_left_over, left_over, self._config):
                logger.warning("ended the nats-server that an earlier run had left")
            for _ in range(PORT_TRIES):
                self._choose_port()
                if await self._run(program):
                    self._told = True
                    return
            raise EmbeddedNatsError(f"nats-server found no free port on {HOST}")
        except OSError as error:
            await self._end()
            raise EmbeddedNatsError(
                f"nats-server cannot be started in {self._folder.parent} ({error.strerror or type(error).__name__})"
            ) from error
        except BaseException:
            await self._end()
            raise

    async def stop(self) -> None:
        """Ends the child: gently, then not."""
        self._told = False
        await self._end()

    async def mend(self) -> bool:
        """Ends the child, for the caller to start it again, when it failed to write and the disk takes writes again.
        True when it was ended: a stream that failed once would refuse every message until then."""
        self._faulty = self._faulty or await asyncio.to_thread(self._faults.told)
        if not self._faulty or not await asyncio.to_thread(can_write, self._folder):
            return False
        self._faulty = False
        await self._end_child()
        return True

    async def _end(self) -> None:
        await self._end_child()
        self._release_lock()

    async def _end_child(self) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
                try:
                    async with asyncio.timeout(STOP_TIMEOUT):
                        await process.wait()
                except TimeoutError:
                    logger.warning("nats-server did not end in %.0f s and is killed", STOP_TIMEOUT)
                    process.kill()
            await process.wait()

    async def wait(self) -> int:
        """The child's exit code, once it has ended. Raises RuntimeError before ``start``."""
        if self._process is None:
            raise RuntimeError("the embedded NATS server was not started")
        return await self._process.wait()

    async def _run(self, program: Path) -> bool:
        """Starts the child and waits for it; False when its port was taken in the meantime."""
        assert self._credentials is not None
        store = self._folder / "jetstream"
        write_private(self._config, render_config(self._credentials, port=self._port, store=store, log=self._log))
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                str(program),
                "--config",
                str(self._config),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Its own group: an interrupt at the terminal must reach the supervisor alone, which ends its children
                # in order.
                start_new_session=True,
                preexec_fn=dies_with_parent(),
            )
        write_private(self._state, json.dumps({"pid": self._process.pid, "port": self._port}) + "\n")
        deadline = asyncio.get_running_loop().time() + START_TIMEOUT
        while asyncio.get_running_loop().time() < deadline:
            if self._process.returncode is not None:
                if not port_is_free(HOST, self._port):
                    return False
                raise EmbeddedNatsError(f"nats-server ended at its start: {self._last_words()}")
            if await answers(HOST, self._port, "casenote", self._credentials.casenote):
                return True
            await asyncio.sleep(0.02)
        raise EmbeddedNatsError(f"nats-server did not answer in {START_TIMEOUT:.0f} s; see {self._log}")

    def _choose_port(self) -> None:
        """The port of last time, or a free one. Not while others hold the address: they could not find it again."""
        if self._port and port_is_free(HOST, self._port):
            return
        if self._told:
            raise EmbeddedNatsError(f"port {self._port} on {HOST} was taken while nats-server was down: free it")
        self._port = free_port(HOST)

    def _make_folders(self) -> None:
        try:
            for folder in (self._folder, self._log.parent):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.chmod(0o700)
            probe = self._folder / ".writable"
            probe.touch()
            probe.unlink()
            self._log.touch(mode=0o600)
        except OSError as error:
            raise EmbeddedNatsError(
                f"the data folder {self._folder.parent} cannot be written to ({error.strerror}): "
                "make it writable, or set CASENOTE_HOME to a folder that is"
            ) from error

    def _take_lock(self) -> None:
        """A lock of the process: it goes with it, and no child inherits it."""
        if self._lock is not None:
            return
        file = (self._folder / "lock").open("a")
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise EmbeddedNatsError(
                f"another Casenote runs on the data folder {self._folder.parent}: stop it, or set CASENOTE_HOME to a "
                "folder of its own"
            ) from error
        self._lock = file

    def _release_lock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _read_state(self) -> tuple[int, int]:
        """The process and the port of the last start; zeros when unknown."""
        try:
            body = json.loads(self._state.read_text())
            return int(body["pid"]), int(body["port"]) if 0 < int(body["port"]) < 65_536 else 0
        except (OSError, ValueError, KeyError, TypeError):
            return 0, 0

    def _last_words(self) -> str:
        with self._log.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 2_000))
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def _url(self, user: str) -> str:
        if self._credentials is None:
            raise RuntimeError("the embedded NATS server was not started")
        return self._credentials.url(user, self._port)
