"""What the page for clinic engineers shows is run as it stands there."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path

from nats_waiting import connected

from events.broker import Delivery
from events.contracts import (
    UPDATED_TYPE,
    NoteUpdatedData,
    encode_event,
    new_event,
    read_session_event,
    updated_subject,
)
from events.embedded import EmbeddedNats
from events.outcome import Ack, Outcome, Reject

PAGE = Path(__file__).parents[3] / "docs" / "events.md"
PUBLISH, READ, DEAD = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)


async def run(code: str, nats: EmbeddedNats) -> str:
    """What the example prints. It runs in a process of its own, with the address that ``casenote nats-url`` gives."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        code,
        env={**os.environ, "CLINIC_NATS": nats.clinic_url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(20):
        out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return out.decode()


async def test_the_example_that_publishes_a_session_sends_what_the_product_reads(nats: EmbeddedNats) -> None:
    came: asyncio.Queue[Delivery] = asyncio.Queue()

    async def keep(delivery: Delivery) -> Outcome:
        await came.put(delivery)
        return Ack()

    async with connected(nats) as broker:
        broker.consume("worker", "SESSIONS", keep)
        assert await run(PUBLISH, nats) == "stored in SESSIONS\n"
        async with asyncio.timeout(5):
            delivery = await came.get()

    event = read_session_event(delivery.subject, delivery.payload, delivery.headers)
    assert event.data.session_id == 42
    # Without it nobody who signs in would see the session.
    assert event.data.therapist_id == "3"
    assert json.loads(delivery.payload)["id"] == delivery.headers["Nats-Msg-Id"]


async def test_the_example_that_reads_changes_shows_what_the_product_sends(nats: EmbeddedNats) -> None:
    data = NoteUpdatedData(
        session_id=42,
        patient_id=7,
        version=1,
        status="draft",
        change="generated",
        is_ai_generated=True,
        edited_from_ai=False,
        href="/sessions/42/notes",
    )
    payload, headers = encode_event(new_event(UPDATED_TYPE, data, source="/casenote", subject="42"))
    async with connected(nats) as broker:
        await broker.publish(updated_subject(42), payload, headers)

    assert await run(READ, nats) == "session 42 version 1 generated -> /sessions/42/notes\n"


async def test_the_example_that_reads_dead_letters_shows_the_reason(nats: EmbeddedNats) -> None:
    async def reject(delivery: Delivery) -> Outcome:
        return Reject("data.session_id: Input should be a valid integer")

    async with connected(nats) as broker:
        broker.consume("worker", "SESSIONS", reject)
        await run(PUBLISH, nats)
        printed = await run(DEAD, nats)

    assert printed == "dead.sessions.42.closed after 1 attempts: data.session_id: Input should be a valid integer\n"
