"""How far a model has read a live session comes with the list of sessions, as numbers, to its therapist only."""

from __future__ import annotations

from pathlib import Path

from events.memory import MemoryBroker
from events.wake import WORKER_STATS
from models.engine.api import EngineStats, Prefill
from models.engine.scripted import scripted_info
from server.worker.reading import session_key
from server.worker.report import INSTRUCTIONS, report
from tests.support.api import SECRET, RunningApi, bearer_of, running_api
from tests.support.asgi import opened


async def tell(api: RunningApi, session_id: int, done: int, total: int, *, reducing: bool = False) -> None:
    """As a worker does that has read so much of a session, behind 40 tokens of instructions."""
    reading = {
        INSTRUCTIONS: Prefill(40, 40),
        session_key(session_id): Prefill(40 + done, 40 + total),
        f"{session_key(session_id)}.0.1": Prefill(5, 5),
    }
    stats, parts = EngineStats(reading=reading), frozenset({session_id} if reducing else ())
    body = report("w:1", scripted_info(), stats, parts, demonstration=True)
    broker = MemoryBroker(api.server)
    await broker.start()
    broker.notify(WORKER_STATS, body)
    await broker.stop()


async def test_a_live_session_tells_how_far_it_is_read_until_it_is_closed(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api, opened(api.app, "/sessions/stream") as stream:
        session_id = await api.create()
        await stream.until(lambda s: bool(s.events))
        assert stream.events[0][1]["reading"] is None
        for done in (64, 128):
            await tell(api, session_id, done, 128)
            read = {"done": done, "total": 128, "reducing": False}
            await stream.until(lambda s, read=read: s.events[-1][1]["reading"] == read)
        assert (await api.http.get("/sessions")).json()["sessions"][0]["reading"] == read
        await tell(api, session_id, 128, 128, reducing=True)
        await stream.until(lambda s: s.events[-1][1]["reading"]["reducing"])
        await api.http.post(f"/sessions/{session_id}/close")
        await stream.until(lambda s: s.events[-1][1]["session_status"] == "closed")
        assert stream.events[-1][1]["reading"] is None


async def test_nobody_hears_how_far_the_session_of_another_is_read(tmp_path: Path) -> None:
    settings = {"casenote_auth": "jwt", "auth_jwt_secret": SECRET}
    async with running_api(tmp_path, headers=bearer_of("anna"), **settings) as api:
        session_id = await api.create()
        async with (
            opened(api.app, "/sessions/stream", headers=bearer_of("bert")) as foreign,
            opened(api.app, "/sessions/stream", headers=bearer_of("anna")) as own,
        ):
            await foreign.until(lambda s: bool(s.body))
            await own.until(lambda s: bool(s.body))
            await tell(api, session_id, 10, 20)
            await own.until(lambda s: bool(s.events))
            assert foreign.events == []


async def test_a_report_that_makes_no_sense_is_passed_over(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        for nonsense in (b"", b"[]", b"{}", b'{"owner": "w", "model": {}, "stats": {}, "reading": [1]}'):
            MemoryBroker(api.server).notify(WORKER_STATS, nonsense)
        assert api.parts.workers.alive() == []
