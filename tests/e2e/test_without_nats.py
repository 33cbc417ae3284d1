"""A clinic's NATS that is away: reading and editing go on, and what was closed meanwhile is told when it is back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clinic import Clinic
from tests.support.nats_server import NatsServer
from tests.support.service import Service, eventually, running_service
from tests.support.transcripts import SHORT_SESSION


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    server = NatsServer(tmp_path / "nats")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def service(tmp_path: Path, nats_server: NatsServer) -> Iterator[Service]:
    with running_service(tmp_path / "service", NATS_URL=nats_server.url) as running:
        yield running


def test_sessions_closed_while_nats_is_away_are_announced_when_it_is_back(
    service: Service, nats_server: NatsServer
) -> None:
    earlier = service.create(SHORT_SESSION)
    service.close(earlier)
    service.note_of(earlier)

    nats_server.kill()
    session_id = service.create(SHORT_SESSION)
    service.close(session_id)
    edited = service.http.put(f"/sessions/{earlier}/notes", json={"notes": "By hand, while NATS was away."})
    read = service.http.get(f"/sessions/{earlier}")
    nats_server.start()

    assert edited.status_code == 200
    assert read.json()["session"]["notes"] == "By hand, while NATS was away."
    service.note_of(session_id)
    changes = eventually(lambda: _changes(nats_server, earlier, 2), what="both events of the edited note")
    assert changes == ["generated", "edited"]
    assert eventually(lambda: _changes(nats_server, session_id, 1), what="the event of the new note") == ["generated"]


def _changes(server: NatsServer, session_id: int, least: int) -> list[str]:
    async def collect() -> list[str]:
        async with Clinic(server.url) as clinic:
            return [update["data"]["change"] for update in await clinic.updates(session_id)]

    changes = asyncio.run(collect())
    return changes if len(changes) >= least else []
