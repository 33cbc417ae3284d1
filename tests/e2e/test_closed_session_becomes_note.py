"""The main job, with the real service and the real small model: a closed session becomes a streamed, stored and
announced note."""

from __future__ import annotations

import asyncio
import itertools
import random
import socket
import statistics
import threading

from tests.support.clinic import Clinic
from tests.support.rounds import rounds
from tests.support.service import Service
from tests.support.stream import read_stream, shown
from tests.support.transcripts import SHORT_SESSION, sample_transcript, sample_turns

HEADINGS = ["Chief Complaint", "Emotional State", "Risk", "Intervention", "Progress", "Plan"]
# Downwards: the database numbers its own sessions upwards from the highest id there is.
_ids = itertools.count(10_000_000, -1)


def test_closing_a_session_over_http_gives_a_note_under_the_legacy_headings(service: Service) -> None:
    session_id = service.create(SHORT_SESSION)

    location = service.close(session_id).headers["location"]

    note = service.note_of(session_id)
    assert location == f"/sessions/{session_id}/notes/stream"
    assert [section["heading"] for section in note["sections"]] == HEADINGS
    assert [line.split("**")[1][:-1] for line in note["text"].splitlines() if line.startswith("**")] == HEADINGS
    assert note["authorship"]["is_ai_generated"] is True
    assert note["authorship"]["edited_from_ai"] is False


def test_tokens_leave_as_they_are_decoded(service: Service) -> None:
    session_id = service.create(sample_transcript())
    service.close(session_id)

    events = read_stream(service.base, session_id)

    times = [event.seconds for event in events if event.event == "token"]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert len(times) >= 20
    assert len({round(moment, 3) for moment in times}) >= 15, "tokens came in a few lumps"
    assert max(gaps) < 0.6 * (times[-1] - times[0]), "most of the decode passed without a token"


def test_what_was_streamed_is_what_is_stored(service: Service) -> None:
    session_id = service.create(sample_transcript())
    service.close(session_id)

    reader = shown(read_stream(service.base, session_id))

    assert reader.note is not None
    stored = service.note_of(session_id)
    assert {section["id"]: section["text"] for section in stored["sections"]} == {
        section: text for section, text in reader.sections.items() if section != "summary"
    }
    assert stored["summary"] == reader.sections["summary"]
    assert reader.note["version"] == stored["version"]


def test_the_same_closed_event_five_times_makes_one_note_and_one_event(service: Service) -> None:
    session_id = next(_ids)

    async def scenario() -> list[dict[str, object]]:
        async with Clinic(service.clinic_url) as clinic:
            for _ in range(5):
                await clinic.close_session(session_id, SHORT_SESSION, event_id=f"close-{session_id}")
            # Another event id, so that neither the stream nor the inbox can tell that it is the same.
            await clinic.close_session(session_id, SHORT_SESSION, event_id=f"again-{session_id}")
            await asyncio.to_thread(service.note_of, session_id)
            return await clinic.updates(session_id, quiet=3.0)

    updates = asyncio.run(scenario())

    assert len({update["id"] for update in updates}) == 1
    assert len(service.revisions(session_id)) == 1


def test_live_segments_and_one_event_give_the_same_transcript_as_rest(service: Service) -> None:
    turns = sample_turns("sleep-after-layoff")
    by_segments, by_event = next(_ids), next(_ids)
    by_rest = service.create(sample_transcript("sleep-after-layoff"))

    async def scenario() -> None:
        async with Clinic(service.clinic_url) as clinic:
            for turn in turns:
                await clinic.say(by_segments, [turn], event_id=f"turn-{by_segments}-{turn.index}")
            await clinic.close_session(by_segments, None, event_id=f"close-{by_segments}")
            await clinic.close_session(by_event, sample_transcript("sleep-after-layoff"), event_id=f"close-{by_event}")

    asyncio.run(scenario())
    service.close(by_rest)

    for session_id in (by_segments, by_event, by_rest):
        service.note_of(session_id)
    stored = [
        service.http.get(f"/sessions/{session_id}/turns").json()["turns"]
        for session_id in (by_segments, by_event, by_rest)
    ]
    spoken = [[(turn["speaker"], turn["text"]) for turn in turns_] for turns_ in stored]
    assert spoken[0] == spoken[1] == spoken[2]
    assert len(spoken[0]) == len(turns)


