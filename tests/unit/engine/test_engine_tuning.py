"""Tuning measures, chooses and remembers; a worker does it once, while nothing waits."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from models import prompts
from models.bench import Shape, phi3_vocabulary, write_phi3_shape
from models.bench.ours import note_request
from models.bench.sessions import written_turns
from models.chat import PHI3
from models.engine import tuning as tuning_module
from models.engine import worker
from models.engine.api import Finished, Token
from models.engine.engine import LlamaEngine
from models.engine.loading import plan_load
from models.engine.settings import EngineSettings
from models.engine.tuning import remembered, tune, with_tuning

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _idle_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other work on the machine that tests run on is no matter of theirs."""
    monkeypatch.setattr(tuning_module, "_UNDISTURBED", 0.0)


def test_what_was_measured_is_used_at_the_next_start(tiny_phi3: Path, tmp_path: Path) -> None:
    settings = EngineSettings(tiny_phi3, n_threads=2, cache_dir=tmp_path)
    assert with_tuning(settings) == settings
    tuning = tune(settings)
    # The heads of this model are too narrow for a quantised cache.
    assert {(point.flash_attn, point.kv_type) for point in tuning.points} == {(False, "f16"), (True, "f16")}
    assert all(point.prefill_rate > 0 < point.step_one for point in tuning.points)
    assert tuning.best.note_seconds == min(point.note_seconds for point in tuning.points)
    assert remembered(settings) == tuning.tuned
    runner = plan_load(with_tuning(EngineSettings(tiny_phi3, cache_dir=tmp_path))).runner
    tuned = tuning.tuned
    assert (runner.flash_attn, runner.kv_type, runner.n_threads, runner.n_batch) == (
        tuned.flash_attn, tuned.kv_type, tuned.n_threads, tuned.n_batch,
    )  # fmt: skip
    assert sum("<- used" in line for line in tuning.lines()) == 1


def test_a_quantised_cache_is_measured_where_the_model_can_have_one(tmp_path: Path) -> None:
    model = tmp_path / "wide-heads.gguf"
    shape = Shape(layers=1, width=64, feed_forward=128, heads=2, quantised=False)
    write_phi3_shape(phi3_vocabulary(ROOT / "build" / "vocab"), model, shape)

    tuning = tune(EngineSettings(model, flash_attn=True, n_threads=2, cache_dir=tmp_path))

    assert [point.kv_type for point in tuning.points] == ["f16", "q8_0"]
    assert [rows for rows, _ in tuning.rates] == [64, 128, 256, 512]
    assert tuning.tuned.n_batch in (64, 128, 256, 512)


def test_what_the_settings_say_wins_over_what_was_measured(tiny_phi3: Path, tmp_path: Path) -> None:
    settings = EngineSettings(tiny_phi3, n_threads=1, flash_attn=True, cache_dir=tmp_path)
    tuning = tune(settings)
    assert [(point.flash_attn, point.n_threads) for point in tuning.points] == [(True, 1)]
    chosen = replace(settings, flash_attn=False, kv_type="f16", n_threads=2, n_batch=128)
    assert with_tuning(chosen) == chosen


def test_without_flash_attention_the_cache_is_never_quantised(tiny_phi3: Path, tmp_path: Path) -> None:
    settings = EngineSettings(tiny_phi3, n_threads=1, flash_attn=True, cache_dir=tmp_path)
    tune(settings)
    memory = tmp_path / "tuning.json"
    memory.write_text(memory.read_text().replace('"f16"', '"q8_0"'))

    assert with_tuning(settings).kv_type == "q8_0"
    assert with_tuning(replace(settings, flash_attn=False)).kv_type == "f16"


def test_what_was_measured_on_a_busy_machine_is_told_but_not_remembered(
    tiny_phi3: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning_module, "_UNDISTURBED", 1e9)
    settings = EngineSettings(tiny_phi3, n_threads=1, flash_attn=False, cache_dir=tmp_path)

    tuning = tune(settings)

    assert "busy" in tuning.lines()[-1]
    assert remembered(settings) is None


def test_a_damaged_memory_is_measured_again(tiny_phi3: Path, tmp_path: Path) -> None:
    (tmp_path / "tuning.json").write_text("[1")
    settings = EngineSettings(tiny_phi3, n_threads=1, flash_attn=False, cache_dir=tmp_path)
    assert remembered(settings) is None
    assert tune(settings).tuned == remembered(settings)


async def test_an_engine_measures_once_while_nothing_waits(
    tiny_phi3: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_QUIET", 0.0)
    settings = EngineSettings(tiny_phi3, n_ctx=1024, cache_dir=tmp_path, tune=True)
    await _run_until_tuned(settings)
    tuned = remembered(settings)

    engine = LlamaEngine(settings)
    await engine.start()
    assert engine._worker is not None
    assert engine._worker._idle is None
    await engine.stop()
    assert remembered(settings) == tuned


async def test_a_note_that_comes_while_it_measures_is_written_and_the_measuring_goes_on_after_it(
    tiny_phi3: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = EngineSettings(tiny_phi3, n_ctx=1024, n_threads=1, flash_attn=False, n_batch=512, cache_dir=tmp_path)
    undisturbed = await _note(settings)
    monkeypatch.setattr(worker, "_QUIET", 0.0)

    assert await _note(replace(settings, tune=True)) == undisturbed != ""
    assert remembered(settings) is None
    await _run_until_tuned(replace(settings, tune=True))


async def _note(settings: EngineSettings) -> str:
    engine = LlamaEngine(settings)
    await engine.start()
    engine.prefill("instructions", prompts.opening(PHI3))
    text, last = "", None
    async with asyncio.timeout(60):
        async for step in engine.submit(note_request("session-1", PHI3, written_turns(7), 21)):
            text += "".join(f"[{event.branch}]{event.text}" for event in step if isinstance(event, Token))
            last = step[-1]
    await engine.stop()
    assert isinstance(last, Finished)
    return text


async def _run_until_tuned(settings: EngineSettings) -> None:
    engine = LlamaEngine(settings)
    await engine.start()
    async with asyncio.timeout(120):
        while remembered(settings) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await engine.stop()
