"""Splits: disjoint, complete, stable, of the right sizes, and without leaks."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data import SessionRecord
from training.splits import Split, apart, find_leaks, fold_of, folds, split_records, without


def make(count: int, patients: int | None = None) -> list[SessionRecord]:
    return [
        SessionRecord(f"s{n}", f"Patient: talk {n}", "summary", group=f"p{n % patients}" if patients else f"s{n}")
        for n in range(count)
    ]


@given(st.integers(0, 300), st.integers())
def test_a_split_is_80_10_10_disjoint_complete_and_stable(count: int, seed: int) -> None:
    records = make(count)

    split = split_records(records, seed)

    names = [record.id for part in (split.train, split.valid, split.test) for record in part]
    assert sorted(names) == sorted(record.id for record in records)
    assert abs(len(split.valid) - count / 10) <= 0.5
    assert abs(len(split.test) - count / 10) <= 0.5
    assert abs(len(split.train) - 0.8 * count) <= 1
    assert split_records(records, seed) == split


@given(st.integers(0, 100), st.integers(), st.integers())
def test_the_order_of_the_file_changes_no_part(count: int, seed: int, shuffle: int) -> None:
    records = make(count)
    mixed = list(records)
    random.Random(shuffle).shuffle(mixed)

    first, second = split_records(records, seed), split_records(mixed, seed)

    assert {r.id for r in first.test} == {r.id for r in second.test}
    assert {r.id for r in first.valid} == {r.id for r in second.valid}


@given(st.integers(1, 200), st.integers(1, 40), st.integers())
def test_a_patient_is_never_in_two_parts(count: int, patients: int, seed: int) -> None:
    split = split_records(make(count, patients), seed)

    groups = [{record.group for record in part} for part in (split.train, split.valid, split.test)]
    assert not groups[0] & groups[1]
    assert not groups[0] & groups[2]
    assert not groups[1] & groups[2]


@given(st.integers(5, 100), st.integers(2, 5), st.integers())
def test_each_session_is_held_out_by_one_fold(count: int, number: int, seed: int) -> None:
    held = [place for train, part in folds(make(count), number, seed) for place in part if place not in train]

    assert sorted(held) == list(range(count))


def test_a_fold_is_known_by_its_number_and_the_rest_is_trained_on() -> None:
    records = make(20)
    parts = [fold_of(records, f"{number}/5", seed=3) for number in range(5)]
    assert sorted(r.id for part in parts for r in part.test) == sorted(r.id for r in records)
    assert all(not {r.id for r in part.test} & {r.id for r in part.train} for part in parts)
    assert fold_of(records, "1/5", seed=3) == parts[1]


def test_several_folds_are_held_out_together() -> None:
    records = make(20)
    first, second, both = (fold_of(records, fold, seed=3) for fold in ("0/5", "1/5", "0/5,1/5"))

    assert sorted(one.id for one in both.test) == sorted(one.id for one in (*first.test, *second.test))
    assert sorted(one.id for one in (*both.train, *both.test)) == sorted(one.id for one in records)


def test_folds_that_leave_nothing_to_train_on_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing is left to train on"):
        fold_of(make(20), "0/2,1/2")


@pytest.mark.parametrize("fold", ["5/5", "a/5", "1", "-1/5", "", "0/5,", "0/5,1/3"])
def test_a_fold_that_is_none_is_refused(fold: str) -> None:
    with pytest.raises(ValueError, match="must be K/N"):
        fold_of(make(20), fold)


def test_more_folds_than_groups_are_refused() -> None:
    with pytest.raises(ValueError, match="5 folds of 3 groups"):
        folds(make(9, patients=3), 5)


def test_a_near_duplicate_is_found_and_kept_out_of_training() -> None:
    words = " ".join(f"word{n}" for n in range(40))
    held = [SessionRecord("held", f"Patient: {words}", "s")]
    train = [
        SessionRecord("copy", f"Patient: {words} and a little more", "s"),
        SessionRecord("other", "Patient: something else was told here entirely", "s"),
    ]

    leaks = find_leaks(train, held)
    assert [(leak.first, leak.second) for leak in leaks] == [("copy", "held")]
    assert [record.id for record in without(train, leaks)] == ["other"]


def test_no_session_is_chosen_by_that_is_a_near_duplicate_of_one_that_is_measured_on() -> None:
    words = " ".join(f"word{n}" for n in range(40))
    test = SessionRecord("measured", f"Patient: {words}", "s")
    copy = SessionRecord("copy", f"Patient: {words} and a little more", "s")
    other = SessionRecord("other", "Patient: something else was told here entirely", "s")

    split, leaks = apart(Split((), (copy, other), (test,)))

    assert split == Split((), (other,), (test,))
    assert [(leak.first, leak.second) for leak in leaks] == [("copy", "measured")]
