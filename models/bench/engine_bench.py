"""``casenote bench engine``: this engine, llama.cpp alone and, where given, llama-server, in one run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from models import prompts
from models.bench.bandwidth import read_bandwidth
from models.bench.llama_server import ServerNote, closed_cold, closed_warm, running_server, together
from models.bench.sessions import read_turns
from models.chat import FAMILIES
from models.engine.loading import kv_bytes_per_token, plan_load
from models.engine.settings import EngineSettings, physical_cores
from models.errors import ModelLoadError
from models.transcript import Turn

__all__ = ["BenchReport", "BenchRow", "run_engine_bench"]

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BenchRow:
    """One way to write the note. Seconds after the session closed, to the first text and to the last; the same in
    processor seconds of all threads, which other work on the machine changes little; tokens a second of all
    streams; bytes; the share of the memory bandwidth that the steps of decoding read."""

    name: str
    first: float
    total: float
    work_first: float
    work_total: float
    rate: float
    peak_bytes: int
    bandwidth_share: float | None = None
    more: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BenchReport:
    """All that was measured in one run."""

    model: str
    prompt_tokens: int
    output_tokens: int
    threads: int
    bandwidth: float
    rows: tuple[BenchRow, ...]
    sweep: tuple[dict[str, float], ...]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2)

    def lines(self) -> list[str]:
        """A table for people."""
        gigabytes = self.bandwidth / 1e9
        head = f"{self.model}: prompt {self.prompt_tokens} tokens, note {self.output_tokens}, {self.threads} threads, "
        lines = [f"{head}memory {gigabytes:.1f} GB/s", ""]
        lines.append(
            f"{'way':42} {'first s':>8} {'whole s':>8} {'cpu first':>9} {'cpu whole':>9} {'tok/s':>7} "
            f"{'peak GiB':>8} {'bandwidth':>9}"
        )
        for row in self.rows:
            share = f"{row.bandwidth_share:9.0%}" if row.bandwidth_share is not None else f"{'':9}"
            lines.append(
                f"{row.name:42} {row.first:8.2f} {row.total:8.2f} {row.work_first:9.2f} {row.work_total:9.2f} "
                f"{row.rate:7.1f} {row.peak_bytes / 2**30:8.2f} {share}"
            )
        if self.sweep:
            lines += ["", f"{'sessions':>8} {'tokens each':>12} {'tok/s':>7} {'first s':>8} {'step ms':>8}"]
        for point in self.sweep:
            lines.append(
                f"{point['sessions']:8.0f} {point['length']:12.0f} {point['rate']:7.1f} {point['last_first']:8.2f} "
                f"{point['step'] * 1000:8.0f}"
            )
        return lines


@dataclass(frozen=True, slots=True)
class _Bench:
    """What all cases have in common."""

    model: Path
    transcript: Path | None
    threads: int
    n_ctx: int
    tokens: int
    say: Progress

    def case(self, kind: str, **more: Any) -> dict[str, Any]:
        """One case in a process of its own."""
        case = {"kind": kind, "model": str(self.model), "tokens": self.tokens, "threads": self.threads, **more}
        case.setdefault("n_ctx", self.n_ctx)
        if self.transcript is not None and "length" not in more:
            case["transcript"] = str(self.transcript)
        self.say(f"{kind} {' '.join(f'{key}={value}' for key, value in more.items())}")
        command = [sys.executable, "-m", "models.bench.case", json.dumps(case)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
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
    sessions: tuple[int, ...] = (1, 4, 8),
    lengths: tuple[int, ...] = (512, 2048, 8192),
    progress: Progress = lambda _line: None,
) -> BenchReport:
    """Measures one session that closes, then a sweep over sessions and lengths (none with ``sessions=()``).

    Each case runs in a process of its own, one after the other. Raises ``ModelError``.
    """
    plan = plan_load(EngineSettings(model))
    threads = n_threads or physical_cores()
    turns = read_turns(transcript)
    bench = _Bench(model, transcript, threads, min(4096, plan.n_ctx_train), output_tokens, progress)
    bandwidth = read_bandwidth(threads)
    weights = plan.head.size_bytes
    cell = kv_bytes_per_token(plan.head)

    def share(steps_a_second: float, context: int) -> float:
        return steps_a_second * (weights + context * cell) / bandwidth

    rows, prompt_tokens = [], 0
    for flash in (True, False):
        raw = bench.case("raw", flash=flash)
        prompt_tokens = raw["prompt_tokens"]
        name = f"llama.cpp alone, flash attention {'on' if flash else 'off'}"
        rate = output_tokens / (raw["total"] - raw["first"])
        rows.append(_row(name, raw | {"rate": rate}, share(rate, prompt_tokens)))
    for name, options in (
        ("casenote, prompt at close", {"live": False}),
        ("casenote, fed live, sections in order", {"parallel": False}),
        ("casenote, fed live, sections side by side", {}),
    ):
        ours = bench.case("ours", **options)
        rows.append(_row(name, ours, share(1.0 / ours["step"], prompt_tokens)))
    if llama_server is not None:
        rows += _server_rows(bench, llama_server, FAMILIES[plan.chat.name].name, turns)
    sweep = [
        _point(bench, count, length) for length in lengths for count in sessions if length <= plan.n_ctx_train - 512
    ]
    return BenchReport(model.name, prompt_tokens, output_tokens, threads, bandwidth, tuple(rows), tuple(sweep))


def _row(name: str, result: dict[str, Any], share: float | None) -> BenchRow:
    more: dict[str, float] = {key: result[key] for key in ("python_share", "fed_seconds") if key in result}
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


def _server_row(name: str, notes: list[ServerNote], seconds: float, rate: float, peak_bytes: int) -> BenchRow:
    """The slowest of the notes, as each watcher's clock and the server's processors saw it."""
    first = max(note.first for note in notes)
    work_first, work_total = (max(getattr(note, key) for note in notes) for key in ("work_first", "work_total"))
    return BenchRow(name, first, seconds, work_first, work_total, rate, peak_bytes)


def _point(bench: _Bench, count: int, length: int) -> dict[str, float]:
    room = length + bench.tokens + 512
    result = bench.case("ours", sessions=count, length=length, n_ctx=room, kv_tokens=count * room)
    return {"sessions": count, "length": length} | {key: result[key] for key in ("rate", "last_first", "step", "total")}


def _server_rows(bench: _Bench, binary: Path, family: str, turns: tuple[Turn, ...]) -> list[BenchRow]:
    """llama-server, the prompt at close and pre-warmed turn by turn, and four sessions at once."""
    chat = FAMILIES[family]

    def text(said: tuple[Turn, ...], *, closed: bool) -> str:
        segments = prompts.note_prefix(chat, said) if closed else prompts.growing_prefix(chat, said)
        return "".join(segment.text for segment in segments)

    known = [text(turns[:count], closed=False) for count in range(8, len(turns), 8)] + [text(turns[:-1], closed=False)]
    rows = []
    bench.say("llama-server, one slot")
    with running_server(binary, bench.model, threads=bench.threads, n_ctx=bench.n_ctx) as server:
        for name, note in (
            ("llama-server, prompt at close", closed_cold(server, text(turns, closed=True), bench.tokens)),
            ("llama-server, pre-warmed", _warm_again(server, turns, text, known, bench.tokens)),
        ):
            rate = note.tokens / note.total
            rows.append(_server_row(name, [note], note.total, rate, server.peak_bytes()))
    bench.say("llama-server, four slots")
    count = 4
    starts = [(Turn(0, "therapist", f"Session {place}."), *turns[1:]) for place in range(count)]
    with running_server(binary, bench.model, threads=bench.threads, n_ctx=count * bench.n_ctx, slots=count) as server:
        notes, seconds = together(
            server,
            [text(start, closed=True) for start in starts],
            [[text(start[:-1], closed=False)] for start in starts],
            bench.tokens,
        )
        rate = sum(note.tokens for note in notes) / seconds
        rows.append(_server_row("llama-server, four pre-warmed at once", notes, seconds, rate, server.peak_bytes()))
    ours = bench.case("ours", sessions=count, kv_tokens=count * bench.n_ctx)
    rows.append(_row("casenote, four fed live at once", ours | {"first": ours["last_first"]}, None))
    return rows


def _warm_again(server: Any, turns: tuple[Turn, ...], text: Any, known: list[str], tokens: int) -> Any:
    """Pre-warmed from an empty cache: another prompt takes the slot first."""
    with server.post(prompt="reset", n_predict=1, cache_prompt=False, id_slot=0) as answer:
        answer.read()
    return closed_warm(server, text(turns, closed=True), known, tokens)
