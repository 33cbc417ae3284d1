"""``casenote bench stream``: what lies between a decoded token and a client that sees it.

One run of the real service on a port and a data folder of its own. Every figure is a ratio or a delay within that
run, because machines differ and are shared: how fast a client sees tokens against how fast they are decoded, how long
a token is under way, how long after the close the first frame comes, and the same model decoded by llama.cpp alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from events.embedded import EmbeddedNats
from events.frames import Frame
from events.jetstream import JetStreamBroker
from events.server_process import free_port
from server.demo import Sample, choose_sample
from server.settings import Settings
from server.supervisor import Supervisor

_READY_WITHIN = 180.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One token event: when it was decoded and when the client had it, seconds since 1970."""

    decoded_at: float
    seen_at: float

    @property
    def delay(self) -> float:
        return self.seen_at - self.decoded_at


@dataclass(frozen=True, slots=True)
class Note:
    """One note as one client saw it. Times in seconds."""

    close_to_first_frame: float
    close_to_note: float
    tokens: list[Seen]

    @property
    def followed(self) -> list[Seen]:
        """The tokens that were decoded once this client was reading; what came before, it caught up with."""
        reading_from = min(token.seen_at for token in self.tokens)
        return [token for token in self.tokens if token.decoded_at >= reading_from]

    @property
    def client_rate(self) -> float:
        return _rate([token.seen_at for token in self.tokens])

    @property
    def engine_rate(self) -> float:
        return _rate([token.decoded_at for token in self.tokens])


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a run; delays in milliseconds, rates in token events per second."""

    notes: int
    client_rate: float
    engine_rate: float
    client_over_engine: float
    delay_p50_ms: float
    delay_p95_ms: float
    close_to_first_frame_p50_ms: float
    close_to_note_p50_s: float
    watchers: int
    silent_watchers: int
    watched_engine_rate: float
    watched_over_unwatched: float
    watched_delay_p95_ms: float
    connected_delay_p95_ms: float
    crowd_connected_s: float
    crowd_memory_mib: float
    raw_decode_rate: float | None

    def lines(self) -> list[str]:
        raw = "not measured" if self.raw_decode_rate is None else f"{self.raw_decode_rate:8.1f} tokens/s"
        return [
            f"notes measured                          {self.notes}",
            f"decoded, as the engine gave them out    {self.engine_rate:8.1f} events/s",
            f"seen by a client of the stream          {self.client_rate:8.1f} events/s",
            f"client over engine                      {self.client_over_engine:8.3f}",
            f"decode to client, p50                   {self.delay_p50_ms:8.1f} ms",
            f"decode to client, p95                   {self.delay_p95_ms:8.1f} ms",
            f"close to first frame, p50               {self.close_to_first_frame_p50_ms:8.1f} ms",
            f"close to whole note, p50                {self.close_to_note_p50_s:8.2f} s",
            f"with {self.watchers} watchers, {self.silent_watchers} of them never reading:",
            f"  decoded                               {self.watched_engine_rate:8.1f} events/s",
            f"  against one watcher                   {self.watched_over_unwatched:8.3f}",
            f"  close to the last reader's first frame{self.crowd_connected_s:8.2f} s",
            f"  decode to the readers, p95            {self.watched_delay_p95_ms:8.1f} ms",
            f"  the same once each is connected, p95  {self.connected_delay_p95_ms:8.1f} ms",
            f"  the API's memory grew by              {self.crowd_memory_mib:8.1f} MiB",
            f"llama.cpp alone, one sequence           {raw}",
        ]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)


async def measure(settings: Settings, *, notes: int, watchers: int, raw_decode_rate: float | None) -> Report:
    """Runs the service in a folder of its own and measures ``notes`` notes, then one with ``watchers`` watchers."""
    with tempfile.TemporaryDirectory(prefix="casenote-bench-") as folder:
        own = settings.model_copy(
            update={
                "casenote_home": Path(folder),
                "api_port": free_port("127.0.0.1"),
                "nats_url": "",
                "database_url": "",
                "early_note_seconds": 0.0,
                "phi3_tune": False,  # it would measure between the notes
            }
        )
        async with _service(own) as http, _frames(own) as broker:
            sample = choose_sample("")
            await _note(http, broker, sample, watchers=0, silent=0)  # the first one warms everything up
            single = [await _note(http, broker, sample, watchers=0, silent=0) for _ in range(notes)]
            silent = watchers // 10
            before = await _memory(http)
            crowd = await _note(http, broker, sample, watchers=watchers, silent=silent)
            grown = await _memory(http) - before
    return _report(single, crowd, watchers, silent, grown, raw_decode_rate)


def _report(
    single: list[list[Note]], crowd: list[Note], watchers: int, silent: int, grown: float, raw_decode_rate: float | None
) -> Report:
    alone = [readers[0] for readers in single]
    delays = [token.delay * 1000 for note in alone for token in note.tokens]
    engine = statistics.median(note.engine_rate for note in alone)
    client = statistics.median(note.client_rate for note in alone)
    return Report(
        notes=len(alone),
        client_rate=client,
        engine_rate=engine,
        client_over_engine=statistics.median(note.client_rate / note.engine_rate for note in alone),
        delay_p50_ms=statistics.median(delays),
        delay_p95_ms=_percentile(delays, 0.95),
        close_to_first_frame_p50_ms=statistics.median(note.close_to_first_frame * 1000 for note in alone),
        close_to_note_p50_s=statistics.median(note.close_to_note for note in alone),
        watchers=watchers,
        silent_watchers=silent,
        watched_engine_rate=crowd[0].engine_rate,
        watched_over_unwatched=crowd[0].engine_rate / engine,
        watched_delay_p95_ms=_percentile([t.delay * 1000 for reader in crowd for t in reader.tokens], 0.95),
        connected_delay_p95_ms=_percentile([t.delay * 1000 for reader in crowd for t in reader.followed], 0.95),
        crowd_connected_s=max(reader.close_to_first_frame for reader in crowd),
        crowd_memory_mib=grown / 2**20,
        raw_decode_rate=raw_decode_rate,
    )


@asynccontextmanager
async def _service(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    supervisor = Supervisor(settings, log=settings.casenote_home / "logs" / "casenote.log")
    serving = asyncio.create_task(supervisor.run())
    base = f"http://127.0.0.1:{settings.api_port}"
    limits = httpx.Limits(max_connections=None)
    try:
        async with httpx.AsyncClient(base_url=base, timeout=600, limits=limits, trust_env=False) as http:
            await _until_ready(http, serving)
            yield http
    finally:
        supervisor.stop()
        await serving


async def _until_ready(http: httpx.AsyncClient, serving: asyncio.Task[int]) -> None:
    deadline = time.monotonic() + _READY_WITHIN
    while time.monotonic() < deadline and not serving.done():
        with contextlib.suppress(httpx.HTTPError, ValueError):
            if (await http.get("/health")).json().get("model_loaded"):
                return
        await asyncio.sleep(0.1)
    raise RuntimeError("the service did not become ready")


async def _memory(http: httpx.AsyncClient) -> float:
    """Bytes that the API's process holds in memory; what a crowd took is not given back to the system at once."""
    lines = (await http.get("/metrics")).text.splitlines()
    return float(next(line for line in lines if line.startswith("process_resident_memory_bytes ")).split()[1])


