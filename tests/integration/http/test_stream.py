"""Contract 3.3 at the API's edge: a note's stream, its end, its resumption, its cancellation, and slow watchers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.engine.api import EngineFailure
from models.engine.scripted import ScriptedEngine
from server.http import event_source
from server.stream.ending import texts_of
from tests.support.api import SCRIPT, RunningApi, eventually, running_api
from tests.support.asgi import opened
from tests.support.transcripts import SHORT_SESSION


def parse(body: str) -> list[tuple[str, str, str]]:
    """(id, event, data) of every event of a finished stream."""
    found = []
    for block in body.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
        if fields:
            found.append((fields["id"], fields["event"], fields["data"]))
    return found


async def closed(api: RunningApi) -> int:
    session_id = await api.create(original_transcription=SHORT_SESSION)
    assert (await api.http.post(f"/sessions/{session_id}/close")).status_code == 202
    return session_id


async def written_unwatched(api: RunningApi) -> tuple[int, str]:
    """A session whose note was written while nobody read its stream, and the id of the generation."""
    session_id = await api.create(original_transcription=SHORT_SESSION)
    later = {"Prefer": "respond-async"}
    asked = (await api.http.post(f"/sessions/{session_id}/generate-notes", headers=later)).json()

    async def written() -> bool:
        return (await api.http.get(f"/sessions/{session_id}/notes")).status_code == 200

    await eventually(written)
    return session_id, asked["generation"]["id"]


async def state_of(api: RunningApi, session_id: int) -> str | None:
    entries = (await api.http.get("/sessions")).json()["sessions"]
    status: str = next(entry["status"] for entry in entries if entry["id"] == session_id)
    return status


async def test_a_stream_ends_with_the_stored_note(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await closed(api)
        answer = await api.http.get(f"/sessions/{session_id}/notes/stream")
        document = (await api.http.get(f"/sessions/{session_id}/notes")).json()

        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no"
        events = parse(answer.text)
        assert events[-1][1] == "note"
        assert {name for _, name, _ in events} <= {"status", "section", "token", "reset", "note"}
        assert len({event_id for event_id, _, _ in events}) == len(events)
        assert document["version"] == 1


async def test_generating_with_an_event_stream_answers_the_stream(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        headers = {"Accept": "text/event-stream"}
        answer = await api.http.post(f"/sessions/{session_id}/generate-notes", headers=headers)

        assert answer.headers["content-type"].startswith("text/event-stream")
        assert parse(answer.text)[-1][1] == "note"


@pytest.mark.parametrize("as_header", [True, False])
async def test_who_was_cut_off_asks_again_for_the_same_stream_and_starts_no_other_note(
    tmp_path: Path, as_header: bool
) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        path, headers = f"/sessions/{session_id}/generate-notes", {"Accept": "text/event-stream"}
        whole = parse((await api.http.post(path, headers=headers)).text)

        async def again(last: str, **body: bool) -> httpx.Response:
            if as_header:
                return await api.http.post(path, headers={**headers, "Last-Event-ID": last}, json=body)
            return await api.http.post(path, headers=headers, params={"last_event_id": last}, json=body)

        for cut in range(0, len(whole) - 1, 9):
            assert parse((await again(whole[cut][0], regenerate=True)).text) == whole[cut + 1 :]

        assert (await again(whole[-1][0])).status_code == 204
        assert (await api.http.get(f"/sessions/{session_id}/notes")).json()["version"] == 1


async def test_the_header_says_where_to_resume_before_the_address_does(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await closed(api)
        whole = parse((await api.http.get(f"/sessions/{session_id}/notes/stream")).text)
        params, headers = {"last_event_id": whole[0][0]}, {"Last-Event-ID": whole[5][0], "Accept": "text/event-stream"}
        got = await api.http.get(f"/sessions/{session_id}/notes/stream", params=params, headers=headers)
        asked = await api.http.post(f"/sessions/{session_id}/generate-notes", params=params, headers=headers)

        assert parse(got.text) == parse(asked.text) == whole[6:]


async def test_generating_can_be_asked_for_without_waiting(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        headers = {"Prefer": "respond-async"}
        answer = await api.http.post(f"/sessions/{session_id}/generate-notes", headers=headers)

        assert answer.status_code == 202
        assert answer.headers["location"] == f"/sessions/{session_id}/notes/stream"
        assert answer.json()["generation"]["state"] == "queued"


@pytest.mark.parametrize("as_header", [True, False])
async def test_a_stream_goes_on_from_the_last_event_seen(tmp_path: Path, as_header: bool) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await closed(api)
        path = f"/sessions/{session_id}/notes/stream"
        whole = parse((await api.http.get(path)).text)
        for cut in range(0, len(whole), 7):
            last = whole[cut][0]
            if as_header:
                rest = await api.http.get(path, headers={"Last-Event-ID": last})
            else:
                rest = await api.http.get(path, params={"last_event_id": last})
            assert parse(rest.text) == whole[cut + 1 :]


@pytest.mark.parametrize("change", ["notes", "notes/sign"])
async def test_a_stream_goes_on_from_the_last_event_seen_though_the_note_was_changed_since(
    tmp_path: Path, change: str
) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await closed(api)
        path = f"/sessions/{session_id}/notes/stream"
        whole = parse((await api.http.get(path)).text)
        method, body = ("PUT", {"notes": "Mine."}) if change == "notes" else ("POST", {})
        assert (await api.http.request(method, f"/sessions/{session_id}/{change}", json=body)).status_code == 200
        document = (await api.http.get(f"/sessions/{session_id}/notes")).json()
        for cut in range(0, len(whole), 7):
            rest = parse((await api.http.get(path, headers={"Last-Event-ID": whole[cut][0]})).text)
            assert rest[:-1] == whole[cut + 1 : -1]
            assert (rest[-1][1], json.loads(rest[-1][2])["version"]) == ("note", 2)
            assert json.loads(rest[-1][2])["text"] == document["text"]

        [(changed, name, _)] = parse((await api.http.get(path, headers={"Last-Event-ID": whole[-1][0]})).text)
        assert name == "note"
        assert (await api.http.get(path, headers={"Last-Event-ID": changed})).status_code == 204


async def test_what_was_left_of_a_stream_is_told_once_when_the_tokens_were_lost_and_the_note_changed(
    tmp_path: Path,
) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id, generation = await written_unwatched(api)
        assert (await api.http.put(f"/sessions/{session_id}/notes", json={"notes": "Mine."})).status_code == 200
        api.server.lose_memory()
        headers = {"Last-Event-ID": f"{generation}.1.4"}
        events = parse((await api.http.get(f"/sessions/{session_id}/notes/stream", headers=headers)).text)

        note = json.loads(events[-1][2])
        told = texts_of((name, json.loads(data)) for _, name, data in events)
        assert [name for _, name, _ in events].count("note") == 1
        assert (note["text"], events[0][1]) == ("Mine.", "reset")
        assert told == {one["id"]: one["text"] for one in note["sections"]} | {"summary": note["summary"]}


async def test_a_note_that_was_stored_after_a_failure_is_what_a_new_reader_gets(tmp_path: Path) -> None:
    engine = ScriptedEngine(SCRIPT, failures=dict.fromkeys(range(1, 99), EngineFailure.DECODE))
    async with running_api(tmp_path, engine=engine, allow_fallback=False) as api:
        session_id = await closed(api)
        path = f"/sessions/{session_id}/notes/stream"
        failed = parse((await api.http.get(path)).text)
        assert (await api.http.put(f"/sessions/{session_id}/notes", json={"notes": "Mine."})).status_code == 200
        fresh = parse((await api.http.get(path)).text)
        rest = parse((await api.http.get(path, headers={"Last-Event-ID": failed[0][0]})).text)

        assert failed[-1][1] == "error"
        assert [(name, json.loads(data)["text"]) for _, name, data in fresh] == [("note", "Mine.")]
        assert rest == failed[1:]
        assert (await api.http.get(path, headers={"Last-Event-ID": failed[-1][0]})).status_code == 204


async def test_a_note_that_stood_before_a_failure_does_not_hide_it(tmp_path: Path) -> None:
    engine = ScriptedEngine(SCRIPT, failures=dict.fromkeys(range(1, 99), EngineFailure.DECODE))
    async with running_api(tmp_path, engine=engine, allow_fallback=False) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION, notes="Mine.")
        await api.http.post(f"/sessions/{session_id}/generate-notes", json={"regenerate": True})
        events = parse((await api.http.get(f"/sessions/{session_id}/notes/stream")).text)

        assert events[-1][1] == "error"


@pytest.mark.parametrize("seen", ["1.4", "1.1000000002", None], ids=["some of it", "some told anew", "nothing"])
async def test_when_the_tokens_were_lost_the_text_is_told_anew(tmp_path: Path, seen: str | None) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id, generation = await written_unwatched(api)
        api.server.lose_memory()
        headers = {"Last-Event-ID": f"{generation}.{seen}"} if seen else {}
        events = parse((await api.http.get(f"/sessions/{session_id}/notes/stream", headers=headers)).text)

        note = json.loads(events[-1][2])
        told = texts_of((name, json.loads(data)) for _, name, data in events)
        assert events[0][1] == "reset"
        assert events[-1][1] == "note"
        assert told == {one["id"]: one["text"] for one in note["sections"]} | {"summary": note["summary"]}
        end = {"Last-Event-ID": events[-1][0]}
        assert (await api.http.get(f"/sessions/{session_id}/notes/stream", headers=end)).status_code == 204


@pytest.mark.parametrize("last", ["nonsense", "a.b.c", "a.1.\u00b2", "a.1." + "9" * 6000, "other.1.3"])
async def test_an_id_that_names_no_event_of_the_note_gives_the_whole_stream(tmp_path: Path, last: str) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await closed(api)
        path = f"/sessions/{session_id}/notes/stream"
        answer = await api.http.get(path, headers=[(b"last-event-id", last.encode())])

        assert answer.status_code == 200
        assert parse(answer.text)[-1][1] == "note"


async def test_nothing_left_to_say_is_204(tmp_path: Path) -> None:
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await closed(api)
        path = f"/sessions/{session_id}/notes/stream"
        last = parse((await api.http.get(path)).text)[-1][0]

        assert (await api.http.get(path, headers={"Last-Event-ID": last})).status_code == 204


async def test_a_note_by_hand_is_one_event(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create(notes="By hand.")
        events = parse((await api.http.get(f"/sessions/{session_id}/notes/stream")).text)

        assert [name for _, name, _ in events] == ["note"]


async def test_nothing_running_and_nothing_stored_is_404(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await api.create()
        for path in (f"/sessions/{session_id}/notes/stream", "/sessions/999/notes/stream"):
            for method in ("GET", "HEAD"):
                answer = await api.http.request(method, path)
                assert answer.status_code == 404
                assert answer.headers["content-type"] == "application/problem+json"


async def test_asking_for_the_head_opens_no_stream(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await closed(api)
        answer = await asyncio.wait_for(api.http.head(f"/sessions/{session_id}/notes/stream"), 5)

        assert answer.status_code == 200
        assert api.parts.streams.watchers == 0


async def test_the_head_of_a_stream_is_there_where_the_stream_is(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        by_hand, cancelled = await api.create(notes="By hand."), await closed(api)
        await api.http.delete(f"/sessions/{cancelled}/notes/stream")
        for session_id in (by_hand, cancelled):
            path = f"/sessions/{session_id}/notes/stream"
            head, got = await api.http.head(path), await api.http.get(path)
            assert (head.status_code, got.status_code) == (200, 200)
            assert head.headers["content-type"] == got.headers["content-type"]


async def test_cancelling_a_queued_note_ends_it_at_once(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await closed(api)
        path = f"/sessions/{session_id}/notes/stream"
        cancelled = await api.http.delete(path)
        again = await api.http.delete(path)
        [(last, name, _)] = parse((await api.http.get(path)).text)

        assert (cancelled.status_code, again.status_code) == (204, 404)
        assert name == "error"
        assert (await api.http.get(path, headers={"Last-Event-ID": last})).status_code == 204


async def test_who_watched_a_queued_note_is_told_once_that_it_was_cancelled(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await closed(api)
        path = f"/sessions/{session_id}/notes/stream"
        async with opened(api.app, path) as stream:
            await stream.until(lambda s: bool(s.events))
            await api.http.delete(path)
            await stream.until(lambda s: s.ended)
            [*_, last] = [line for line in stream.body.decode().splitlines() if line.startswith("id: ")]

        again = await api.http.get(path, headers={"Last-Event-ID": last.removeprefix("id: ")})
        assert again.status_code == 204


async def test_who_waits_for_a_note_that_is_cancelled_is_told_so_and_not_to_try_again(tmp_path: Path) -> None:
    engine = ScriptedEngine({name: text * 40 for name, text in SCRIPT.items()}, delay=0.05)
    async with running_api(tmp_path, engine=engine) as api:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        waiting = asyncio.create_task(api.http.post(f"/sessions/{session_id}/generate-notes"))
        path = f"/sessions/{session_id}/notes/stream"

        async def cancelled() -> bool:
            return (await api.http.delete(path)).status_code == 204

        assert await eventually(cancelled)
        answer = await waiting
        assert (answer.status_code, answer.json()["reason"]) == (409, "cancelled")
        assert "retry-after" not in answer.headers


async def test_cancelling_a_running_note_ends_its_stream_with_an_error(tmp_path: Path) -> None:
    engine = ScriptedEngine({name: text * 40 for name, text in SCRIPT.items()}, delay=0.05)
    async with running_api(tmp_path, engine=engine) as api:
        session_id = await closed(api)
        path = f"/sessions/{session_id}/notes/stream"
        async with opened(api.app, path) as stream:
            await stream.until(lambda s: any(name == "token" for name, _ in s.events))
            assert (await api.http.delete(path)).status_code == 204
            await stream.until(lambda s: s.ended)

            name, data = stream.events[-1]
            assert name == "error"
            assert data["reason"] == "cancelled"
        assert (await api.http.get(f"/sessions/{session_id}/notes")).status_code == 404


async def test_a_watcher_that_leaves_changes_nothing(tmp_path: Path) -> None:
    engine = ScriptedEngine(SCRIPT, delay=0.005)
    async with running_api(tmp_path, engine=engine) as api:
        session_id = await closed(api)
        path = f"/sessions/{session_id}/notes/stream"
        async with opened(api.app, path) as stays:
            async with opened(api.app, path) as leaves:
                await leaves.until(lambda s: len(s.events) > 2)
            await stays.until(lambda s: s.ended)
            assert stays.events[-1][0] == "note"
        assert api.parts.streams.watchers == 0


async def test_a_watcher_that_is_gone_before_the_first_event_is_not_counted(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await closed(api)
        events = await api.parts.streams.open(session_id, None, None)
        del events

        assert api.parts.streams.watchers == 0


async def test_a_watcher_that_never_reads_is_cut_off_and_harms_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_source, "SEND_TIMEOUT", 0.3)
    async with running_api(tmp_path, script=SCRIPT) as api:
        session_id = await closed(api)
        path = f"/sessions/{session_id}/notes/stream"
        async with opened(api.app, path, reading=False) as stalled, opened(api.app, path) as reads:
            await reads.until(lambda s: s.ended)
            assert reads.events[-1][0] == "note"

            async def cut_off() -> bool:
                return api.parts.streams.watchers == 0

            assert await eventually(cut_off)
            assert stalled.body == b""


async def test_comments_keep_a_silent_line_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_source, "PING_SECONDS", 0.05)
    async with running_api(tmp_path) as api:
        session_id = await closed(api)
        async with opened(api.app, f"/sessions/{session_id}/notes/stream") as stream:
            await stream.until(lambda s: s.body.count(b": keep-alive\n") >= 2)
            assert [name for name, _ in stream.events] == ["status"]
            assert stream.events[0][1]["state"] == "queued"


async def test_the_list_of_sessions_can_be_followed(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api, opened(api.app, "/sessions/stream") as stream:
        await stream.until(lambda s: s.status == 200 and bool(s.body))
        session_id = await api.create(patient_id=3)
        await stream.until(lambda s: bool(s.events))
        await api.http.post(f"/sessions/{session_id}/close")
        await stream.until(lambda s: s.events[-1][1]["session_status"] == "closed")

        name, data = stream.events[0]
        entry: dict[str, Any] = (await api.http.get("/sessions")).json()["sessions"][0]
        assert name == "session"
        assert data.keys() == entry.keys()
        assert (data["id"], data["patient_id"]) == (session_id, 3)


async def test_a_patients_overview_comes_as_a_stream_too(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        await api.create(original_transcription=SHORT_SESSION)
        asked = {"patient_id": 7}
        whole = (await api.http.post("/summarize-sessions", json=asked)).json()
        stream = await api.http.post("/summarize-sessions", json=asked, headers={"Accept": "text/event-stream"})

        events = [(name, json.loads(data)) for _, name, data in parse(stream.text)]
        headings = {data["section"]: data["heading"] for name, data in events if name == "section"}
        texts = dict.fromkeys(headings, "")
        for name, data in events:
            if name == "token":
                texts[data["section"]] += data["text"]
        assert [name for name, _ in events[:2]] == ["status", "section"]
        assert events[-1] == ("summary", whole)
        assert "\n\n".join(f"**{headings[one]}:** {text}" for one, text in texts.items()) == whole["summary"]


async def test_open_streams_are_counted(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        session_id = await closed(api)
        async with opened(api.app, f"/sessions/{session_id}/notes/stream") as stream:
            await stream.until(lambda s: bool(s.events))
            assert 'casenote_sse_watchers{stream="note"} 1.0' in (await api.http.get("/metrics")).text
        assert 'casenote_sse_watchers{stream="note"} 0.0' in (await api.http.get("/metrics")).text
