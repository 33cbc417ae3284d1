"""Parts that die. After each fault every closed session has exactly one note, told of by exactly one event id."""

from __future__ import annotations

import asyncio
import random
import threading

import httpx
import pytest

from tests.support.clinic import Clinic
from tests.support.rounds import rounds
from tests.support.service import Service, eventually
from tests.support.stream import Event, read_stream, shown
from tests.support.transcripts import SHORT_SESSION, sample_transcript


def test_a_worker_killed_in_mid_note_is_followed_by_a_reset_and_the_whole_note(own_service: Service) -> None:
    chance = random.Random("worker")
    for _ in range(rounds(1, 20)):
        session_id = own_service.create(sample_transcript("panic-on-the-train"))
        own_service.close(session_id)
        seen: list[Event] = []
        reader = threading.Thread(target=lambda s=session_id, into=seen: into.extend(read_stream(own_service.base, s)))
        reader.start()
        read_stream(own_service.base, session_id, at_most=chance.randint(5, 60))

        own_service.kill("worker")
        reader.join(120)

        shows = shown(seen)
        note = own_service.note_of(session_id)
        assert shows.resets >= 1
        assert shows.note is not None
        assert {s["id"]: s["text"] for s in note["sections"]} == {
            section: text for section, text in shows.sections.items() if section != "summary"
        }
        assert len(own_service.revisions(session_id)) == 1
        eventually(lambda s=session_id: _update_ids(own_service, s), within=30, what="the update event")
        assert len(_update_ids(own_service, session_id)) == 1
        own_service.wait_ready()


@pytest.mark.parametrize("part", ["api", "relay", "nats-server", "supervisor"])
def test_every_session_has_one_note_after_a_part_was_killed(own_service: Service, part: str) -> None:
    chance = random.Random(part)
    for _ in range(rounds(1, 20)):
        ids = [own_service.create(SHORT_SESSION) for _ in range(3)]
        for session_id in ids:
            own_service.close(session_id)
        if chance.random() < 0.5:
            read_stream(own_service.base, ids[0], at_most=2)

        own_service.kill(part)
        if part == "supervisor":
            own_service.start(ready=False)
        own_service.wait_ready()

        for session_id in ids:
            own_service.note_of(session_id)
            assert len(own_service.revisions(session_id)) == 1
            eventually(lambda s=session_id: _update_ids(own_service, s), within=30, what="the update event")
            assert len(_update_ids(own_service, session_id)) == 1


def test_a_service_that_is_stopped_in_mid_note_writes_it_after_its_next_start(own_service: Service) -> None:
    session_id = own_service.create(sample_transcript("panic-on-the-train"))
    own_service.close(session_id)
    read_stream(own_service.base, session_id, at_most=3)

    code = own_service.stop()

    own_service.http = httpx.Client(base_url=own_service.base, timeout=60, trust_env=False)
    own_service.start()
    assert code == 0
    own_service.note_of(session_id)
    assert len(own_service.revisions(session_id)) == 1


def test_a_closed_event_that_comes_again_after_a_restart_changes_nothing(own_service: Service) -> None:
    session_id = 4242

    async def send(event_id: str) -> None:
        async with Clinic(own_service.clinic_url) as clinic:
            await clinic.close_session(session_id, SHORT_SESSION, event_id=event_id)

    asyncio.run(send("one"))
    first = own_service.note_of(session_id)
    own_service.kill("supervisor")
    own_service.start()
    asyncio.run(send("one"))
    asyncio.run(send("two"))

    assert eventually(lambda: len(_update_ids(own_service, session_id)) == 1, what="one update id")
    assert own_service.note(session_id) == first


def _update_ids(service: Service, session_id: int) -> set[str]:
    async def collect() -> set[str]:
        async with Clinic(service.clinic_url) as clinic:
            return {update["id"] for update in await clinic.updates(session_id)}

    return asyncio.run(collect())
