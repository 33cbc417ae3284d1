"""``casenote serve``: every part of the product as supervised child processes of this one.

Children that end are started again, with growing delays; one that says it cannot run with these settings ends all.
Children die with this process, however it dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from events.embedded import EmbeddedNats
from events.errors import EmbeddedNatsError
from events.server_process import dies_with_parent
from models.engine.environment import engine_environment
from server import logs
from server.db import migrate
from server.db.database import Database
from server.errors import SettingsError
from server.existing import NEWER
from server.settings import Role, Settings, shown_address
from server.wiring.model import model_of
from server.wiring.shared import formats_of

# The exit code of a role that cannot run with these settings: starting it again would not help.
EXIT_UNUSABLE = 78

_ENDS_WITHIN = 30.0
_FIRST_DELAY, _LONGEST_DELAY = 0.2, 10.0
# A child that ran this long is not one that cannot start.
_STEADY = 30.0
# How often the embedded server's store is looked at.
_LOOK_EVERY = 2.0
CLINIC_FILE = "clinic-nats-url"
CHILDREN_FILE = "processes.json"


class Child:
    """One supervised process."""

    def __init__(self, name: str, command: list[str], environment: Mapping[str, str], log: Path | None) -> None:
        self.name = name
        self._log = log
        self.process: asyncio.subprocess.Process | None = None
        self._command = command
        self._environment = dict(environment)
        self._ending = False

    async def run(self, on_start: Callable[[], None]) -> int:
        """Keeps the process running until ``end``; returns early with its exit code when it cannot run at all."""
        delay = _FIRST_DELAY
        while not self._ending:
            began = time.monotonic()
            with contextlib.ExitStack() as stack:
                log = stack.enter_context(self._log.open("ab")) if self._log else None
                self.process = await asyncio.create_subprocess_exec(
                    *self._command,
                    env=self._environment,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=dies_with_parent(),
                )
            on_start()
            code = await self.process.wait()
            if self._ending or code == EXIT_UNUSABLE:
                return code
            delay = _FIRST_DELAY if time.monotonic() - began > _STEADY else min(delay * 2, _LONGEST_DELAY)
            structlog.get_logger().warning("a process ended", error=self.name, exit_code=code, delay=delay)
            await asyncio.sleep(delay)
        return 0

    async def end(self) -> None:
        """Asks the process to end, and makes it after a while."""
        self._ending = True
        process = self.process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _ENDS_WITHIN)
            except TimeoutError:
                process.kill()
                await process.wait()


def check_data_folder(home: Path) -> None:
    """Raises ``SettingsError`` unless the data folder is there and can be written to."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = home / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise SettingsError(
            f"CASENOTE_HOME is {str(home)!r}: it cannot be written to ({error.strerror}); "
            "it must be a folder that this user may write to"
        ) from error


def check_port(settings: Settings) -> None:
    """Raises ``SettingsError`` when something else listens where the API should."""
    family = socket.AF_INET6 if ":" in settings.api_host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.api_host, settings.api_port))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise SettingsError(
                    f"API_HOST is {settings.api_host!r}: it cannot be listened on ({error.strerror}); "
                    "it must be an address of this machine"
                ) from error
            raise SettingsError(
                f"API_PORT is {settings.api_port}: {settings.api_host}:{settings.api_port} cannot be listened on "
                f"({error.strerror}); stop what uses it or choose another port"
            ) from error


async def wait_for_port(settings: Settings, seconds: float = 5.0) -> None:
    """As ``check_port``, with patience for a process of an earlier run that is just ending."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return check_port(settings)
        except SettingsError:
            if time.monotonic() >= deadline:
                raise
            await asyncio.sleep(0.1)


async def prepare_database(settings: Settings) -> None:
    """Brings the database to this release's schema. Raises ``SettingsError`` when it cannot be reached."""
    try:
        database = Database(settings.database)
        try:
            await migrate.upgrade(database)
        finally:
            await database.close()
    except migrate.NewerSchemaError:
        raise SettingsError(f"DATABASE_URL is {shown_address(settings.database)}: {NEWER}") from None
    except Exception as error:
        named = shown_address(settings.database)
        raise SettingsError(
            f"DATABASE_URL is {named}: the database cannot be used ({type(error).__name__}); "
            "check that it exists, that it can be written to, and that user and password are right"
        ) from error


