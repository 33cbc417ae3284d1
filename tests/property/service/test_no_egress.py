"""Property 1: generation opens no connection but to loopback, the configured NATS and the configured database."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from models.engine.scripted import ScriptedEngine
from models.formats import load_format
from models.transcript import Turn
from server.notes.state import WrittenBy
from server.worker.drafting import Drafting, Task
from server.worker.reading import Reader
from tests.support.service import Service, running_service
from tests.support.transcripts import sample_transcript

_watching: list[list[Any]] = []


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        _watching[-1].append((event, arguments[1:] if event == "socket.connect" else arguments))


sys.addaudithook(_audit)


@contextmanager
def connections() -> Iterator[list[Any]]:
    """Every attempt of this process to reach somebody, inside the block."""
    seen: list[Any] = []
    _watching.append(seen)
    try:
        yield seen
    finally:
        _watching.pop()


class _Frames:
    """Takes the events of a stream and keeps none."""

    attempt = 1

    def add(self, event: str, data: dict[str, Any]) -> None: ...

    def flush(self) -> None: ...


speakers = st.sampled_from(["therapist", "client"])
spoken = st.text(min_size=1, max_size=200)
links = st.sampled_from(["see http://example.com/x", "mail me: a@example.com", "![x](https://example.com/p.png)"])


@settings(deadline=None)
@given(
    said=st.lists(
        st.tuples(st.sampled_from(["therapist", "client"]), st.one_of(spoken, links)), min_size=1, max_size=8
    ),
    written=st.one_of(spoken, links),
)
async def test_writing_a_note_reaches_nobody(said: list[tuple[str, str]], written: str) -> None:
    turns = tuple(Turn(index, speaker, text) for index, (speaker, text) in enumerate(said))
    engine = ScriptedEngine(lambda _request, _branch: written)
    await engine.start()
    task = Task("g", 1, 1, turns, load_format(), None, True)
    model = WrittenBy("scripted", "", None, "1")

    with connections() as seen:
        frames: Any = _Frames()
        await Drafting(engine, Reader(engine), task, frames, parallel=True, deadline=30.0, model=model).write()

    await engine.stop()
    assert seen == []


def test_the_hook_sees_a_connection_that_is_made() -> None:
    import socket

    with connections() as seen, socket.socket() as sock:
        sock.setblocking(False)
        sock.connect_ex(("127.0.0.1", 9))

    assert seen != []


def test_no_part_of_the_service_has_a_connection_that_leaves_the_machine(tmp_path: Any) -> None:
    with running_service(tmp_path / "service") as service:
        session_id = service.create(sample_transcript())
        service.close(session_id)
        peers: set[str] = set()
        while service.note(session_id) is None:
            peers |= _peers(service)
        peers |= _peers(service)

    assert peers, "the parts talk to each other, so there must be connections"
    assert {peer for peer in peers if not ipaddress.ip_address(peer).is_loopback} == set()


def _peers(service: Service) -> set[str]:
    """The addresses that the parts of the service are connected to."""
    import psutil

    found: set[str] = set()
    for pid in service.processes.values():
        try:
            for connection in psutil.Process(pid).net_connections(kind="inet"):
                if connection.raddr:
                    found.add(connection.raddr.ip.removeprefix("::ffff:"))
        except psutil.NoSuchProcess:
            continue
    return found
