"""The report of an evaluation and its pictures: whatever a session holds, they stay what they are."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from html.parser import HTMLParser
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.catalog.intervals import Interval
from models.formats.format import load_format
from training.cases import Case, pair, signed_drafts, whole_notes, with_whole_notes
from training.data import SessionRecord
from training.evaluate import Evaluation, Measured, evaluate
from training.pictures import loss_curve, smoothed
from training.report import RATES, markdown, write_report
from training.scores import ROUGE

SVG = "{http://www.w3.org/2000/svg}"


def measured(value: float) -> Measured:
    return Measured(
        "summary", {name: {"a": value, "b": value} for name in (*ROUGE, *RATES)}, Interval(12.0, 10.0, 14.0, 2)
    )


def evaluation(reference: str = "Client slept badly.", text: str = "Client slept.") -> Evaluation:
    cases = (Case("a", "summary", reference, text), Case("b", "summary", reference, text))
    floor = {"summary": measured(0.2)}
    return Evaluation({"mine": {"summary": measured(0.4)}, "another session's note": floor}, cases, {"speed": 3.0})


def test_the_report_shows_each_candidate_beside_the_floors_with_pictures_and_examples(tmp_path: Path) -> None:
    md, page = write_report(evaluation(), tmp_path, "Evaluation", examples=1)

    text = md.read_text()
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", text)
    assert pictures == ["summary.svg"]
    assert "| mine | 2 | 0.400 [0.400, 0.400]" in text
    assert "| another session's note | 2 | 0.200" in text
    assert "| 12.0 [10.0, 14.0] |" in text
    assert "| mine | 0.40 [0.40, 0.40] |" in text
    assert "| reference | written |\n| --- | --- |\n| Client slept badly. | Client slept. |" in text
    bars = ElementTree.parse(tmp_path / "summary.svg").getroot().findall(f"{SVG}rect")
    widths = [int(bar.get("width") or 0) for bar in bars[1:]]
    assert widths == [160, 80]
    html = page.read_text()
    assert html.count("<svg") == 1
    assert "<b>Reference</b><br>Client slept badly.</p><p><b>Written</b>" in html


def test_the_report_names_how_bleu_was_reckoned_and_of_how_many_sessions_a_rate_is() -> None:
    found = evaluation()
    values = {**measured(0.4).values, "support": {"a": 0.4}, "risk recall": {}}
    found = replace(found, candidates={"mine": {"summary": replace(measured(0.4), values=values)}})

    text = markdown(found, "Evaluation", examples=0)

    assert f"BLEU: sacrebleu {version('sacrebleu')}, corpus, tokenizer 13a, smoothing exp." in text
    row = next(line for line in text.splitlines() if line.startswith("| mine | 0.40"))
    assert row.startswith("| mine | 0.40 [0.40, 0.40], n 1 | 0.40 [0.40, 0.40] | – |")


def test_each_section_keeps_the_length_of_its_own_and_an_empty_text_is_of_no_support() -> None:
    shape = load_format()
    short, long = sorted(shape.sections, key=lambda section: section.words)[:: len(shape.sections) - 1]
    assert short.words < long.words
    told = "Therapist: How was it?\nPatient: I slept badly."
    records = [
        SessionRecord(name, told, "Client slept badly.", {short.id: "Slept badly.", long.id: "Slept badly."})
        for name in ("a", "b")
    ]
    texts = {
        (record.id, part): "" if (record.id, part) == ("b", "summary") else "Slept badly. " * (long.words // 2)
        for record in records
        for part in ("summary", short.id, long.id)
    }

    found = evaluate(records, {"mine": texts}).candidates["mine"]

    assert found["sections"].values["length kept"] == {"a": 0.5, "b": 0.5}
    assert set(found["summary"].values["support"]) == {"a"}


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_of_a_session_breaks_out_of_its_place(reference: str, text: str) -> None:
    given_text = f"<script>alert(1)</script>|{text}"
    made = markdown(evaluation(reference, given_text), "Evaluation", examples=1)

    assert "<script" not in made
    lines = made.splitlines()
    after = lines[lines.index("### a, summary") + 4 :]
    assert len([line for line in after if line.startswith("| ")]) >= 1


def test_without_examples_the_report_holds_no_text_of_a_session(tmp_path: Path) -> None:
    for path in write_report(evaluation("a secret", "another secret"), tmp_path, "Evaluation", examples=0):
        assert "secret" not in path.read_text()


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.append(tag)


def test_the_page_has_no_tag_that_a_session_brought(tmp_path: Path) -> None:
    _, page = write_report(evaluation("<img src=x>", "<b onclick=x>"), tmp_path, "Evaluation", examples=2)
    tags = Tags()
    tags.feed(page.read_text())
    assert "img" not in tags.found
    assert tags.found.count("b") == 4


@example({"a": [0.0]})
@given(st.dictionaries(st.text(min_size=1, max_size=3), st.lists(st.floats(0, 9), max_size=40), max_size=4))
def test_the_loss_curve_is_a_picture_with_a_line_for_each_run(losses: dict[str, list[float]]) -> None:
    runs = {re.sub(r"[^\w]", "x", name): values for name, values in losses.items()}
    root = ElementTree.fromstring(loss_curve(runs))

    lines = root.findall(f"{SVG}polyline")
    assert len(lines) == sum(bool(values) for values in runs.values())
    for line in lines:
        ys = [float(point.split(",")[1]) for point in (line.get("points") or "").split()]
        assert all(19.9 <= y <= 280.1 for y in ys)


@given(st.lists(st.floats(0, 10), min_size=1, max_size=50))
def test_a_smoothed_curve_is_as_long_and_stays_between_the_values(values: list[float]) -> None:
    smooth = smoothed(values)
    assert len(smooth) == len(values)
    assert all(min(values) - 1e-6 <= value <= max(values) + 1e-6 for value in smooth)
    assert smooth[0] == pytest.approx(values[0])


def test_a_whole_note_is_measured_as_one_text_against_a_whole_reference() -> None:
    [record] = with_whole_notes([SessionRecord("a", "Doctor: Hello.\nPatient: Hi.", "HPI\nCough.")])
    texts = whole_notes({("a", "chief_complaint"): "Cough.", ("a", "plan"): "Rest.", ("a", "risk"): ""})
    assert pair([record], texts) == (Case("a", "whole note", "HPI\nCough.", "Cough.\nRest."),)


def test_the_drafts_before_signing_are_known_by_session_and_part() -> None:
    records = [SessionRecord("a", "t", "s", draft={"summary": "d", "plan": ""}), SessionRecord("b", "t", "s")]
    assert signed_drafts(records) == {("a", "summary"): "d"}
