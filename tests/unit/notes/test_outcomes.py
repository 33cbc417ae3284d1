"""What became of a model's notes, and signed notes as training data: pure functions over the versions of a note."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.transcript import Turn
from server.notes.outcomes import Outcome, Version, changed, compare, outcome
from server.notes.state import Author, Change, Note, Section, Status, WrittenBy
from server.notes.training_pairs import pair
from training.data import build_dataset

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MODEL = WrittenBy("small", "ab" * 32, "mine", "1")
TURNS = (
    Turn(0, "therapist", "How was the week since we met?"),
    Turn(1, "client", "Hard. I slept badly and fought with my brother twice."),
)
WORDS = st.lists(st.sampled_from(["the", "client", "slept", "badly", "and", "was", "tired", "today"]), max_size=12).map(
    " ".join
)


def version(number: int, change: Change, plan: str, status: Status = Status.DRAFT, **fields: Any) -> Version:
    section = Section("plan", "Plan", plan, Author.AI)
    summary = "Client slept badly and {{RED:hurt myself}} was said."
    note = Note(number, status, "progress", summary, plan, (section,), model=MODEL, inference_time=2.0)
    evidence = {"summary_sentences": [{"supported": True}], "sentences": {"plan": [{"supported": False}]}}
    return Version(change.value, replace(note, **fields), evidence, NOON + timedelta(seconds=60 * number))


GENERATED = version(1, Change.GENERATED, "Homework: a sleep diary.")
EDITED = version(2, Change.EDITED, "Homework: a sleep diary every night.", Status.EDITED)
SIGNED = version(3, Change.SIGNED, "Homework: a sleep diary every night.", Status.SIGNED)


def test_a_signed_note_tells_how_much_of_the_draft_was_changed_and_how_long_it_took() -> None:
    found = outcome(5, [GENERATED, EDITED, SIGNED])

    assert found is not None
    assert (found.model, found.edits, found.to_sign, found.seconds, found.support) == (
        "small + mine (abababab)", 1, 120.0, 2.0, 0.5,
    )  # fmt: skip
    assert found.changed == pytest.approx(1 - 2 * 12 / 26)


def test_a_note_that_is_not_signed_says_nothing_about_changes() -> None:
    found = outcome(5, [GENERATED, EDITED])
    assert found is not None
    assert (found.edits, found.changed, found.to_sign) == (None, None, None)


def test_the_draft_is_the_last_text_of_a_model_before_the_signature() -> None:
    again = version(2, Change.REGENERATED, "No homework.", model=replace(MODEL, name="other"))
    found = outcome(5, [GENERATED, again, replace(SIGNED, note=replace(SIGNED.note, version=3))])
    assert found is not None
    assert (found.model.split()[0], found.edits) == ("other", 0)


def by(author: Author, change: Change, number: int, summary: str, plan: str, risk: str, risk_by: Author) -> Version:
    sections = (Section("plan", "Plan", plan, author), Section("risk", "Risk", risk, risk_by))
    made = version(number, change, plan, sections=sections, summary=summary, summary_author=author)
    supported = [{"supported": author is Author.AI}]
    sentences = {"plan": supported, "risk": [{"supported": False}]}
    return replace(made, evidence={"summary_sentences": supported, "sentences": sentences})


def test_what_a_person_rewrote_is_no_draft_though_a_model_wrote_another_section_after_that() -> None:
    mine = ("I wrote all of this by myself.", "My own plan entirely.")
    versions = [
        by(Author.AI, Change.GENERATED, 1, "Client slept badly again.", "Homework: a diary.", "None.", Author.AI),
        by(Author.BOTH, Change.EDITED, 2, *mine, "Nothing.", Author.BOTH),
        by(Author.BOTH, Change.EDITED, 3, *mine, "Nothing at all.", Author.BOTH),
        by(Author.BOTH, Change.REGENERATED, 4, *mine, "Risk was denied.", Author.AI),
    ]
    signed = replace(versions[-1].note, version=5, status=Status.SIGNED)
    versions.append(Version(Change.SIGNED.value, signed, {}, NOON + timedelta(seconds=300)))

    row, found = pair(5, 7, TURNS, versions, consent=True), outcome(5, versions)

    assert row is not None
    assert row["draft"] == {
        "summary": "Client slept badly again.",
        "sections": {"plan": "Homework: a diary.", "risk": "Risk was denied."},
    }
    assert row["sections"]["plan"] == mine[1]
    assert found is not None
    assert (found.edits, found.to_sign) == (2, 240.0)
    assert found.changed == changed(
        "Client slept badly again. Homework: a diary. Risk was denied.", f"{mine[0]} {mine[1]} Risk was denied."
    )
    assert found.support == pytest.approx(2 / 3)


def test_a_part_that_only_a_person_wrote_counts_neither_as_draft_nor_as_a_change() -> None:
    versions = [by(Author.PERSON, Change.GENERATED, 1, "Mine.", "Mine.", "Risk was denied.", Author.AI)]
    last = replace(versions[0].note, version=2, status=Status.SIGNED, summary="Other words of mine.")
    versions.append(Version(Change.SIGNED.value, last, {}, NOON + timedelta(seconds=300)))

    row, found = pair(5, 7, TURNS, versions, consent=True), outcome(5, versions)

    assert row is not None
    assert row["draft"] == {"summary": "", "sections": {"risk": "Risk was denied."}}
    assert found is not None
    assert found.changed == 0


WHOLE = frozenset({"summary", "plan"})


@pytest.mark.parametrize("fields", [{"model": None, "fallback": True}, {"fallback": True, "extractive": WHOLE}])
def test_what_no_model_wrote_is_nobodys_outcome(fields: dict[str, Any]) -> None:
    assert outcome(5, [version(1, Change.GENERATED, "Plan.", **fields), SIGNED]) is None
    assert outcome(5, [version(1, Change.EDITED, "By hand.", Status.EDITED), SIGNED]) is None


def beside(section: Section, **fields: Any) -> list[Version]:
    """A note in which a person had written ``section`` before the model wrote, and which was then signed."""
    versions = []
    for one in (GENERATED, SIGNED):
        note = replace(one.note, sections=(*one.note.sections, section), **fields)
        evidence = {**one.evidence, "sentences": {**one.evidence["sentences"], section.id: [{"supported": False}] * 8}}
        versions.append(replace(one, note=note, evidence=evidence))
    return versions


def test_what_a_person_had_written_before_the_draft_is_no_outcome_of_a_model() -> None:
    alone = outcome(5, [GENERATED, SIGNED])

    assert outcome(5, beside(Section("risk", "Risk", "Mine alone, in many words of my own.", Author.PERSON))) == alone
    assert outcome(5, beside(Section("risk", "Risk", "The model's and mine, long before.", Author.BOTH))) == alone


def test_a_model_that_only_suggested_has_no_outcome_and_no_draft() -> None:
    free = Section("note", "Note", "All in my own words.", Author.PERSON)
    own = [replace(one, note=replace(one.note, sections=(free,), summary="")) for one in (GENERATED, SIGNED)]

    assert outcome(5, own) is None
    row = pair(5, 7, TURNS, own, consent=True)
    assert row is not None
    assert row["draft"] is None


def test_the_draft_of_a_pair_holds_nothing_that_a_person_had_written() -> None:
    mine = Section("risk", "Risk", "Mine alone.", Author.PERSON)
    row = pair(5, 7, TURNS, beside(mine, summary="My paragraph.", summary_author=Author.PERSON), consent=True)

    assert row is not None
    assert row["draft"] == {"summary": "", "sections": {"plan": "Homework: a sleep diary."}}
    assert row["sections"]["risk"] == "Mine alone."


@given(WORDS, WORDS)
def test_the_share_of_changed_words_is_none_for_the_same_words_and_all_for_others(first: str, second: str) -> None:
    assert changed(first, first) == 0
    assert 0 <= changed(first, second) <= 1
    assert changed(first, second.upper()) == changed(first, second)
    if first and not second:
        assert changed(first, second) == 1


def test_the_report_compares_each_model_with_the_one_of_most_notes() -> None:
    usual = [Outcome(n, "usual", 0.9, 3.0, 1, 0.1 + n / 1000, 60.0) for n in range(12)]
    tried = [Outcome(n, "tried", 0.9, 2.0, 4, 0.5, 60.0) for n in range(12, 18)]

    lines = list(compare([*tried, *usual]))

    rows = [line for line in lines[lines.index("## words changed before signing") :] if line.startswith("| ")][:4]
    assert [row.split(" | ")[0].strip("| ") for row in rows] == ["model", "---", "usual", "tried"]
    difference = float(rows[3].split(" | ")[3].split(" ")[0])
    assert difference == pytest.approx(0.5 - 0.1055, abs=1e-3)


def test_a_report_over_nothing_says_so() -> None:
    assert next(compare([])) == "# What became of 0 notes"


def test_a_signed_note_becomes_a_pair_that_training_reads() -> None:
    row = pair(5, 7, TURNS, [GENERATED, EDITED, SIGNED], consent=True)
    assert row is not None

    [record] = build_dataset([row], "signed").records

    assert (record.id, record.group, record.turns) == ("5", "patient-7", TURNS)
    assert record.sections == {"plan": "Homework: a sleep diary every night."}
    assert record.draft["plan"] == "Homework: a sleep diary."
    assert record.summary == "Client slept badly and hurt myself was said."


def test_without_consent_no_text_leaves_and_reading_says_why_the_row_is_skipped() -> None:
    row = pair(5, 7, TURNS, [GENERATED, SIGNED], consent=False)
    assert row == {"id": "5", "patient_id": 7, "consent": False}

    dataset = build_dataset([row], "signed")

    assert [finding.reason for finding in dataset.findings] == ["no consent to train on it"]


def test_a_note_that_is_open_again_is_no_training_data() -> None:
    assert pair(5, 7, TURNS, [GENERATED, SIGNED, version(4, Change.UNLOCKED, "x", Status.EDITED)], consent=True) is None


def test_sections_of_another_format_are_not_trained_as_those_of_the_default() -> None:
    row = pair(5, 7, TURNS, [version(1, Change.SIGNED, "S", Status.SIGNED, format="soap")], consent=True)
    assert row is not None
    assert row["sections"] == {}


def test_of_a_fallback_that_a_model_wrote_anew_in_part_that_part_is_the_models() -> None:
    rest = frozenset({"summary"})
    versions = [
        version(1, Change.GENERATED, "Taken from the talk.", model=None, fallback=True, extractive=WHOLE),
        version(2, Change.REGENERATED, "Homework: a diary.", fallback=True, extractive=rest),
        version(3, Change.SIGNED, "Homework: a diary.", Status.SIGNED, fallback=True, extractive=rest),
    ]

    row, found = pair(5, 7, TURNS, versions, consent=True), outcome(5, versions)

    assert row is not None
    assert row["draft"] == {"summary": "", "sections": {"plan": "Homework: a diary."}}
    assert found is not None
    assert (found.changed, found.support, found.to_sign) == (0, 0.0, 60.0)


def test_a_part_that_the_fallback_wrote_last_is_no_draft_of_the_model_that_wrote_it_before() -> None:
    plan = frozenset({"plan"})
    versions = [
        version(1, Change.GENERATED, "The model's plan."),
        version(2, Change.REGENERATED, "Taken from the talk.", fallback=True, extractive=plan),
        version(3, Change.SIGNED, "Taken from the talk.", Status.SIGNED, fallback=True, extractive=plan),
    ]

    row = pair(5, 7, TURNS, versions, consent=True)

    assert row is not None
    assert row["draft"] == {"summary": "Client slept badly and hurt myself was said.", "sections": {}}
