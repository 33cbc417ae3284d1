"""Reading sessions to train on: what is kept, what is skipped and said, and that nothing of the text is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.clinical.markers import mark_risk, normalise_markers
from models.transcript import normalise_whitespace
from training.data import (
    DatasetError,
    SessionRecord,
    build_dataset,
    normalise_text,
    read_dataset,
    text_sha256,
    with_sections,
)

TRANSCRIPT = "Therapist: How was the week since we met?\nPatient: Hard, I slept badly and fought with my brother twice."
SUMMARY = "Client reports poor sleep and two arguments with a brother."

fields = st.one_of(st.none(), st.text(max_size=120), st.integers(), st.just(TRANSCRIPT), st.just(SUMMARY))
rows = st.lists(
    st.one_of(
        st.none(),
        st.fixed_dictionaries({}, optional={"transcript": fields, "summary": fields, "id": st.text(max_size=5)}),
    ),
    max_size=12,
)


@given(rows)
def test_a_record_without_transcription_or_summary_is_reported_and_skipped(given_rows: list[dict[str, object]]) -> None:
    dataset = build_dataset(given_rows, "given")

    skipped = {finding.row for finding in dataset.findings if finding.skipped}
    assert len(dataset.records) + len(skipped) == dataset.rows == len(given_rows)
    assert all(record.transcript and record.summary for record in dataset.records)
    for number, row in enumerate(given_rows, 1):
        lacking = row is None or not all(
            isinstance(row.get(key), str) and str(row[key]).strip() for key in ("transcript", "summary")
        )
        if lacking:
            assert number in skipped


@given(st.text())
def test_whitespace_normalisation_trims_leaves_no_runs_and_loses_nothing_else(text: str) -> None:
    result = normalise_whitespace(text)

    assert result == result.strip()
    assert "  " not in result
    assert normalise_whitespace(result) == result
    assert "".join(result.split()) == "".join(text.split())


@given(st.text())
def test_text_normalisation_is_idempotent_and_loses_no_other_character(text: str) -> None:
    result = normalise_text(text)

    assert normalise_text(result) == result
    assert "".join(result.split()) == "".join(text.split())
    assert all(line == normalise_whitespace(line) and line for line in result.splitlines())


words = st.sampled_from(["he", "spoke", "of", "suicide", "Self-harm", "violence", "an", "overdose", "and", "rest", "."])
spellings = st.sampled_from(["{{RED:%s}}", "{{RED}}%s{{/RED}}", "{{RED}}%s{{/REDC}}", "{{red:%s}}", "%s"])
marked = st.lists(st.tuples(spellings, words), min_size=1).map(
    lambda parts: "  ".join(form % word for form, word in parts)
)


@given(marked)
def test_clinical_markers_survive_preprocessing(text: str) -> None:
    dataset = build_dataset([{"transcript": f"{TRANSCRIPT}\n{text}", "summary": f"{SUMMARY} {text}"}], "given")

    record = dataset.records[0]
    assert normalise_markers(record.summary) == normalise_whitespace(normalise_markers(f"{SUMMARY} {text}"))
    assert record.summary.count("{{") == text.count("{{")
    assert mark_risk(record.summary) == mark_risk(normalise_whitespace(f"{SUMMARY} {text}"))


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".json"])
def test_the_same_sessions_are_read_from_each_kind_of_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"sessions{suffix}"
    row = {"session_transcription": TRANSCRIPT, "session_summary": SUMMARY}
    if suffix == ".csv":
        path.write_text(f'session_transcription,session_summary\n"{TRANSCRIPT}","{SUMMARY}"\n')
    else:
        path.write_text(json.dumps(row if suffix == ".jsonl" else [row]) + "\n")

    dataset = read_dataset(path)

    assert [(record.transcript, record.summary) for record in dataset.records] == [(TRANSCRIPT, SUMMARY)]
    assert dataset.findings == ()


def test_the_report_names_rows_and_reasons_and_holds_no_text_of_a_session() -> None:
    dataset = build_dataset(
        [
            {"transcript": TRANSCRIPT, "summary": SUMMARY},
            {"transcript": TRANSCRIPT, "summary": SUMMARY},
            {"transcript": "", "summary": SUMMARY},
            {"transcript": TRANSCRIPT + " And more.", "summary": SUMMARY, "consent": False},
            {"transcript": "Patient: hi", "summary": SUMMARY},
            None,
        ],
        "clinic",
    )

    report = dataset.report()
    for reason in ("same transcription as row 1", "no transcription", "no consent", "of 11 characters", "not a JSON"):
        assert reason in report
    assert "6 rows, 1 usable" in report
    assert "brother" not in report


def test_a_file_of_an_unknown_kind_is_refused_with_what_would_be_right(tmp_path: Path) -> None:
    path = tmp_path / "sessions.xml"
    path.write_text("<a/>")
    with pytest.raises(DatasetError, match=r"may be \.csv, \.jsonl or \.json"):
        read_dataset(path)


def test_section_labels_find_their_session_by_its_hash(tmp_path: Path) -> None:
    record = SessionRecord("a", TRANSCRIPT, SUMMARY)
    labels = tmp_path / "labels.jsonl"
    entry = {"sha256": text_sha256(TRANSCRIPT)[:16], "sections": {"risk": "Not assessed in this session."}}
    labels.write_text(json.dumps(entry) + "\n")

    labelled, other = with_sections([record, SessionRecord("b", TRANSCRIPT + "!", SUMMARY)], labels)

    assert labelled.sections == {"risk": "Not assessed in this session."}
    assert other.sections == {}
