"""Reading sessions to train on: what is kept, what is skipped and said, and that nothing of the text is lost."""

from __future__ import annotations

import csv
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


@pytest.mark.parametrize("value", ["true", "True", "TRUE", " yes ", "1", 1, True])
def test_a_session_with_consent_is_read_however_its_file_spells_yes(value: object) -> None:
    dataset = build_dataset([{"transcript": TRANSCRIPT, "summary": SUMMARY, "consent": value}], "given")
    assert (len(dataset.records), dataset.findings) == (1, ())


@pytest.mark.parametrize("value", ["false", "False", "no", "0", 0, None, "", "n", "maybe", [], {}, 2, 1.5, False])
def test_whatever_is_not_clearly_consent_keeps_a_session_out_and_is_reported(value: object) -> None:
    dataset = build_dataset([{"transcript": TRANSCRIPT, "summary": SUMMARY, "consent": value}], "given")

    assert dataset.records == ()
    assert "no consent to train on it" in dataset.report()


@pytest.mark.parametrize("column", ["Consent", " consent ", "CONSENT"])
def test_consent_is_heeded_however_its_column_is_written(column: str) -> None:
    row = {"transcript": TRANSCRIPT, "summary": SUMMARY}
    assert build_dataset([{**row, column: "no"}], "given").records == ()
    assert build_dataset([{**row, column: "yes", "consent": "no"}], "given").records == ()
    assert len(build_dataset([{**row, column: "yes"}], "given").records) == 1


def write_csv(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_consent_and_sections_of_a_csv_mean_what_those_of_json_do(tmp_path: Path) -> None:
    told = {"risk": "Not assessed."}
    rows = [
        {"transcript": f"{TRANSCRIPT} {n}", "summary": SUMMARY, "sections": cell, "consent": consent}
        for n, (cell, consent) in enumerate(
            [(json.dumps(told), "yes"), ("", "true"), ("risk: secret", "1"), ('{"risk": 3}', "1"), ("", "false")]
        )
    ]

    dataset = read_dataset(write_csv(tmp_path / "sessions.csv", rows))

    assert [dict(record.sections) for record in dataset.records] == [told, {}, {}, {}]
    assert [(finding.row, finding.skipped) for finding in dataset.findings] == [(3, False), (4, False), (5, True)]
    assert "| 3 | yes | sections: not read: it must be a JSON object" in dataset.report()
    assert "| 4 | yes | sections: 1 of its 1 texts not read" in dataset.report()
    assert "secret" not in dataset.report()


def test_a_csv_that_lost_a_quote_is_refused_and_takes_no_text_of_the_row_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    good = (
        f'id,transcript,summary,consent\n1,"{TRANSCRIPT}","{SUMMARY}",true\n2,"{TRANSCRIPT} Too.","{SUMMARY}",false\n'
    )
    path.write_text(good)
    assert [record.id for record in read_dataset(path).records] == ["1"]

    path.write_text(good.replace(f'twice.","{SUMMARY}",true', f'twice.,"{SUMMARY}",true', 1))

    with pytest.raises(DatasetError, match=r"s\.csv: not CSV: "):
        read_dataset(path)


def test_a_csv_with_quotes_commas_and_lines_in_its_cells_is_read_to_the_letter(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    said = TRANSCRIPT + '\nTherapist: He said "go", and then?\nPatient: ""Nothing"", I left.'
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([("id", "transcript", "summary"), ("1", said, f'{SUMMARY} "Go", he said.')])
    [record] = read_dataset(path).records
    assert (record.transcript, record.summary) == (said, f'{SUMMARY} "Go", he said.')


def test_only_a_speaker_in_brackets_is_one_and_a_sound_stays_with_the_line() -> None:
    told = (
        "[doctor] How was your week?\n[patient] [laughs] I slept badly.\n[sighs] And fought.\n[patient_guest] He did."
    )
    [record] = build_dataset([{"transcript": told, "summary": SUMMARY}], "given").records
    assert [(turn.speaker, turn.text) for turn in record.turns] == [
        ("therapist", "How was your week?"),
        ("client", "[laughs] I slept badly. [sighs] And fought."),
        ("patient_guest", "He did."),
    ]


@pytest.mark.parametrize(
    "line",
    ["null", "[1]", "{", '{"sha256": "ab"}', '{"sha256": "ab", "sections": null}', '{"sha256": 1, "sections": {}}'],
)
def test_a_line_of_labels_that_is_none_is_named_by_its_number(line: str, tmp_path: Path) -> None:
    labels = tmp_path / "labels.jsonl"
    labels.write_text('\ufeff{"sha256": "ab", "sections": {"risk": "None."}}\n' + line + "\n")
    with pytest.raises(DatasetError, match=r"labels\.jsonl, line 2: not a label: it must be"):
        with_sections([SessionRecord("a", TRANSCRIPT, SUMMARY)], labels)


def test_labels_that_begin_with_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    labels = tmp_path / "labels.jsonl"
    labels.write_text("\ufeff" + json.dumps({"sha256": text_sha256(TRANSCRIPT)[:16], "sections": {"risk": "None."}}))
    [record] = with_sections([SessionRecord("a", TRANSCRIPT, SUMMARY)], labels)
    assert record.sections == {"risk": "None."}
    with pytest.raises(DatasetError, match="cannot be read"):
        with_sections([], tmp_path / "missing.jsonl")


def test_half_a_character_keeps_its_own_row_out_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    rows = [
        {"transcript": TRANSCRIPT + " \ud83d", "summary": SUMMARY},
        {"transcript": TRANSCRIPT + " Well.", "summary": SUMMARY, "sections": {"risk": "\udc00"}},
        {"transcript": TRANSCRIPT + " \U0001f642", "summary": SUMMARY},
        {"transcript": TRANSCRIPT + " So.", "summary": SUMMARY, "id": "\udc00"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    dataset = read_dataset(path)

    assert [record.id for record in dataset.records] == ["s-3"]
    assert [finding.row for finding in dataset.findings if "half of a character" in finding.reason] == [1, 2, 4]


def test_sections_that_the_format_does_not_have_are_told_of_without_their_names() -> None:
    row = {"transcript": TRANSCRIPT, "summary": SUMMARY, "sections": {"risk": "None.", "my secret": "x"}}
    [finding] = build_dataset([row], "given").findings
    assert finding.reason == "sections: 1 of its 2 ids are none of the format and not used"
    assert not finding.skipped


def test_a_second_session_under_one_id_is_skipped_and_named_by_its_row() -> None:
    rows = [{"id": "7", "transcript": f"{TRANSCRIPT} {n}", "summary": SUMMARY} for n in range(2)]

    dataset = build_dataset(rows, "given")

    assert len(dataset.records) == 1
    assert [(f.row, f.reason) for f in dataset.findings] == [(2, "same id as row 1: each session needs one of its own")]
    assert dataset.skipped() == "given: 1 of 2 rows skipped: same id as row N (1)"


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "sessions.json"
    path.write_text("[{")
    with pytest.raises(DatasetError, match=r"sessions\.json: not JSON"):
        read_dataset(path)
