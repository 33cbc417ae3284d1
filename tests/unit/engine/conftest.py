"""Models for the tests of the engine: the embedded one, and a tiny one of Phi-3's architecture."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from models.bench import Shape, phi3_vocabulary, write_phi3_shape

ROOT = Path(__file__).parents[3]
TINY = Shape(layers=2, width=64, feed_forward=128, heads=4, quantised=False)


@pytest.fixture(scope="session")
def embedded_model() -> Path:
    try:
        return Path(importlib.import_module("models.catalog").embedded())
    except (ImportError, AttributeError, TypeError):
        return ROOT / "build" / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture(scope="session")
def tiny_phi3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real vocabulary, random weights, two layers."""
    out = tmp_path_factory.mktemp("phi3") / "tiny.gguf"
    write_phi3_shape(phi3_vocabulary(ROOT / "build" / "vocab"), out, TINY)
    return out
