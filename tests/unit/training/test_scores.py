"""Scores: intervals that are what they say, checks against the session, and a report that shows both."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.catalog.intervals import bootstrap
from models.transcript import parse_transcript
from training.cases import Case, other_sessions_note, pair, transcript_lead
from training.data import SessionRecord
from training.scores import (
    bleu,
    difference,
    invented_numbers,
    omissions,
    repeats,
    risk_recall,
    support_rate,
    unspoken_dangers,
    words_within,
)

TURNS = parse_transcript(
    "Therapist: Any thoughts of suicide?\nPatient: No. I slept 4 hours and called my sister twice."
)
RECORDS = tuple(
    SessionRecord(name, f"Patient: I am {name} and I sleep badly these days.", f"Client {name} sleeps badly.")
    for name in ("a", "b", "c")
)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_an_interval_holds_its_mean_and_is_the_same_again(values: list[float]) -> None:
    interval = bootstrap(values, rounds=200)

    assert interval.mean == pytest.approx(statistics.fmean(values))
    assert interval.low - 1e-9 <= interval.mean <= interval.high + 1e-9
    assert bootstrap(values, rounds=200) == interval


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), min_size=1, max_size=20), st.floats(-0.5, 0.5))
def test_a_difference_is_taken_session_by_session(scores: dict[str, float], shift: float) -> None:
    moved = {name: value + shift for name, value in scores.items()}

    found = difference(moved, scores)

    assert found.low == pytest.approx(shift, abs=1e-9)
    assert found.high == pytest.approx(shift, abs=1e-9)


def test_a_number_that_nobody_said_is_invented() -> None:
    assert invented_numbers("Patient slept 4 hours.", TURNS) == 0
    assert invented_numbers("Patient slept 9 hours.", TURNS) == 1


def test_a_danger_or_a_denial_that_the_session_does_not_hold_is_counted() -> None:
    calm = parse_transcript("Therapist: How was work?\nPatient: Tiring, and I slept badly all week.")
    assert unspoken_dangers("Patient denied suicidal thoughts.", TURNS) == 0
    assert unspoken_dangers("Patient denied suicidal thoughts. Patient slept badly.", calm) == 1
    assert unspoken_dangers("Patient reports suicidal thoughts.", TURNS) == 1


def test_what_the_session_holds_and_the_note_does_not_is_an_omission() -> None:
    told = parse_transcript("Patient: I called my sister twice.\nPatient: I adopted a dog from the shelter.")
    assert omissions("Patient called her sister twice. Patient adopted a dog from the shelter.", told) == 0
    assert omissions("Patient called her sister twice.", told) == 0.5
    assert omissions("Client spoke.", parse_transcript("Therapist: Hm.")) == 0


def test_what_the_session_says_is_supported_and_what_it_does_not_say_is_not() -> None:
    assert support_rate("Patient called her sister twice.", TURNS) == 1.0
    assert support_rate("", TURNS) is None
    assert support_rate("Patient adopted three horses in Iceland.", TURNS) == 0.0


def test_risk_words_of_the_reference_are_looked_for_in_the_text() -> None:
    assert risk_recall(Case("a", "risk", "Denies suicide and overdose.", "Denies {{RED:suicide}}.")) == 0.5
    assert risk_recall(Case("a", "risk", "Slept well.", "Denies suicide.")) is None


def test_repeats_and_lengths_are_counted() -> None:
    assert repeats("He rested. He ran. He rested.")
    assert not repeats("He rested. He ran.")
    assert words_within("one two three", 2, 3)
    assert not words_within("one two three four", 2, 3)


def test_a_part_that_was_never_written_counts_as_empty() -> None:
    cases = pair(RECORDS, {("a", "summary"): "text"})
    assert [(case.session, case.text) for case in cases] == [("a", "text"), ("b", ""), ("c", "")]


def test_the_floors_are_another_note_and_the_first_words() -> None:
    assert other_sessions_note(RECORDS)["c", "summary"] == RECORDS[0].summary
    assert transcript_lead(RECORDS)["a", "summary"] == RECORDS[0].transcript


def test_a_report_shows_candidate_and_floors_and_keeps_text_out_when_told(tmp_path: Path) -> None:
    from training.evaluate import evaluate
    from training.report import write_report

    found = evaluate(RECORDS, {"mine": {(r.id, "summary"): r.summary for r in RECORDS}})
    markdown, page = write_report(found, tmp_path, "Test", examples=0)

    assert found.candidates["mine"]["summary"].interval("rougeL").mean == pytest.approx(1.0)
    assert found.candidates["another session's note"]["summary"].interval("rougeL").mean < 1.0
    assert "| mine | 3 | 1.000" in markdown.read_text()
    assert "sleeps badly" not in markdown.read_text() + page.read_text()


texts = st.text("abc .,", max_size=40)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from("xyz"), texts, texts), min_size=1, max_size=6))
def test_bleu_is_that_of_the_corpus_and_lies_within_its_interval(rows: list[tuple[str, str, str]]) -> None:
    import sacrebleu

    cases = [Case(session, "summary", reference, text) for session, reference, text in rows]
    found = bleu(cases)

    whole = sacrebleu.corpus_bleu([text for *_, text in rows], [[reference for _, reference, _ in rows]]).score
    assert found.mean == pytest.approx(whole)
    assert found.n == len({session for session, *_ in rows})
    assert 0 <= found.low <= found.high <= 100 + 1e-6
    if found.n == 1:
        assert found.low == found.high == pytest.approx(whole)
