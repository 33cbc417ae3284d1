"""A clinic's system on NATS: publishes session events, collects what the product sends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import nats
from nats.aio.client import Client
from nats.errors import TimeoutError as NatsTimeoutError

from models.transcript import Turn

CLOUDEVENTS = "application/cloudevents+json"


class Clinic:
    """One connection. Use as ``async with``."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Client | None = None

    async def __aenter__(self) -> Clinic:
        self._connection = await nats.connect(self._url)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._connection is not None:
            await self._connection.close()

    @property
    def connection(self) -> Client:
        assert self._connection is not None
        return self._connection

    async def publish(self, subject: str, event: dict[str, Any]) -> None:
        headers = {"content-type": CLOUDEVENTS, "Nats-Msg-Id": event["id"]}
        await self.connection.jetstream().publish(subject, json.dumps(event).encode(), headers=headers)

    async def publish_raw(self, subject: str, payload: bytes) -> None:
        await self.connection.jetstream().publish(subject, payload)

    async def close_session(
        self, session_id: int, transcript: str | None, *, event_id: str, patient_id: int = 7, **data: Any
    ) -> None:
        body = {"session_id": session_id, "patient_id": patient_id, "closed_at": datetime.now(UTC).isoformat(), **data}
        if transcript is not None:
            body["transcript"] = transcript
        await self.publish(
            f"sessions.{session_id}.closed", _event(event_id, "casenote.session.closed.v1", session_id, body)
        )

    async def say(self, session_id: int, turns: Sequence[Turn], *, event_id: str, patient_id: int = 7) -> None:
        segments = [{"index": t.index, "speaker": t.speaker, "text": t.text, "start": t.start} for t in turns]
        body = {"session_id": session_id, "patient_id": patient_id, "segments": segments}
        await self.publish(
            f"sessions.{session_id}.segment", _event(event_id, "casenote.session.segment.v1", session_id, body)
        )

    async def updates(self, session_id: int, *, quiet: float = 1.0) -> list[dict[str, Any]]:
        """Every update event of a session that the stream holds, until none has come for ``quiet`` seconds."""
        return await self._collect(f"notes.{session_id}.updated", quiet)

    async def dead_letters(self, *, quiet: float = 1.0) -> list[dict[str, str]]:
        """The headers of everything in the dead letters."""
        subscription = await self.connection.jetstream().subscribe("dead.>", ordered_consumer=True)
        found: list[dict[str, str]] = []
        try:
            while True:
                message = await subscription.next_msg(timeout=quiet)
                found.append({**(message.headers or {}), "subject": message.subject})
        except NatsTimeoutError:
            return found
        finally:
            await subscription.unsubscribe()

    async def _collect(self, subject: str, quiet: float) -> list[dict[str, Any]]:
        subscription = await self.connection.jetstream().subscribe(subject, ordered_consumer=True)
        found: list[dict[str, Any]] = []
        try:
            while True:
                found.append(json.loads((await subscription.next_msg(timeout=quiet)).data))
        except NatsTimeoutError:
            return found
        finally:
            await subscription.unsubscribe()


def _event(event_id: str, type_: str, session_id: int, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": "/tests",
        "type": type_,
        "subject": str(session_id),
        "time": datetime.now(UTC).isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }
