"""``casenote bench engine``: this engine, llama.cpp alone and, where given, llama-server, in one run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models import prompts
from models.bench.bandwidth import read_bandwidth
from models.bench.llama_server import ServerNote, closed_cold, closed_warm, running_server, together
from models.bench.report import BenchReport, BenchRow, point_line
from models.bench.sessions import read_turns
from models.chat import FAMILIES
from models.engine.environment import engine_environment
from models.engine.loading import Plan, kv_bytes_per_token, plan_load
from models.engine.settings import EngineSettings, physical_cores
from models.errors import ModelLoadError
from models.transcript import Turn

__all__ = ["PARTS", "BenchReport", "BenchRow", "run_engine_bench"]

PARTS = ("alone", "close", "silence", "four", "sweep")
_TOGETHER = 4  # sessions that close at once
_SPARE = 512  # tokens of context beyond prompt and note

_MORE = ("prompt_tokens", "python_share", "fed_seconds", "longest_pause_in_steps")

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Bench:
    """What all cases have in common."""

    model: Path
    plan: Plan
    transcript: Path | None
    llama_server: Path | None
    threads: int
    n_ctx: int
    tokens: int
    bandwidth: float
    say: Progress
    silence: float

    @property
    def turns(self) -> tuple[Turn, ...]:
        return read_turns(self.transcript)

    def share(self, steps_a_second: float, context: int) -> float:
        """Of the memory bandwidth: each step reads all weights, and the cache of one sequence."""
        read = self.plan.head.size_bytes + context * kv_bytes_per_token(self.plan.head)
        return steps_a_second * read / self.bandwidth

    def text(self, turns: tuple[Turn, ...], *, closed: bool) -> str:
        """The prompt of a session, as text for another server."""
        chat = FAMILIES[self.plan.chat.name]
        segments = prompts.note_prefix(chat, turns) if closed else prompts.growing_prefix(chat, turns)
        return "".join(segment.text for segment in segments)

    def case(self, kind: str, **more: Any) -> dict[str, Any]:
        """One case in a process of its own."""
        case = {"kind": kind, "model": str(self.model), "tokens": self.tokens, "threads": self.threads, **more}
        case.setdefault("n_ctx", self.n_ctx)
        if self.transcript is not None and "length" not in more:
            case["transcript"] = str(self.transcript)
        self.say(f"{kind} {' '.join(f'{key}={value}' for key, value in more.items())}")
        command = [sys.executable, "-m", "models.bench.case", json.dumps(case)]
        environment = engine_environment(os.environ)
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise ModelLoadError(f"the measurement '{kind}' ended: {reason}")
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result


def run_engine_bench(
    model: Path,
    *,
    transcript: Path | None = None,
    llama_server: Path | None = None,
    output_tokens: int = 200,
    n_threads: int | None = None,
    parts: Collection[str] = PARTS,
    silence: float = 10.0,
    sessions: tuple[int, ...] = (1, 4, 8),
    lengths: tuple[int, ...] = (512, 2048, 8192),
    progress: Progress = lambda _line: None,
) -> BenchReport:
    """Measures ``parts``: "alone", llama.cpp by itself and this engine without its advantages; "close", one session fed
    live, beside llama-server where given; "silence", the same closed so many seconds after its note was begun unasked;
    "four" of them at once; "sweep", ``sessions`` at once of ``lengths`` tokens,
    the longest as long as the model allows.

    Each case runs in a process of its own, one after the other. Raises ``ModelError``; ValueError for an unknown part.
    """
    unknown = set(parts) - set(PARTS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: no part of the measurements; they are {', '.join(PARTS)}")
    plan = plan_load(EngineSettings(model))
    threads = n_threads or physical_cores()
    n_ctx = min(4096, plan.n_ctx_train)
    bandwidth = read_bandwidth(threads)
    bench = _Bench(model, plan, transcript, llama_server, threads, n_ctx, output_tokens, bandwidth, progress, silence)
    measure = {"alone": _alone, "close": _close, "silence": _after_silence, "four": _four}
    rows = []
    for part in PARTS:
        for row in measure[part](bench) if part in parts and part in measure else ():
            progress(row.line())  # a run of many minutes that is cut short has said what it knew
            rows.append(row)
    most = plan.n_ctx_train - output_tokens - _SPARE
    wanted = sorted({min(length, most) for length in lengths}) if "sweep" in parts else []
    sweep = tuple(_point(bench, count, length) for length in wanted for count in sessions)
    tokens = max((int(row.more.get("prompt_tokens", 0)) for row in rows), default=0)
    return BenchReport(model.name, tokens, output_tokens, threads, bandwidth, tuple(rows), sweep)


def _alone(bench: _Bench) -> Iterator[BenchRow]:
    """llama.cpp by itself, and this engine that sees the session only when it is over, or writes in order."""
    for flash in (True, False):
        raw = bench.case("raw", flash=flash)
        name = f"llama.cpp alone, flash attention {'on' if flash else 'off'}"
        rate = bench.tokens / (raw["total"] - raw["first"])
        yield _row(name, raw | {"rate": rate}, bench.share(rate, raw["prompt_tokens"]))
    yield _ours(bench, "casenote, prompt at close", live=False)
    yield _ours(bench, "casenote, fed live, sections in order", parallel=False)


def _close(bench: _Bench) -> Iterator[BenchRow]:
    """One session, fed live, and the same through llama-server, its prompt at close and pre-warmed."""
    yield _ours(bench, "casenote, fed live, sections side by side")
    if bench.llama_server is None:
        return
    turns = bench.turns
    known = [bench.text(turns[:count], closed=False) for count in range(8, len(turns), 8)]
    known.append(bench.text(turns[:-1], closed=False))
    prompt = bench.text(turns, closed=True)
    bench.say("llama-server, one slot")
    with running_server(bench.llama_server, bench.model, threads=bench.threads, n_ctx=bench.n_ctx) as server:
        note = closed_cold(server, prompt, bench.tokens)
        yield _server_row("llama-server, prompt at close", [note], note.total, server.peak_bytes())
        with server.post(prompt="reset", n_predict=1, cache_prompt=False, id_slot=0) as answer:
            answer.read()  # an empty cache again
        note = closed_warm(server, prompt, known, bench.tokens)
        yield _server_row("llama-server, pre-warmed", [note], note.total, server.peak_bytes())


def _after_silence(bench: _Bench) -> Iterator[BenchRow]:
    """One session, fed live, whose note was begun in the silence after the last word."""
    result = bench.case("ours", silence=bench.silence)
    yield _row(f"casenote, closed {bench.silence:g} s after its note was begun", result, None)


def _four(bench: _Bench) -> Iterator[BenchRow]:
    """Four sessions that close at once, and the same through llama-server with four slots, all pre-warmed."""
    room = _TOGETHER * bench.n_ctx
    ours = bench.case("ours", sessions=_TOGETHER, kv_tokens=room)
    stall = bench.case("stall", sessions=_TOGETHER, kv_tokens=room)
    yield _row("casenote, four fed live at once", ours | stall | {"first": ours["last_first"]}, None)
    if bench.llama_server is None:
        return
    starts = [(Turn(0, "therapist", f"Session {place}."), *bench.turns[1:]) for place in range(_TOGETHER)]
    prompts_closed = [bench.text(start, closed=True) for start in starts]
    known = [[bench.text(start[:-1], closed=False)] for start in starts]
    bench.say("llama-server, four slots")
    with running_server(bench.llama_server, bench.model, threads=bench.threads, n_ctx=room, slots=_TOGETHER) as server:
        notes, seconds = together(server, prompts_closed, known, bench.tokens)
        yield _server_row("llama-server, four pre-warmed at once", notes, seconds, server.peak_bytes())


def _ours(bench: _Bench, name: str, **options: Any) -> BenchRow:
    result = bench.case("ours", **options)
    return _row(name, result, bench.share(1.0 / result["step"], result["prompt_tokens"]))


def _row(name: str, result: dict[str, Any], share: float | None) -> BenchRow:
    more: dict[str, float] = {key: result[key] for key in _MORE if key in result}
    return BenchRow(
        name=name,
        first=result["first"],
        total=result["total"],
        work_first=result["work_first"],
        work_total=result["work_total"],
        rate=result["rate"],
        peak_bytes=result["peak_bytes"],
        bandwidth_share=share,
        more=more,
    )


def _server_row(name: str, notes: list[ServerNote], seconds: float, peak_bytes: int) -> BenchRow:
    """The slowest of the notes, as each watcher's clock and the server's processors saw it."""
    first = max(note.first for note in notes)
    work_first, work_total = (max(getattr(note, key) for note in notes) for key in ("work_first", "work_total"))
    rate = sum(note.tokens for note in notes) / seconds
    return BenchRow(name, first, seconds, work_first, work_total, rate, peak_bytes)


def _point(bench: _Bench, count: int, length: int) -> dict[str, float]:
    room = length + bench.tokens + _SPARE
    result = bench.case("ours", sessions=count, length=length, n_ctx=room, kv_tokens=count * room)
    point = {key: result[key] for key in ("rate", "last_first", "step", "total")}
    point |= {"sessions": count, "length": length}
    bench.say(point_line(point))
    return point
