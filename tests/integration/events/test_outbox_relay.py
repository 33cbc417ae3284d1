"""The outbox in the database, relayed to a server whose limits are lower than those of the embedded one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from nats_waiting import eventually

from events.contracts import UPDATED_TYPE, NoteChange, NoteUpdatedData, encode_event, new_event, updated_subject
from events.jetstream import JetStreamBroker
from events.outbox import OutboxMessage
from events.relay import BATCH, Relay
from server.clock import utc_now
from server.db import migrate, outbox
from server.db.database import Database
from server.db.outbox import DatabaseOutbox
from tests.support.nats_server import NatsServer

BEYOND_ONE_MEBIBYTE = "word " * 250_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    """With the limits of a server that nobody has configured: one MiB a message."""
    server = NatsServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'casenote.db'}")
    await migrate.upgrade(database)
    yield database
    await database.close()


@pytest.fixture
async def broker(server: NatsServer) -> AsyncIterator[JetStreamBroker]:
    broker = JetStreamBroker([server.url])
    await broker.start()
    await eventually(lambda: broker.connected)
    yield broker
    await broker.stop()


class WatchedOutbox(DatabaseOutbox):
    """Tells whether it is being used: a read that is cancelled leaves its connection to the garbage collector."""

    uses = 0

    async def unpublished(self, limit: int, after: int = 0) -> Sequence[OutboxMessage]:
        self.uses += 1
        try:
            return await super().unpublished(limit, after)
        finally:
            self.uses -= 1

    async def mark_published(self, positions: Sequence[int]) -> None:
        self.uses += 1
        try:
            await super().mark_published(positions)
        finally:
            self.uses -= 1


async def stop(relay: Relay, store: WatchedOutbox) -> None:
    await eventually(lambda: store.uses == 0)
    await relay.stop()


async def add(database: Database, session: int, *, count: int = 1, **words: str) -> None:
    """Events about a note of the session."""
    async with database.write() as db:
        for version in range(count):
            data = NoteUpdatedData(
                session_id=session,
                patient_id=7,
                version=version,
                change=NoteChange.EDITED,
                is_ai_generated=True,
                edited_from_ai=True,
                href=f"/sessions/{session}/notes",
                **words,
            )
            event = new_event(UPDATED_TYPE, data, source="/casenote", subject=str(session), time=datetime.now(UTC))
            outbox.enqueue(db, event.id, updated_subject(session), encode_event(event)[0], utc_now())


async def held_by(broker: JetStreamBroker, stream: str) -> int:
    connection = broker._link.connection()
    return int((await connection.ask(connection.jetstream.stream_info(stream))).state.messages)


async def test_a_note_whose_words_are_too_many_for_the_server_is_told_of_without_them(
    database: Database, broker: JetStreamBroker
) -> None:
    await add(database, 1, text=BEYOND_ONE_MEBIBYTE, summary="In short.")
    await add(database, 1, text="Few words.", summary="In short.")
    store = WatchedOutbox(database)
    relay = Relay(store, broker)
    await relay.start()

    async def is_told() -> bool:
        return await held_by(broker, "NOTES") == 2

    await eventually(is_told)
    await stop(relay, store)
    connection = broker._link.connection()
    long, short = [await connection.ask(connection.jetstream.get_msg("NOTES", seq=number)) for number in (1, 2)]
    told: dict[str, Any] = json.loads(long.data)
    assert not {"text", "summary"} & told["data"].keys()
    assert {"session_id", "version", "href", "model", "status"} <= told["data"].keys()
    assert told["id"] == long.headers["Nats-Msg-Id"]
    assert json.loads(short.data)["data"]["text"] == "Few words."


async def test_a_row_that_no_server_takes_lets_more_rows_than_one_look_has_pass_by(
    database: Database, broker: JetStreamBroker
) -> None:
    async with database.write() as db:
        outbox.enqueue(db, "large", updated_subject(1), BEYOND_ONE_MEBIBYTE.encode(), utc_now())
    await add(database, 1, count=BATCH)
    await add(database, 2, count=3)
    store = WatchedOutbox(database)
    relay = Relay(store, broker)
    await relay.start()

    async def others_are_told() -> bool:
        return await held_by(broker, "NOTES") == 3 and await store.lag() == BATCH + 1

    await eventually(others_are_told)
    await stop(relay, store)
