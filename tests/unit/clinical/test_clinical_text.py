"""The note as legacy clients read and send it."""

from __future__ import annotations

from models.clinical.text import legacy_text, parse_legacy_text, patient_summary_text
from models.formats import load_format

NOTE = load_format()


def test_the_legacy_text_has_its_headings_in_order_each_starting_a_line() -> None:
    text = legacy_text(NOTE, {section.id: f"About {section.id}." for section in NOTE.sections})

    assert text == (
        "**Chief Complaint:** About chief_complaint.\n\n**Emotional State:** About emotional_state.\n\n"
        "**Risk:** About risk.\n\n**Intervention:** About intervention.\n\n**Progress:** About progress.\n\n"
        "**Plan:** About plan."
    )


def test_a_missing_section_says_so() -> None:
    assert "**Risk:** Not assessed in this session." in legacy_text(NOTE, {"plan": " "})


def test_what_a_person_typed_before_the_first_heading_goes_to_the_first_section() -> None:
    assert parse_legacy_text(NOTE, "Seen late.\n\n**Risk:** None.")["chief_complaint"] == "Seen late."


def test_an_unknown_heading_stays_in_the_section_before_it() -> None:
    found = parse_legacy_text(NOTE, "**Risk:** None.\n\n**Billing:** 90834\n\n**Plan:** Walk.")

    assert found["risk"] == "None.\n\n**Billing:** 90834"
    assert found["plan"] == "Walk."


def test_headings_are_read_however_they_are_typed() -> None:
    found = parse_legacy_text(NOTE, "**risk**: a\n** Plan : ** b\n**Progress:**c")

    assert (found["risk"], found["plan"], found["progress"]) == ("a", "b", "c")


def test_a_heading_that_comes_twice_loses_nothing() -> None:
    assert parse_legacy_text(NOTE, "**Plan:** a\n**Risk:** b\n**Plan:** c")["plan"] == "a\n\nc"


def test_a_heading_in_the_middle_of_a_line_is_text() -> None:
    assert parse_legacy_text(NOTE, "**Plan:** see **Risk:** above")["plan"] == "see **Risk:** above"


def test_a_patient_summary_has_the_headings_of_the_legacy_clients() -> None:
    headings = [line.split(":**")[0].strip("*") for line in patient_summary_text({}).split("\n\n")]

    assert headings == [
        "Latest Session",
        "Chief Complaint",
        "Emotional State",
        "Risk Assessment",
        "Intervention",
        "Progress",
        "Plan",
    ]
