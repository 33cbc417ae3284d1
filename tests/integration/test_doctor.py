"""What ``casenote doctor`` tells of the measurements that the model's settings rest on."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.bench import Shape, phi3_vocabulary, write_phi3_shape
from models.engine import tuning
from server.doctor import examine, tuning_of
from server.settings import Settings

ROOT = Path(__file__).parents[2]
TINY = Shape(layers=1, width=64, feed_forward=128, heads=4, quantised=False)


def test_it_says_what_was_measured_and_when_and_before_that_how_to_measure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "_UNDISTURBED", 0.0)  # the machine that tests run on may be busy
    model = tmp_path / "tiny.gguf"
    write_phi3_shape(phi3_vocabulary(ROOT / "build" / "vocab"), model, TINY)
    settings = Settings(phi3_model_path=str(model), phi3_n_threads=1, casenote_home=tmp_path / "home")

    before = _tuning(settings)
    lines = tuning_of(settings)
    after = _tuning(settings)

    assert before.startswith("not measured yet")
    assert "casenote doctor --tune" in before
    assert sum("<- used" in line for line in lines) == 1
    assert after.startswith("flash attention ")
    assert "1 thread(s)" in after
    assert "measured 20" in after


def _tuning(settings: Settings) -> str:
    return next(finding.detail for finding in examine(settings) if finding.what == "tuning")