def test_any_cut_is_resumed_without_a_gap_or_a_repeat(service: Service) -> None:
    session_id = service.create(sample_transcript())
    service.close(session_id)
    whole = read_stream(service.base, session_id)
    chance = random.Random(1)

    for _ in range(rounds(60, 1000)):
        cut = chance.randrange(len(whole))
        rest = read_stream(service.base, session_id, last_event_id=whole[cut].id)

        assert [(event.id, event.data) for event in rest] == [(event.id, event.data) for event in whole[cut + 1 :]]


def test_a_reader_that_is_cut_again_and_again_while_it_is_written_sees_every_event_once(service: Service) -> None:
    session_id = service.create(sample_transcript("panic-on-the-train"))
    watcher: list[list[str]] = []
    steady = threading.Thread(target=lambda: watcher.append([e.id for e in read_stream(service.base, session_id)]))
    service.close(session_id)
    steady.start()
    seen: list[str] = []
    chance = random.Random(2)

    while True:
        piece = read_stream(
            service.base, session_id, last_event_id=seen[-1] if seen else None, at_most=chance.randint(1, 7)
        )
        seen.extend(event.id for event in piece)
        if not piece or piece[-1].event in ("note", "error"):
            break

    steady.join(60)
    assert len(seen) == len(set(seen))
    assert [i for i in seen if not i.endswith(".0.0")] == [i for i in watcher[0] if not i.endswith(".0.0")]


def test_many_watchers_of_one_note_see_the_same_and_silent_ones_harm_nobody(service: Service) -> None:
    session_id = service.create(sample_transcript())
    count = rounds(40, 180)
    results: list[str] = []

    def watch() -> None:
        reader = shown(read_stream(service.base, session_id))
        results.append(reader.note["text"] if reader.note else "nothing")

    service.close(session_id)
    silent = [_connect_and_never_read(service, session_id) for _ in range(count // 8)]
    threads = [threading.Thread(target=watch) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    for sock in silent:
        sock.close()

    assert len(results) == count
    assert set(results) == {service.note_of(session_id)["text"]}


def _connect_and_never_read(service: Service, session_id: int) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", service.port))
    request = f"GET /sessions/{session_id}/notes/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"
    sock.sendall(request.encode())
    return sock


def test_a_session_that_never_was_has_no_stream(service: Service) -> None:
    answer = service.http.get("/sessions/999999/notes/stream")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_cancelling_leaves_no_note_and_tells_the_watchers(service: Service) -> None:
    session_id = service.create(sample_transcript("panic-on-the-train"))
    service.close(session_id)
    begun = read_stream(service.base, session_id, at_most=3)

    answer = service.http.delete(f"/sessions/{session_id}/notes/stream")
    rest = read_stream(service.base, session_id, last_event_id=begun[-1].id)

    assert answer.status_code in (202, 204)
    assert rest[-1].event == "error"
    assert rest[-1].data["reason"] == "cancelled"
    assert service.note(session_id) is None


def test_four_sessions_that_close_at_once_all_get_their_own_note(service: Service) -> None:
    ids = [service.create(sample_transcript(name)) for name in ("safety-plan", "sleep-after-layoff") * 2]
    for session_id in ids:
        service.close(session_id)

    notes = [service.note_of(session_id) for session_id in ids]

    assert [note["session_id"] for note in notes] == ids
    assert statistics.mode([note["fallback"] for note in notes]) is False


def test_what_cannot_be_processed_goes_to_the_dead_letters_with_the_reason_and_blocks_nothing(service: Service) -> None:
    session_id = next(_ids)

    async def scenario() -> list[dict[str, str]]:
        async with Clinic(service.clinic_url) as clinic:
            await clinic.publish_raw(f"sessions.{session_id}.closed", b"\x00\xff not json \xfe")
            await clinic.close_session(session_id, SHORT_SESSION, event_id=f"good-{session_id}")
            await asyncio.to_thread(service.note_of, session_id)
            letters = await clinic.dead_letters()
            return [letter for letter in letters if letter["subject"] == f"dead.sessions.{session_id}.closed"]

    letters = asyncio.run(scenario())

    assert len(letters) == 1
    assert letters[0]["Casenote-Reason"]
