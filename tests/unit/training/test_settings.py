"""Settings of a run: what is out of range is named, and the rate goes up and down as planned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.finetune import learning_rate, planned_steps
from training.settings import SettingsError, TrainSettings, read_settings, settings_from


@pytest.mark.parametrize(
    ("name", "value"), [("rank", 0), ("dropout", 1.0), ("learning_rate", 0.0), ("epochs", 0), ("label_smoothing", -0.1)]
)
def test_a_setting_out_of_range_is_named_with_what_it_may_be(name: str, value: float) -> None:
    with pytest.raises(SettingsError, match=f"{name} is {value}, it may be from"):
        settings_from({name: value})


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(SettingsError, match="ranks: not known"):
        settings_from({"ranks": 4})


def test_settings_are_read_from_the_record_of_an_earlier_run(tmp_path: Path) -> None:
    settings = TrainSettings(rank=8, epochs=2.5)
    path = tmp_path / "run.json"
    path.write_text(json.dumps({"settings": settings.to_dict(), "seconds": 3}))
    assert read_settings(path) == settings


@given(st.integers(1, 500), st.floats(0, 0.5))
def test_the_rate_rises_to_its_peak_and_falls_to_nothing(steps: int, warmup: float) -> None:
    settings = TrainSettings(learning_rate=0.01, warmup=warmup)

    rates = [learning_rate(settings, step, steps) for step in range(steps)]

    assert max(rates) == pytest.approx(0.01)
    assert all(0 < rate < 0.01 + 1e-12 for rate in rates)
    peak = rates.index(max(rates))
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)


@given(st.integers(1, 1000), st.integers(1, 64))
def test_an_epoch_counts_a_last_small_batch(sessions: int, batch: int) -> None:
    assert planned_steps(TrainSettings(epochs=1, batch=batch), sessions) == -(-sessions // batch)
