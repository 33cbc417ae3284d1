"""Formats as data, and what is planned for a note of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.clinical.plan import ABSENT_SENTENCES, plan_note, plan_summary
from models.formats import (
    Density,
    FormatError,
    Gate,
    Modality,
    NoteOptions,
    Quoting,
    load_format,
    load_formats,
    load_patient_format,
    with_options,
)
from models.formats.format import parse_format
from models.transcript import parse_transcript

QUIET = parse_transcript("Client: The pears are ripe.\nTherapist: How nice.")
SPOKEN = parse_transcript(
    "Therapist: Any thoughts of suicide?\nClient: No.\nTherapist: Keep the diary until next week."
)

_MINIMAL = """id = "x"
name = "X"
summary_instruction = "s"
[[sections]]
id = "a"
heading = "A"
instruction = "i"
absent = "-"
"""


def test_the_built_in_formats_are_there() -> None:
    assert set(load_formats()) == {"progress", "soap", "dap", "birp", "girp", "pie"}


@pytest.mark.parametrize(
    ("name", "headings"),
    [
        ("progress", ["Chief Complaint", "Emotional State", "Risk", "Intervention", "Progress", "Plan"]),
        ("soap", ["Subjective", "Objective", "Assessment", "Risk", "Plan"]),
        ("dap", ["Data", "Assessment", "Risk", "Plan"]),
        ("birp", ["Behavior", "Intervention", "Response", "Risk", "Plan"]),
        ("girp", ["Goal", "Intervention", "Response", "Risk", "Plan"]),
        ("pie", ["Problem", "Intervention", "Evaluation", "Risk", "Plan"]),
    ],
)
def test_a_format_has_its_headings_in_order(name: str, headings: list[str]) -> None:
    assert [section.heading for section in load_format(name).sections] == headings


@pytest.mark.parametrize("name", sorted(load_formats()))
def test_every_format_guards_risk_and_plan_and_has_a_known_absent_sentence(name: str) -> None:
    sections = load_format(name).sections

    assert {section.id: section.gate for section in sections if section.id in ("risk", "plan")} == {
        "risk": Gate.RISK,
        "plan": Gate.PLAN,
    }
    assert {section.absent for section in sections} <= set(ABSENT_SENTENCES)


@pytest.mark.parametrize("name", sorted(load_formats()))
def test_what_a_session_is_silent_on_is_never_asked_of_a_model(name: str) -> None:
    plans = {plan.id: plan for plan in plan_note(load_format(name), QUIET)}

    assert plans["risk"].fixed == "Not assessed in this session."
    assert plans["plan"].fixed == "None discussed."


def test_what_a_session_speaks_of_is_asked_of_the_model() -> None:
    plans = {plan.id: plan for plan in plan_note(load_format(), SPOKEN)}

    assert [plan.fixed for plan in plans.values()] == [None] * 6
    assert all(plan.max_tokens > plan.words for plan in plans.values())


def test_the_summary_has_its_own_budget() -> None:
    plan = plan_summary(load_format(), SPOKEN)

    assert (plan.id, plan.words, plan.fixed) == ("summary", 70, None)


def test_a_summary_of_nothing_is_not_asked_for() -> None:
    assert plan_summary(load_format(), ()).fixed == "Nothing was said in this session."


def test_the_patient_format_is_no_format_of_a_note() -> None:
    assert load_patient_format().section("risk").heading == "Risk Assessment"
    assert load_patient_format().id not in load_formats()


def test_a_clinics_own_format_wins_over_a_built_in_one(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(_MINIMAL.replace('"x"', '"soap"') + "words = 20\n", encoding="utf-8")

    assert [section.heading for section in load_formats(tmp_path)["soap"].sections] == ["A"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("id =", "not TOML"),
        (_MINIMAL, "'words' is missing"),
        (_MINIMAL + "words = 2\n", "it must be from 5 to 1000"),
        (_MINIMAL + "words = true\n", "it must be of type int"),
        (_MINIMAL + 'words = 20\ngates = "risk"\n', "there is no key 'gates'"),
        ('title = "X"\n' + _MINIMAL + "words = 20\n", "there is no key 'title'"),
        (_MINIMAL.replace('"x"', '"X 1"') + "words = 20\n", "'id' is 'X 1', it must be"),
        (_MINIMAL.replace('"A"', '"A:"') + "words = 20\n", "'heading' is 'A:', it must be"),
        (_MINIMAL.replace('"A"', '"Summary"') + "words = 20\n", "the heading 'Summary' stands beside every note"),
        (_MINIMAL.replace('"i"', '" "') + "words = 20\n", "section 'a': 'instruction' is empty"),
        ("summary_max_words = 90\n" + _MINIMAL + "words = 20\n", "'summary_max_words' is 90, it must be from 30 to 70"),
        ("summary_min_words = 60\nsummary_max_words = 40\n" + _MINIMAL + "words = 20\n", "it must be at most"),
        (_MINIMAL.split("[[")[0], "one or more"),
        (_MINIMAL + 'words = "many"\n', "it must be of type int"),
        (_MINIMAL + 'words = 20\ngate = "door"\n', "it may be none, risk, plan"),
        (_MINIMAL + 'words = 20\ntopic = "weather"\n', "it may be presentation"),
        ('kind = "poem"\n' + _MINIMAL + "words = 20\n", "it may be note, patient"),
        (_MINIMAL.replace('"a"', '"summary"') + "words = 20\n", "the id 'summary' stands beside every note"),
    ],
)
def test_a_format_that_cannot_be_used_says_what_is_wrong(text: str, complaint: str) -> None:
    with pytest.raises(FormatError, match=complaint):
        parse_format(text, "own.toml")


def test_two_sections_of_one_heading_are_refused() -> None:
    section = "words = 20\n[[sections]]\n" + _MINIMAL.split("[[sections]]\n")[1].replace('"a"', '"b"') + "words = 20\n"

    with pytest.raises(FormatError, match="the heading 'A' comes twice"):
        parse_format(_MINIMAL + section, "own.toml")


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({}, "the folder holds no format"),
        (
            {"a.toml": _MINIMAL + "words = 20\n", "b.toml": _MINIMAL + "words = 20\n"},
            "b.toml: 'id' is 'x', which a.toml",
        ),
        ({"a.toml": 'kind = "patient"\n' + _MINIMAL + "words = 20\n"}, "a.toml: 'kind' is 'patient'"),
        ({"a.toml": "\xe9"}, "a.toml: the file is not in UTF-8"),
    ],
)
def test_a_folder_that_cannot_be_used_says_which_file_is_wrong(
    tmp_path: Path, files: dict[str, str], complaint: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="latin-1")

    with pytest.raises(FormatError, match=complaint):
        load_formats(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="there is no such folder"):
        load_formats(tmp_path / "nowhere")


def test_default_options_change_nothing() -> None:
    assert with_options(load_format(), NoteOptions()) is load_format()


@pytest.mark.parametrize("name", sorted(load_formats()))
def test_options_keep_sections_headings_and_gates(name: str) -> None:
    note_format = load_format(name)
    wished = with_options(note_format, NoteOptions(Density.BRIEF, Quoting.MANY, Modality.CBT))

    assert [(one.id, one.heading, one.gate, one.absent) for one in wished.sections] == [
        (one.id, one.heading, one.gate, one.absent) for one in note_format.sections
    ]


def test_density_moves_the_budgets() -> None:
    brief = with_options(load_format(), NoteOptions(density=Density.BRIEF)).section("plan").words
    full = with_options(load_format(), NoteOptions(density=Density.FULL)).section("plan").words

    assert brief < load_format().section("plan").words < full


def test_quoting_and_modality_reach_the_instructions() -> None:
    wished = with_options(load_format(), NoteOptions(quoting=Quoting.NONE, modality=Modality.DBT))

    assert wished.section("plan").instruction.endswith("without quotations")
    assert "dialectical" in wished.section("intervention").instruction
    assert "dialectical" not in wished.section("risk").instruction
