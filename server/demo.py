"""``casenote demo``: a sample session is replayed as live events, its note is watched being written, and the event
that a clinic system would get is received and shown. Everything goes the way a clinic's own systems go."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import nats
from httpx_sse import aconnect_sse
from nats.aio.client import Client
from rich.console import Console

from events.contracts import (
    CLOSED_TYPE,
    SEGMENT_TYPE,
    ClosedData,
    CloudEvent,
    SegmentData,
    SegmentIn,
    closed_subject,
    decode_event,
    encode_event,
    new_event,
    segment_subject,
    updated_subject,
)
from server import logs
from server.clock import utc_now
from server.demo_screen import Screen
from server.errors import SettingsError
from server.settings import Settings
from server.supervisor import CLINIC_FILE, Supervisor

SAMPLES = Path(__file__).parent / "samples"
_READY_WITHIN = 120.0
_NOTE_WITHIN = 900.0


@dataclass(frozen=True, slots=True)
class Sample:
    """A session that was written for the product."""

    name: str
    title: str
    patient_id: int
    turns: list[dict[str, Any]]


def load_samples() -> list[Sample]:
    """The sample sessions, shortest first."""
    samples = []
    for path in SAMPLES.glob("*.json"):
        body = json.loads(path.read_text(encoding="utf-8"))
        samples.append(Sample(path.stem, body["title"], body["patient_id"], body["turns"]))
    return sorted(samples, key=lambda sample: (len(sample.turns), sample.name))


def choose_sample(name: str) -> Sample:
    """The sample of that name, or the one that speaks of risk. Raises ``SettingsError``."""
    samples = {sample.name: sample for sample in load_samples()}
    chosen = samples.get(name or "safety-plan")
    if chosen is None:
        raise SettingsError(f"There is no sample '{name}'; there are {', '.join(samples)}.")
    return chosen


async def run_demo(settings: Settings, *, once: bool, sample: str, speed: float) -> int:
    """Serves, shows, and goes on serving unless ``once``. The exit code. Raises ``SettingsError``."""
    chosen = choose_sample(sample)
    if settings.casenote_auth != "off" or not settings.api_port:
        raise SettingsError("The demo calls the service without a token: it needs CASENOTE_AUTH=off and an API_PORT.")
    log = settings.casenote_home.absolute() / "logs" / "casenote.log"
    supervisor = Supervisor(settings, log=log)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stop)
    console = Console(highlight=False, soft_wrap=True)
    logs.configure("error", "demo")
    console.print(f"Starting the service; it logs to {log} …")
    # Another service may answer at the address until this one has found it taken.
    started = asyncio.Event()
    serving = asyncio.create_task(supervisor.run(on_ready=started.set))
    showing = asyncio.create_task(_show(settings, chosen, speed, console, started))
    try:
        await asyncio.wait([serving, showing], return_when=asyncio.FIRST_COMPLETED)
        if serving.done() and serving.exception() is None and serving.result():
            console.print(f"[red]The service could not run:[/red] {_last_error(log)}")
        if showing.done() and not serving.done():
            code = _code_of(showing, console, log)
            if not once and code == 0:
                return await serving
            supervisor.stop()
            return (await serving) or code
        return serving.result() or 1
    finally:
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)


def _code_of(showing: asyncio.Task[int], console: Console, log: Path) -> int:
    """How the showing ended. Raises ``SettingsError``; other errors are said in one line."""
    error = showing.exception()
    if error is None:
        return showing.result()
    if isinstance(error, SettingsError):
        raise error
    console.print(f"[red]The demonstration broke off[/red] ({type(error).__name__}); see {log}")
    return 1


def _last_error(log: Path) -> str:
    """The last line of the log that says why a part could not start."""
    with contextlib.suppress(OSError):
        for line in reversed(log.read_text(encoding="utf-8", errors="replace").splitlines()):
            if '"cannot start"' in line:
                return str(json.loads(line).get("detail", ""))
    return f"see {log}"


async def _show(settings: Settings, sample: Sample, speed: float, console: Console, started: asyncio.Event) -> int:
    await started.wait()
    base = (
        f"http://{'[' + settings.api_host + ']' if ':' in settings.api_host else settings.api_host}:{settings.api_port}"
    )
    async with httpx.AsyncClient(base_url=base, timeout=60, trust_env=False) as http:
        health = await _wait_until_ready(http)
        console.print(f"The service runs at {base} with the model [bold]{health['model_name']}[/bold].")
        if health.get("demonstration"):
            console.print("[yellow]It is a small demonstration model; its notes are not for clinical use.[/yellow]")
        clinic_url = settings.nats_url or (settings.casenote_home / CLINIC_FILE).read_text()
        clinic = await nats.connect(clinic_url.split(","))
        try:
            return await _replay(http, clinic, sample, speed, console, base=base, clinic_url=clinic_url)
        finally:
            await clinic.close()


async def _replay(
    http: httpx.AsyncClient,
    clinic: Client,
    sample: Sample,
    speed: float,
    console: Console,
    *,
    base: str,
    clinic_url: str,
) -> int:
    created = (await http.post("/sessions/", json={"patient_id": sample.patient_id, "language": "english"})).json()
    session_id: int = created["session"]["id"]
    updates = await clinic.jetstream().subscribe(updated_subject(session_id), ordered_consumer=True)
    console.print(f"\n[bold]Session {session_id}[/bold]: {sample.title}, {len(sample.turns)} turns, as live events\n")
    for index, turn in enumerate(sample.turns):
        segment = SegmentIn(index=index, speaker=turn["speaker"], text=turn["text"], start=turn.get("start"))
        data = SegmentData(session_id=session_id, patient_id=sample.patient_id, segments=[segment])
        await _publish(clinic, segment_subject(session_id), _event(SEGMENT_TYPE, data, session_id))
        console.print(f"[dim]{turn['speaker']:>9}: {turn['text']}[/dim]", markup=True)
        await asyncio.sleep(1 / speed)
    closed = ClosedData(session_id=session_id, patient_id=sample.patient_id, closed_at=utc_now())
    began = asyncio.get_running_loop().time()
    await _publish(clinic, closed_subject(session_id), _event(CLOSED_TYPE, closed, session_id))
    console.print("\nThe session is closed. The note, as the model writes it:\n")
    if not await _print_stream(http, session_id, console, began):
        return 1
    message = await updates.next_msg(timeout=60)
    event = decode_event(message.data, message.headers or {})
    console.print("\nThe event that a clinic system received:\n")
    console.print_json(event.model_dump_json(exclude_none=True))
    console.print(f"\nEditor:  [bold]{base}/[/bold]  (session {session_id})")
    console.print(f"NATS for clinic systems on this machine:  {clinic_url}")
    return 0


def _event(type_: str, data: SegmentData | ClosedData, session_id: int) -> CloudEvent:
    return new_event(type_, data, source="/demo", subject=str(session_id))


async def _publish(clinic: Client, subject: str, event: CloudEvent) -> None:
    payload, headers = encode_event(event)
    await clinic.jetstream().publish(subject, payload, headers=headers)


async def _wait_until_ready(http: httpx.AsyncClient) -> dict[str, Any]:
    deadline = asyncio.get_running_loop().time() + _READY_WITHIN
    while asyncio.get_running_loop().time() < deadline:
        with contextlib.suppress(httpx.HTTPError):
            answer = await http.get("/health")
            body: dict[str, Any] = answer.json()
            if body.get("model_loaded"):
                return body
        await asyncio.sleep(0.1)
    raise SettingsError(f"The service was not ready within {_READY_WITHIN:.0f} seconds; its log says why.")


async def _print_stream(http: httpx.AsyncClient, session_id: int, console: Console, began: float) -> bool:
    """Prints the note as it comes; whether it came to a good end."""
    path = f"/sessions/{session_id}/notes/stream"
    loop = asyncio.get_running_loop()
    while loop.time() < began + _NOTE_WITHIN:
        async with aconnect_sse(http, "GET", path, timeout=_NOTE_WITHIN) as source:
            if source.response.status_code == 404:
                # The event is on its way to the worker.
                await asyncio.sleep(0.02)
                continue
            with Screen(console) as screen:
                async for event in source.aiter_sse():
                    screen.take(event.event, json.loads(event.data), loop.time() - began)
            return screen.succeeded
    return False
