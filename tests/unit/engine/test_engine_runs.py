"""The engine with a small model over many notes: memory, statistics, starts that fail."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from models import prompts
from models.bench.ours import note_request
from models.bench.sessions import written_turns
from models.chat import PHI3
from models.engine.api import Failed, Finished, Token
from models.engine.engine import LlamaEngine
from models.engine.room import LEFT_BEHIND
from models.engine.settings import EngineSettings
from models.errors import ModelFileError, ModelLoadError
from models.transcript import Turn

SLOW = os.environ.get("CASENOTE_TEST_ROUNDS") == "slow"
NOTES = 1000 if SLOW else 60
WARM_UP = 20
GROWTH = 8 << 20  # bytes: allocators keep some pages


def settings(model: Path) -> EngineSettings:
    return EngineSettings(model, n_ctx=1024, kv_tokens=2048, n_threads=1)


async def write(engine: LlamaEngine, number: int, *, live: bool) -> str:
    """One session from its first turn to its release; its text."""
    turns = written_turns(6 + number % 5)
    name = f"session-{number}"
    if live:
        for count in range(1, len(turns)):
            engine.prefill(name, prompts.growing_prefix(PHI3, turns[:count]))
            await asyncio.sleep(0)
    text = ""
    async with asyncio.timeout(60):
        async for step in engine.submit(note_request(name, PHI3, turns, 21)):
            assert not isinstance(step[-1], Failed)
            text += "".join(f"[{event.branch}]{event.text}" for event in step if isinstance(event, Token))
    engine.release(name)
    return text


async def test_memory_does_not_grow_over_many_notes(tiny_phi3: Path) -> None:
    engine = LlamaEngine(settings(tiny_phi3))
    await engine.start()
    process = psutil.Process()
    before = 0
    for number in range(NOTES):
        if number == WARM_UP:
            before = process.memory_info().rss
        await write(engine, number, live=number % 2 == 0)
    grown = process.memory_info().rss - before
    await engine.stop()
    assert grown < GROWTH


async def test_a_session_fed_live_gives_the_note_of_the_same_session_at_once(tiny_phi3: Path) -> None:
    texts = []
    for live in (True, False):
        engine = LlamaEngine(settings(tiny_phi3))
        await engine.start()
        texts.append(await write(engine, 3, live=live))
        await engine.stop()
    assert texts[0] == texts[1] != ""


async def finished(engine: LlamaEngine, session: str, turns: tuple[Turn, ...]) -> Finished:
    async with asyncio.timeout(60):
        events = [event async for step in engine.submit(note_request(session, PHI3, turns, 7)) for event in step]
    assert isinstance(events[-1], Finished)
    return events[-1]


async def test_instructions_are_computed_once_for_all_sessions(tiny_phi3: Path) -> None:
    engine = LlamaEngine(settings(tiny_phi3))
    await engine.start()
    shared = engine.count_tokens(prompts.opening(PHI3))
    engine.prefill("instructions", prompts.opening(PHI3))
    await write(engine, 1, live=False)
    second = await finished(engine, "session-2", tuple(written_turns(7)))
    await engine.stop()
    assert second.cached_tokens >= shared


async def test_sessions_whose_notes_are_written_do_not_pile_up_in_the_cache(tiny_phi3: Path) -> None:
    """Each of their cells would cost every later note time. The last one stays, and those that go on."""
    engine = LlamaEngine(replace(settings(tiny_phi3), kv_tokens=16384))
    await engine.start()
    engine.prefill("instructions", prompts.opening(PHI3))
    turns = tuple(written_turns(30))
    going_on = turns[:9]
    engine.prefill("live", prompts.growing_prefix(PHI3, going_on))
    known = engine.count_tokens(prompts.growing_prefix(PHI3, going_on))
    written = [await finished(engine, f"session-{number}", turns[number : number + 12]) for number in range(1, 18)]
    longest = max(one.input_tokens for one in written)

    assert engine.stats().kv_used <= LEFT_BEHIND + 2 * longest + known
    again = await finished(engine, "session-17", turns[17:29])
    assert again.cached_tokens >= 0.9 * again.input_tokens
    assert (await finished(engine, "live", going_on)).cached_tokens >= known
    await engine.stop()


async def test_a_start_that_fails_leaves_an_engine_that_says_so(tmp_path: Path) -> None:
    engine = LlamaEngine(EngineSettings(tmp_path / "nothing.gguf"))
    with pytest.raises(ModelFileError, match="does not exist"):
        await engine.start()
    with pytest.raises(ModelLoadError, match="has not been started"):
        _ = engine.info
    await engine.stop()


async def test_an_engine_can_be_stopped_and_started_again(tiny_phi3: Path) -> None:
    engine = LlamaEngine(settings(tiny_phi3))
    texts = []
    for _ in range(2):
        await engine.start()
        texts.append(await write(engine, 5, live=False))
        await engine.stop()
    assert texts[0] == texts[1]
    await engine.stop()


async def test_llama_cpp_says_nothing_on_standard_error(tiny_phi3: Path, capfd: pytest.CaptureFixture[str]) -> None:
    engine = LlamaEngine(settings(tiny_phi3))
    await engine.start()
    await write(engine, 1, live=True)
    await engine.stop()
    assert capfd.readouterr() == ("", "")
