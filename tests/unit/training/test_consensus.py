"""Consensus: the sample that the others agree with, and sessions that carry it as their text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.engine.api import Branch, GenerationRequest
from models.engine.scripted import ScriptedEngine
from training.consensus import choose, sampling_branches, told_apart, write_consensus, write_sessions
from training.data import PATIENT, SessionRecord, read_dataset

SAMPLES = st.lists(st.sampled_from(("client slept badly", "client slept", "rain", "client slept well")), max_size=6)
RECORDS = [SessionRecord(name, "Therapist: How was it?\nPatient: I slept badly.", "s") for name in ("a", "b")]


@given(SAMPLES)
def test_the_consensus_is_one_of_the_samples_and_what_most_say_wins(samples: list[str]) -> None:
    chosen = choose(samples)
    assert chosen in samples if samples else chosen == ""
    for text in set(samples):
        if samples.count(text) > len(samples) / 2:
            assert chosen == text


def test_an_odd_sample_loses_though_it_came_first() -> None:
    assert choose(["rain", "client slept badly", "client slept"]) in ("client slept badly", "client slept")


def test_each_sample_has_a_chance_of_its_own_that_is_the_same_again() -> None:
    made = sampling_branches(Branch("summary", (), 20), 4)
    assert len({branch.id for branch in made}) == len({branch.sampling.seed for branch in made}) == 4
    assert all(branch.sampling.temperature > 0 and branch.max_tokens == 20 for branch in made)
    assert made == sampling_branches(Branch("summary", (), 20), 4)


async def test_each_session_gets_the_paragraph_its_samples_agree_on(tmp_path: Path) -> None:
    def script(request: GenerationRequest, branch: Branch) -> str:
        return " Odd one out." if branch.id.endswith(".0") else f" Client {request.session} slept badly."

    engine = ScriptedEngine(script)
    await engine.start()
    said: list[str] = []
    found = await write_consensus(engine, RECORDS, 3, said.append)
    await engine.stop()

    assert found == {(name, "summary"): f"Client {name} slept badly." for name in ("a", "b")}
    assert said[-1] == "consensus: 2 of 2 sessions"


TOLD = "Therapist: How was the week since we met?\nPatient: I slept badly in {}."


def test_sessions_of_two_files_under_one_id_keep_their_own_consensus(tmp_path: Path) -> None:
    records = told_apart(
        [SessionRecord("1", TOLD.format(place), "s", source=place) for place in ("Rome", "Oslo")]
        + [SessionRecord("2", TOLD.format("Bonn"), "s", source="Rome", group=f"{PATIENT}7")]
        + [SessionRecord("3", TOLD.format("Kiel"), "s", source="Rome")]
    )
    found = {(one.id, "summary"): f"{one.transcript.split()[-1]} " * 9 for one in records} | {("3", "summary"): ""}

    written = write_sessions(tmp_path / "out.jsonl", records, found)

    kept = read_dataset(tmp_path / "out.jsonl").records
    assert written == 3
    assert [one.id for one in kept] == ["Rome-1-consensus", "Oslo-1-consensus", "2-consensus"]
    assert all(one.summary.split()[0] == one.transcript.split()[-1] for one in kept)
    assert [one.group for one in kept if one.patient] == [f"{PATIENT}7"]


def test_sessions_that_nothing_tells_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="give the files other names"):
        told_apart([SessionRecord("1", TOLD.format(place), "s", source="same") for place in ("Rome", "Oslo")])
