"""Tuning measures, chooses and remembers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from models.engine.loading import plan_load
from models.engine.settings import EngineSettings
from models.engine.tuning import remembered, tune, with_tuning


def test_what_was_measured_is_used_at_the_next_start(tiny_phi3: Path, tmp_path: Path) -> None:
    settings = EngineSettings(tiny_phi3, n_threads=2, cache_dir=tmp_path)
    assert with_tuning(settings) == settings
    tuning = tune(settings)
    assert {(point.flash_attn, point.n_threads) for point in tuning.points} == {
        (flash, threads) for flash in (False, True) for threads in (1, 2)
    }
    assert all(point.prefill_rate > 0 < point.step_one for point in tuning.points)
    assert tuning.best.note_seconds == min(point.note_seconds for point in tuning.points)
    assert remembered(settings) == tuning.best
    tuned = with_tuning(EngineSettings(tiny_phi3, cache_dir=tmp_path))
    assert (tuned.flash_attn, tuned.n_threads) == (tuning.best.flash_attn, tuning.best.n_threads)
    assert plan_load(tuned).runner.flash_attn == tuning.best.flash_attn
    assert sum("<- used" in line for line in tuning.lines()) == 1


def test_what_the_settings_say_wins_over_what_was_measured(tiny_phi3: Path, tmp_path: Path) -> None:
    settings = EngineSettings(tiny_phi3, n_threads=1, flash_attn=True, cache_dir=tmp_path)
    tuning = tune(settings)
    assert [(point.flash_attn, point.n_threads) for point in tuning.points] == [(True, 1)]
    chosen = replace(settings, flash_attn=False, n_threads=2)
    assert with_tuning(chosen) == chosen


def test_a_damaged_memory_is_measured_again(tiny_phi3: Path, tmp_path: Path) -> None:
    (tmp_path / "tuning.json").write_text("[1")
    settings = EngineSettings(tiny_phi3, n_threads=1, flash_attn=False, cache_dir=tmp_path)
    assert remembered(settings) is None
    assert tune(settings).best == remembered(settings)
