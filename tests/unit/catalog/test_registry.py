"""The catalog of models: what serves, what served before, and who may not."""

from __future__ import annotations

from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalog.gate import judge
from models.catalog.registry import Entry, Registry, change_registry, describe, read_registry, verify, write_registry
from models.catalog.resolve import resolve_model
from models.errors import ModelFileError


def gguf(path: Path, content: bytes = b"") -> Path:
    path.write_bytes(b"GGUF" + content)
    return path


NAMES = ("a", "b", "c")
FULL = Registry(tuple(Entry(name, f"{name}.gguf", "0" * 64) for name in NAMES))


@given(st.lists(st.sampled_from(NAMES), max_size=12))
def test_going_back_undoes_each_change_in_turn(used: list[str]) -> None:
    registry = FULL
    states: list[str | None] = [None]
    for name in used:
        registry = registry.using(name)
        if name != states[-1]:
            states.append(name)
    while len(states) > 1:
        assert registry.current == states.pop()
        registry = registry.rolled_back()
    assert registry == FULL
    with pytest.raises(ModelFileError, match="nothing to go back to"):
        registry.rolled_back()


def test_a_registry_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_registry(tmp_path, FULL.using("b").using("c"))
    assert read_registry(tmp_path) == FULL.using("b").using("c")


def _enter(folder: Path, first: int) -> None:
    for number in range(first, first + 15):
        entry = Entry(f"m{number}", "m.gguf", "0" * 64)
        change_registry(folder, partial(Registry.with_entry, entry=entry))


def test_commands_that_run_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    workers = [get_context("spawn").Process(target=_enter, args=(tmp_path / "new", 15 * one)) for one in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    names = {entry.name for entry in read_registry(tmp_path / "new").entries}
    assert names == {f"m{number}" for number in range(60)}


def test_a_change_that_is_refused_leaves_the_catalog_as_it_was(tmp_path: Path) -> None:
    write_registry(tmp_path, FULL)
    with pytest.raises(ModelFileError, match="nothing to go back to"):
        change_registry(tmp_path, Registry.rolled_back)
    assert read_registry(tmp_path) == FULL


def test_a_damaged_registry_is_named(tmp_path: Path) -> None:
    (tmp_path / "catalog.json").write_text("{")
    with pytest.raises(ModelFileError, match="not a catalog of models"):
        read_registry(tmp_path)


def test_a_model_that_is_not_known_is_refused_with_those_that_are() -> None:
    with pytest.raises(ModelFileError, match="no model 'x' in the catalog; known: a, b, c"):
        FULL.using("x")


def test_a_file_that_changed_since_it_was_entered_is_found(tmp_path: Path) -> None:
    entry = describe("mine", gguf(tmp_path / "m.gguf"), gguf(tmp_path / "a.gguf"))
    verify(entry)
    gguf(tmp_path / "a.gguf", b"other")
    with pytest.raises(ModelFileError, match=r"a\.gguf: SHA-256 is"):
        verify(entry)


def test_the_model_in_use_is_the_one_that_serves_until_it_is_rolled_back(tmp_path: Path) -> None:
    entry = describe("mine", gguf(tmp_path / "m.gguf"))
    registry = read_registry(tmp_path).with_entry(entry).using("mine")
    write_registry(tmp_path, registry)
    assert resolve_model(None, tmp_path).path == tmp_path / "m.gguf"
    write_registry(tmp_path, registry.rolled_back())
    with pytest.raises(ModelFileError, match="make setup"):
        resolve_model(None, tmp_path)


scores = st.dictionaries(
    st.sampled_from(["summary", "risk", "plan"]),
    st.dictionaries(st.integers(0, 30).map(str), st.floats(0, 1), min_size=5, max_size=30),
    min_size=1,
)


@given(scores)
def test_a_model_as_good_as_the_current_one_passes(current: dict[str, dict[str, float]]) -> None:
    assert judge(current, current).passes


@given(scores, st.floats(0.02, 0.5))
def test_a_worse_candidate_is_refused_and_the_part_is_named(current: dict[str, dict[str, float]], loss: float) -> None:
    part = sorted(current)[0]
    worse = current | {part: {session: value - loss for session, value in current[part].items()}}

    verdict = judge(worse, current)

    assert not verdict.passes
    assert [line.split(":")[0] for line in verdict.refusals] == [part]


def test_a_part_without_enough_sessions_in_common_is_no_proof() -> None:
    verdict = judge({"summary": {"a": 1.0}}, {"summary": {"a": 0.1}, "risk": {"a": 0.1}})
    assert verdict.refusals == (
        "risk: the candidate has no scores for it",
        "summary: 1 sessions in common, at least 5 are needed",
    )
