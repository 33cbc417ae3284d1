"""A trial: the share of sessions that a candidate gets."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalog.registry import Entry, Registry, read_registry, write_registry
from models.catalog.resolve import resolve_lineup
from models.catalog.trial import Trial
from models.errors import ModelFileError

KNOWN = Registry(tuple(Entry(name, f"{name}.gguf", "0" * 64) for name in ("a", "b")), current="a")


@given(st.floats(0.01, 1), st.text(max_size=8))
def test_a_candidate_gets_about_its_share(share: float, name: str) -> None:
    got = sum(Trial(name, share).has(session_id) for session_id in range(2000))
    assert got / 2000 == pytest.approx(share, abs=0.06)


@given(st.integers(1, 10**9), st.floats(0.01, 0.99))
def test_a_larger_share_takes_no_session_away(session_id: int, share: float) -> None:
    if Trial("b", share).has(session_id):
        assert Trial("b", min(1.0, share + 0.01)).has(session_id)


@pytest.mark.parametrize("share", [0, -0.1, 1.1])
def test_a_share_outside_its_range_is_refused(share: float) -> None:
    with pytest.raises(ModelFileError, match="above 0 and at most 1"):
        Trial("b", share)


def test_a_trial_is_kept_with_the_catalog_and_names_two_models(tmp_path: Path) -> None:
    write_registry(tmp_path, KNOWN.trying(Trial("b", 0.25, "2026-01-01")))
    assert read_registry(tmp_path).trial == Trial("b", 0.25, "2026-01-01")
    lineup = resolve_lineup(None, tmp_path)
    assert (lineup.current.name, lineup.candidate and lineup.candidate.name) == ("a", "b")


def test_a_model_that_is_configured_serves_alone(tmp_path: Path) -> None:
    (tmp_path / "c.gguf").write_bytes(b"GGUF")
    write_registry(tmp_path, KNOWN.trying(Trial("b", 0.25)))
    assert resolve_lineup(str(tmp_path / "c.gguf"), tmp_path).candidate is None


def test_a_trial_ends_when_another_model_comes_to_serve() -> None:
    tried = KNOWN.trying(Trial("b", 0.25))
    assert tried.using("b").trial is None
    assert KNOWN.using("b").trying(Trial("a", 0.5)).rolled_back().trial is None
    assert tried.without_trial() == KNOWN


def test_a_trial_needs_a_second_model() -> None:
    with pytest.raises(ModelFileError, match="serves already"):
        KNOWN.trying(Trial("a", 0.5))
    with pytest.raises(ModelFileError, match="no model is on trial"):
        KNOWN.without_trial()
