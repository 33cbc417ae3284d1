"""A tiny model of Phi-3's architecture, so that a model can be loaded hundreds of times."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.bench import Shape, phi3_vocabulary, write_phi3_shape

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tiny") / "tiny.gguf"
    shape = Shape(layers=1, width=32, feed_forward=64, heads=2, quantised=False)
    write_phi3_shape(phi3_vocabulary(ROOT / "build" / "vocab"), out, shape)
    return out