class Supervisor:
    """The service. ``run`` ends when told by a signal, or with the reason why it cannot run."""

    def __init__(self, settings: Settings, *, log: Path | None = None) -> None:
        """``log`` takes what the parts log, instead of standard error."""
        self._settings = settings
        self._log = log
        self._children: list[Child] = []
        self._told = asyncio.Event()

    def stop(self) -> None:
        self._told.set()

    async def run(self, *, on_ready: Callable[[], None] | None = None) -> int:
        """Starts everything and stays. Raises ``SettingsError`` when it cannot start."""
        settings = self._settings
        check_data_folder(settings.casenote_home)
        if self._log is not None:
            self._log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if Role.API in settings.roles and settings.api_port:
            await wait_for_port(settings)
        formats_of(settings)
        if Role.WORKER in settings.roles:
            model_of(settings)
        await prepare_database(settings)
        async with self._nats() as nats_url:
            environment = self._environment(nats_url)
            for role in settings.roles:
                command = [sys.executable, "-m", "server", "role", role.value]
                told = engine_environment(environment) if role is Role.WORKER else environment
                self._children.append(Child(role.value, command, told, self._log))
            tasks = {asyncio.create_task(child.run(self._note_processes)): child for child in self._children}
            if on_ready is not None:
                on_ready()
            ended = await self._wait(tasks)
            await asyncio.gather(*(child.end() for child in self._children))
            for task in tasks:
                if not task.done():
                    task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return ended

    async def _wait(self, tasks: Mapping[asyncio.Task[int], Child]) -> int:
        told = asyncio.create_task(self._told.wait())
        done, _ = await asyncio.wait([told, *tasks], return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        for task, child in tasks.items():
            if task in done:
                structlog.get_logger().error("a part cannot run; stopping", error=child.name, exit_code=task.result())
                return task.result() or 1
        return 0

    def _environment(self, nats_url: str) -> dict[str, str]:
        return {
            **os.environ,
            "API_PORT": str(self._settings.api_port),
            "DATABASE_URL": self._settings.database,
            "NATS_URL": nats_url,
            "CASENOTE_HOME": str(self._settings.casenote_home.absolute()),
            "CASENOTE_WORKER_NAME": f"{os.uname().nodename}-{self._settings.casenote_home.absolute()}",
            "CASENOTE_SUPERVISED": "1",
        }

    @asynccontextmanager
    async def _nats(self) -> AsyncIterator[str]:
        """The address of NATS: the configured one, or that of a supervised server in the data folder."""
        if self._settings.nats_url:
            yield self._settings.nats_url
            return
        embedded = EmbeddedNats(self._settings.casenote_home)
        try:
            await embedded.start()
        except EmbeddedNatsError as error:
            raise SettingsError(f"NATS_URL is empty and the embedded server cannot run: {error}") from error
        tasks = [asyncio.create_task(self._keep(embedded)), asyncio.create_task(self._mend(embedded))]
        clinic = self._settings.casenote_home / CLINIC_FILE
        clinic.touch(mode=0o600)
        clinic.write_text(embedded.clinic_url)
        try:
            yield embedded.url
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await embedded.stop()

    async def _keep(self, embedded: EmbeddedNats) -> None:
        """Starts the embedded server again whenever it ends; it keeps its port. Whatever goes wrong, as a disk that
        takes no file, it is tried again: after the end of this nobody would."""
        while True:
            began = time.monotonic()
            code = await embedded.wait()
            structlog.get_logger().warning("a process ended", error="nats-server", exit_code=code)
            if time.monotonic() - began < _STEADY / 10:
                await asyncio.sleep(1.0)
            await self._start_again(embedded)
            self._note_processes()

    async def _start_again(self, embedded: EmbeddedNats) -> None:
        while True:
            try:
                return await embedded.start()
            except EmbeddedNatsError as error:
                structlog.get_logger().error("nats-server cannot be started again", detail=str(error))
            except Exception as error:
                structlog.get_logger().error("nats-server cannot be started again", error=type(error).__name__)
            await asyncio.sleep(_LONGEST_DELAY / 4)

    async def _mend(self, embedded: EmbeddedNats) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            try:
                mended = await embedded.mend()
            except Exception as error:
                structlog.get_logger().error("nats-server's store cannot be looked at", error=type(error).__name__)
                continue
            if mended:
                structlog.get_logger().warning("nats-server could not write to its disk, and can again: started anew")

    def _note_processes(self) -> None:
        """Leaves the process ids where an operator finds them; on a full disk those of before stay."""
        ids = {child.name: child.process.pid for child in self._children if child.process is not None}
        body = {"supervisor": os.getpid(), **ids}
        file = self._settings.casenote_home / CHILDREN_FILE
        draft = file.with_name(f"{file.name}.new")
        with contextlib.suppress(OSError):
            draft.write_text(json.dumps(body) + "\n")
            draft.replace(file)


async def serve(settings: Settings, *, on_ready: Callable[[], None] | None = None) -> int:
    """Runs the service until SIGTERM or SIGINT."""
    logs.watch_loop()
    supervisor = Supervisor(settings)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stop)
    return await supervisor.run(on_ready=on_ready)
