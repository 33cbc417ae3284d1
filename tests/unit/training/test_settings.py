"""Settings of a run: what is out of range is named, and the rate goes up and down as planned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalog.resolve import ADAPTERS
from training.finetune import learning_rate, planned_steps
from training.settings import SettingsError, TrainSettings, read_settings, seeds_from, settings_from


@pytest.mark.parametrize(
    ("name", "value"), [("rank", 0), ("dropout", 1.0), ("learning_rate", 0.0), ("epochs", 0), ("label_smoothing", -0.1)]
)
def test_a_setting_out_of_range_is_named_with_what_it_may_be(name: str, value: float) -> None:
    with pytest.raises(SettingsError, match=f"{name} is {value}, it may be from"):
        settings_from({name: value})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("rank", "16", 'rank is "16", it must be a whole number'),
        ("epochs", None, "epochs is null, it must be a number"),
        ("batch", 2.5, "batch is 2.5, it must be a whole number"),
        ("seed", True, "seed is true, it must be a whole number"),
        ("four_bit", 1, "four_bit is 1, it must be true or false"),
        ("learning_rate", [1], "learning_rate is .1., it must be a number"),
        ("branch_weights", 1, "branch_weights is 1, it must hold a weight by part"),
        ("branch_weights", {"*": "1"}, "branch_weights is .*, it must hold a weight by part"),
        ("branch_weights", {"*": float("nan")}, "branch_weights holds a weight below 0"),
    ],
)
def test_a_setting_of_another_kind_is_named_with_what_it_must_be(name: str, value: object, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        settings_from({name: value})


def test_seeds_are_whole_numbers() -> None:
    assert seeds_from("1, 2,3") == [1, 2, 3]
    assert seeds_from("") == []
    for wrong in ("1,x", "1,,2", "-1", "1,1", "\u00b2"):
        with pytest.raises(SettingsError, match="must be whole numbers, each once, as in 1,2,3"):
            seeds_from(wrong)


def test_settings_of_the_shipped_adapter_are_read() -> None:
    assert read_settings(ADAPTERS / "progress-note-2" / "run.json").rank == 32


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
