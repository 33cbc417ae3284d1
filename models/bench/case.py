"""One measurement in a process of its own, so that its peak memory is its own: ``python -m models.bench.case JSON``."""

from __future__ import annotations

import asyncio
import json
import resource
import statistics
import sys
from pathlib import Path
from typing import Any

from models import prompts
from models.bench.ours import close_after_silence, close_together, close_while_one_writes, feed_live, note_request
from models.bench.raw_decode import raw_times
from models.bench.sessions import read_turns, written_turns
from models.chat import FAMILIES
from models.engine.engine import LlamaEngine
from models.engine.loading import load, plan_load
from models.engine.sequence import join_tokens
from models.engine.settings import EngineSettings

__all__ = ["run_case"]

_TOKENS_A_TURN = 25  # in the vocabularies at hand 20 to 25, the number before it included
_INSTRUCTIONS = 330


def run_case(case: dict[str, Any]) -> dict[str, Any]:
    """The measurement that ``case["kind"]`` names; times in seconds, memory in bytes."""
    result = _raw(case) if case["kind"] == "raw" else asyncio.run(_engine(case))
    result["peak_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return result


def _settings(case: dict[str, Any]) -> EngineSettings:
    return EngineSettings(
        model_path=Path(case["model"]),
        n_ctx=case.get("n_ctx"),
        n_threads=case.get("threads"),
        kv_tokens=case.get("kv_tokens"),
        flash_attn=case.get("flash"),
        cache_dir=None,
    )


def _raw(case: dict[str, Any]) -> dict[str, Any]:
    plan = plan_load(_settings(case))
    runner = load(plan)
    turns = _turns(case, 0)
    prompt = join_tokens(prompts.note_prefix(plan.chat, turns), runner)
    times = raw_times(runner, prompt, case["tokens"])
    runner.close()
    return {
        "prompt_tokens": len(prompt),
        "first": times.prefill,
        "total": times.prefill + sum(times.steps),
        "work_first": times.work_prefill,
        "work_total": times.work_total,
        "prefill_rate": len(prompt) / times.prefill,
        "decode_rate": 1.0 / statistics.median(times.steps),
    }


async def _engine(case: dict[str, Any]) -> dict[str, Any]:
    engine = LlamaEngine(_settings(case))
    await engine.start()
    try:
        return await (_stall(engine, case) if case["kind"] == "stall" else _notes(engine, case))
    finally:
        await engine.stop()


async def _notes(engine: LlamaEngine, case: dict[str, Any]) -> dict[str, Any]:
    """One note or several at once; ``live``: the sessions were fed turn by turn before they closed."""
    chat = FAMILIES[engine.info.chat]
    count = case.get("sessions", 1)
    sessions = {f"session-{place}": _turns(case, place) for place in range(count)}
    fed = 0.0
    if case.get("live", True):
        for name, turns in sessions.items():
            fed += await feed_live(engine, name, turns if case.get("silence") else turns[:-1])
    before = engine.stats()
    requests = [
        note_request(name, chat, turns, case["tokens"], parallel=case.get("parallel", True))
        for name, turns in sessions.items()
    ]
    if case.get("silence"):
        heard = [await close_after_silence(engine, requests[0], case["silence"])]
        seconds = heard[0].total
    else:
        heard, seconds = await close_together(engine, requests)
    after = engine.stats()
    spent = {key: after.extra[key] - before.extra[key] for key in ("decode_seconds", "overhead_seconds")}
    gaps = [gap for one in heard for gap in one.gaps()]
    return {
        "prompt_tokens": engine.count_tokens(requests[0].prefix),
        "first": statistics.median(one.first for one in heard),
        "last_first": max(one.first for one in heard),
        "total": seconds,
        "work_first": max(one.work_first for one in heard),
        "work_total": max(one.work_total for one in heard),
        "rate": sum(one.tokens for one in heard) / seconds,
        "step": statistics.median(gaps),
        "fed_seconds": fed,
        "python_share": spent["overhead_seconds"] / max(1e-9, sum(spent.values())),
    }


async def _stall(engine: LlamaEngine, case: dict[str, Any]) -> dict[str, Any]:
    """One note is being written while others arrive whose prompts were not computed before."""
    chat = FAMILIES[engine.info.chat]
    first = _turns(case, 0)
    await feed_live(engine, "session-0", first)
    requests = [note_request("session-0", chat, first, case["tokens"])]
    requests += [
        note_request(f"session-{place}", chat, other[: len(other) // 4], 14)
        for place in range(1, case["sessions"])
        for other in (_turns(case, place),)
    ]
    return {"longest_pause_in_steps": await close_while_one_writes(engine, requests)}


def _turns(case: dict[str, Any], place: int) -> Any:
    if "length" not in case and "turns" not in case:
        turns = read_turns(Path(case["transcript"]) if case.get("transcript") else None)
    else:
        turns = written_turns(case.get("turns") or max(4, (case["length"] - _INSTRUCTIONS) // _TOKENS_A_TURN))
    # Each session begins in its own way, so that nothing but the instructions is shared.
    return turns if place == 0 else (turns[0].__class__(0, "therapist", f"Session {place}."), *turns[1:])


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run_case(json.loads(sys.argv[1]))) + "\n")