@asynccontextmanager
async def _frames(settings: Settings) -> AsyncIterator[JetStreamBroker]:
    """A connection with the product's own credentials: clinic systems may not read tokens."""
    broker = JetStreamBroker([EmbeddedNats.stored_url(settings.casenote_home)], name="casenote-bench")
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()


async def _note(
    http: httpx.AsyncClient, broker: JetStreamBroker, sample: Sample, *, watchers: int, silent: int
) -> list[Note]:
    """One session live, then closed; what each reading watcher saw."""
    session_id = (await http.post("/sessions/", json={"patient_id": 1})).json()["session"]["id"]
    for index, turn in enumerate(sample.turns):
        segment = {"index": index, "speaker": turn["speaker"], "text": turn["text"]}
        await http.post(f"/sessions/{session_id}/segments", json={"segments": [segment]})
    await asyncio.sleep(3.0)  # a session lasts longer than its prefill
    closed_at = time.time()
    await http.post(f"/sessions/{session_id}/close")
    deaf = [_connect_silently(http, session_id) for _ in range(silent)]
    reading = [_watch(http, session_id) for _ in range(max(1, watchers - silent))]
    seen = await asyncio.gather(*reading)
    for sock in deaf:
        sock.close()
    decoded = await _decoded_at(broker, session_id)
    return [_as_note(arrivals, decoded, closed_at) for arrivals in seen]


async def _watch(http: httpx.AsyncClient, session_id: int) -> list[tuple[str, str, float]]:
    """(id, event, time of arrival) of a whole stream.

    A bare socket, read now and parsed afterwards: hundreds of readers in one process would otherwise measure their own
    parsing.
    """
    reader, writer = await asyncio.open_connection(http.base_url.host, http.base_url.port)
    writer.write(_request(session_id))
    chunks: list[tuple[float, bytes]] = []
    while chunk := await reader.read(1 << 20):
        chunks.append((time.time(), chunk))
        if b"0\r\n\r\n" in chunk[-7:]:
            break
    writer.close()
    return _arrivals(chunks)


def _arrivals(chunks: list[tuple[float, bytes]]) -> list[tuple[str, str, float]]:
    """The events of what a socket gave. An event has arrived when its last byte has."""
    arrivals: list[tuple[str, str, float]] = []
    held = b""
    for moment, chunk in chunks:
        held += chunk
        *whole, held = held.split(b"\n\n")
        for block in whole:
            fields = dict(line.split(b": ", 1) for line in block.split(b"\n") if b": " in line)
            if b"id" in fields and b"event" in fields:
                arrivals.append((fields[b"id"].decode(), fields[b"event"].decode(), moment))
    return arrivals


def _request(session_id: int) -> bytes:
    return f"GET /sessions/{session_id}/notes/stream HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()


def _connect_silently(http: httpx.AsyncClient, session_id: int) -> socket.socket:
    sock = socket.create_connection((http.base_url.host, http.base_url.port or 80))
    sock.sendall(_request(session_id))
    return sock


async def _decoded_at(broker: JetStreamBroker, session_id: int) -> dict[str, float]:
    """When each event was decoded, by id, from the token log."""
    moments: dict[str, float] = {}
    frames = broker.follow_frames(str(session_id))
    async with contextlib.aclosing(frames):
        async for payload in frames:
            frame = Frame.decode(payload)
            for event in frame:
                if frame.decoded_at is not None:
                    moments[event.id] = frame.decoded_at
                if event.is_last:
                    return moments
    return moments


def _as_note(arrivals: list[tuple[str, str, float]], decoded: dict[str, float], closed_at: float) -> Note:
    tokens = [Seen(decoded[i], at) for i, event, at in arrivals if event == "token" and i in decoded]
    return Note(
        close_to_first_frame=arrivals[0][2] - closed_at,
        close_to_note=arrivals[-1][2] - closed_at,
        tokens=tokens,
    )


def _rate(moments: list[float]) -> float:
    span = max(moments) - min(moments)
    return (len(moments) - 1) / span if span > 0 else 0.0


def _percentile(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
