"""The NATS server of the compose file: its configuration is read by the real server, and its two users may what the
embedded server's may."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats as nats_client
import pytest
from nats.errors import Error
from nats_waiting import eventually

from events.embedded_config import Credentials, render_config
from events.jetstream import JetStreamBroker
from events.server_process import answers, dies_with_parent, find_program, free_port

CONFIG = Path(__file__).parents[3] / "docs" / "deployment" / "nats.conf"


@asynccontextmanager
async def composed_server(home: Path) -> AsyncIterator[int]:
    """The server with the file as it stands, but for where it listens and stores; its port."""
    port = free_port("127.0.0.1")
    told = CONFIG.read_text().replace("0.0.0.0:4222", f"127.0.0.1:{port}").replace("/data", str(home / "js"))
    (home / "nats.conf").write_text(told)
    process = await asyncio.create_subprocess_exec(
        str(find_program()),
        "-c",
        str(home / "nats.conf"),
        env={**os.environ, "NATS_PASSWORD": "product1", "NATS_CLINIC_PASSWORD": "clinic1"},
        stderr=asyncio.subprocess.DEVNULL,
        preexec_fn=dies_with_parent(),
    )
    try:
        await eventually(lambda: answers("127.0.0.1", port, "casenote", "product1"))
        yield port
    finally:
        process.terminate()
        await process.wait()


async def test_the_product_makes_its_streams_and_a_clinic_publishes_to_them_and_reads_no_tokens(tmp_path: Path) -> None:
    async with composed_server(tmp_path) as port:
        broker = JetStreamBroker([f"nats://casenote:product1@127.0.0.1:{port}"])
        await broker.start()
        clinic = await nats_client.connect(f"nats://clinic:clinic1@127.0.0.1:{port}")
        try:
            await eventually(lambda: broker.connected)
            stored = await clinic.jetstream().publish("sessions.1.closed", b"{}")
            with pytest.raises(Error):
                await clinic.jetstream().stream_info("TOKENS")
        finally:
            await clinic.close()
            await broker.stop()

    assert stored.stream == "SESSIONS"


def test_a_clinic_has_the_rights_that_the_embedded_server_gives_it() -> None:
    embedded = render_config(Credentials("a", "b"), port=1, store=Path("/s"), log=Path("/l"))

    assert rights(CONFIG.read_text()) == rights(embedded)


def rights(config: str) -> list[list[str]]:
    """The lists of subjects, in the order of the file: publish, never, subscribe."""
    permissions = config.partition("permissions:")[2]
    return [re.findall(r'"([^"]+)"', found) for found in re.findall(r"(?:allow|deny): \[([^\]]+)\]", permissions)]
