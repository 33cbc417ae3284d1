"""A clinic's set-up from the same parts: PostgreSQL, a NATS of its own, two API processes, a worker and a relay."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.support.clinic import Clinic
from tests.support.nats_server import NatsServer
from tests.support.postgres import PostgresServer
from tests.support.service import Service, eventually
from tests.support.stream import read_stream, shown
from tests.support.transcripts import SHORT_SESSION, sample_transcript


@dataclass(frozen=True)
class Topology:
    one: Service
    two: Service
    worker: Service
    nats: NatsServer


@pytest.fixture(scope="module")
def topology(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topology]:
    folder = tmp_path_factory.mktemp("topology")
    database, nats = PostgresServer(folder / "postgres"), NatsServer(folder / "nats")
    parts: list[Service] = []
    try:
        database.start()
        nats.start()
        shared = {"DATABASE_URL": database.url, "NATS_URL": nats.url}
        for name, roles in (("one", "api"), ("two", "api"), ("worker", "worker"), ("relay", "relay")):
            parts.append(Service(folder / name, CASENOTE_ROLES=roles, LEASE_SECONDS="3", **shared))
            parts[-1].start(ready=False)
        for api in parts[:2]:
            api.wait_ready()
        yield Topology(parts[0], parts[1], parts[2], nats)
    finally:
        for part in parts:
            part.stop()
        nats.kill()
        database.stop()


def test_what_is_closed_at_one_replica_is_streamed_alike_by_both(topology: Topology) -> None:
    session_id = topology.one.create(sample_transcript())
    topology.one.close(session_id)

    first = read_stream(topology.one.base, session_id)
    cut = len(first) // 2
    rest = read_stream(topology.two.base, session_id, last_event_id=first[cut].id)

    assert [(event.id, event.data) for event in rest] == [(event.id, event.data) for event in first[cut + 1 :]]
    assert topology.two.note_of(session_id)["text"] == shown(first).note["text"]  # type: ignore[index]


def test_a_worker_that_dies_is_followed_by_the_whole_note(topology: Topology) -> None:
    session_id = topology.one.create(sample_transcript("panic-on-the-train"))
    topology.one.close(session_id)
    read_stream(topology.two.base, session_id, at_most=4)

    topology.worker.kill("worker")

    note = topology.two.note_of(session_id)
    assert note["version"] == 1
    assert len(topology.one.revisions(session_id)) == 1


def test_every_change_is_announced_once_and_in_order(topology: Topology) -> None:
    session_id = topology.two.create(SHORT_SESSION)
    topology.two.close(session_id)
    topology.one.note_of(session_id)
    for number in range(3):
        topology.one.http.put(f"/sessions/{session_id}/notes", json={"notes": f"Edited, {number}."})

    def told() -> list[int]:
        async def collect() -> list[int]:
            async with Clinic(topology.nats.url) as clinic:
                return [update["data"]["version"] for update in await clinic.updates(session_id)]

        versions = asyncio.run(collect())
        return versions if len(versions) >= 4 else []

    assert eventually(told, what="four update events") == [1, 2, 3, 4]


def test_sessions_that_bring_their_own_ids_do_not_meet_those_of_the_database(topology: Topology) -> None:
    async def close(session_id: int) -> None:
        async with Clinic(topology.nats.url) as clinic:
            await clinic.close_session(session_id, SHORT_SESSION, event_id=f"own-{session_id}")

    own = topology.one.create(SHORT_SESSION) + 1
    asyncio.run(close(own))
    topology.one.note_of(own)

    assert topology.one.create(SHORT_SESSION) == own + 1
