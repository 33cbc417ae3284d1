"""What of an error reaches the log of a process: its kind and its place, never its words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.support.service import ROOT

# A task of a part fails and nobody looks at it; then a callback does, with words in its arguments.
FAILING = """
import asyncio, gc, logging, os, signal
from contextlib import asynccontextmanager
from server import logs, roles, supervisor
from server.settings import Role, load_settings
from server.wiring import api

async def say(words):
    raise ValueError(words)

def call(words):
    raise KeyError(words)

async def fail():
    task = asyncio.create_task(say("I want to hurt myself"))
    await asyncio.wait({task})
    del task
    gc.collect()
    called = asyncio.Event()
    asyncio.get_running_loop().call_soon(call, "I want to hurt myself")
    asyncio.get_running_loop().call_soon(called.set)
    await called.wait()
    try:
        await say("I want to hurt myself")
    except ValueError as error:
        logging.getLogger("nats.aio.client").error("nats: encountered error", exc_info=error)
    os.kill(os.getpid(), signal.SIGTERM)

@asynccontextmanager
async def running(*given, **named):
    await fail()
    yield

async def run(self, **named):
    await fail()
    return 0

async def in_api():
    application = api.build_api(load_settings())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: None)
    async with application.router.lifespan_context(application):
        await fail()

roles._running = running
supervisor.Supervisor.run = run
"""

PARTS = {
    "worker": "roles.run_role(Role.WORKER, load_settings())",
    "relay": "roles.run_role(Role.RELAY, load_settings())",
    "api": "logs.configure('info', 'api'); asyncio.run(in_api())",
    "supervisor": "logs.configure('info', 'supervisor'); asyncio.run(supervisor.serve(load_settings()))",
}


@pytest.mark.parametrize("part", PARTS)
def test_a_failure_that_nobody_waited_for_is_logged_by_kind_and_place(part: str, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FAILING) + PARTS[part]],
        cwd=ROOT,
        env={**os.environ, "CASENOTE_HOME": str(tmp_path), "NATS_URL": "nats://127.0.0.1:1"},
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )

    assert "hurt" not in ended.stderr
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    unseen = [line for line in lines if line["event"] == "something failed that nobody waited for"]
    assert [(line["error"].split(" at ")[0], line.get("detail")) for line in unseen] == [
        ("ValueError", "say"),
        ("KeyError", None),
    ]
    assert all(line["role"] == part and " at <string>:" in line["error"] for line in unseen)
