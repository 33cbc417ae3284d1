"""What other workers have in hand, watched until nobody waits for it."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from events import unsettled
from events.connection import Connection
from events.dispatch import Dispatcher
from events.provision import Progress
from events.streams import ConsumerSettings
from events.unsettled import SettledHere, Unsettled
from tests.unit.events.virtual_time import run_in_virtual_time


class Expecting:
    """As much of a dispatcher as is told here."""

    def expect(self, subject: str, sequence: int) -> None: ...

    def settled(self, floor: int) -> None: ...


def test_a_watch_that_begins_after_the_time_of_what_was_expected_lets_others_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def in_hand(*_: Any) -> Progress:
        return Progress(floor=0, delivered=1, waiting=0, in_hand=1)

    async def subject(*_: Any) -> str:
        return "sessions.1.segment"

    monkeypatch.setattr(unsettled, "durable_progress", in_hand)
    monkeypatch.setattr(unsettled, "subject_at", subject)

    async def scenario() -> bool:
        connection = cast(Connection, None)
        watched = Unsettled(
            "SESSIONS", "worker", cast(Dispatcher, Expecting()), ConsumerSettings(ack_wait=5.0), SettledHere()
        )
        await watched.expect_all(connection)
        await asyncio.sleep(60.0)  # the connection is away that long

        watch = asyncio.create_task(watched.watch(connection))
        await asyncio.sleep(1.0)
        watch.cancel()
        return True

    assert run_in_virtual_time(scenario())
