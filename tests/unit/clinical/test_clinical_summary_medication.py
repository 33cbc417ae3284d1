"""What a client takes, in the paragraph beside the sections, where the model wrote nothing of it."""

from __future__ import annotations

import pytest

from models.clinical.evidence import EvidenceIndex
from models.clinical.sentences import word_count
from models.clinical.summary import fit_summary
from models.transcript import parse_transcript

FOUND = (
    "Client reports a quarrel with her sister and little sleep. Interventions: grounding, thought record, role-play."
)
COMING = "Homework: thought record on three evenings. Plan: continue the work on the calls and on sleep."


def summary(said: str, text: str = f"{FOUND} {COMING}") -> str:
    turns = parse_transcript(f"Therapist: How was the week?\nClient: I quarrelled with my sister. {said}")
    told = fit_summary(text, turns)
    assert word_count(told) <= 70
    assert fit_summary(told, turns) == told
    assert all(one.supported for one in EvidenceIndex(turns).sentences(told) if said.rstrip(".") in one.text)
    return told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("My psychiatrist increased lamotrigine.", "Patient reported that their psychiatrist increased lamotrigine."),
        ("Taking lithium as prescribed; labs pending.", 'Medication: "Taking lithium as prescribed; labs pending."'),
        ("I skipped sertraline on Monday.", "Patient reported that they skipped sertraline on Monday."),
    ],
)
def test_a_drug_that_the_client_takes_stands_before_homework_and_plan(said: str, told: str) -> None:
    assert summary(said) == f"{FOUND} {told} {COMING}"


@pytest.mark.parametrize(
    "said",
    [
        "I took sertraline years ago.",
        "My mother takes lithium.",
        "I do not take lithium.",
        "I am afraid of taking lithium.",
        "Should I start lithium?",
        "She put me on lithium in a dream, maybe.",
        "I took a bottle of sertraline to end my life.",
        "Sertraline.",
        "My dog is on Prozac.",
        "My twin takes lithium.",
        "The kids take melatonin.",
        "Tom is on lithium.",
        "In college I was on Adderall.",
        "In the dream I take Valium.",
        "I took Xanax, all of it, on Sunday.",
        "I take Lexapro every morning. Not any more, though.",
        "Prozac made me gain weight. I came off it years ago.",
    ],
)
def test_what_is_not_taken_now_is_not_told(said: str) -> None:
    told = summary(said)

    assert "Medication:" not in told
    assert "Patient reported" not in told


def test_a_note_that_speaks_of_medication_is_left_as_it_is() -> None:
    text = f"{FOUND} Medication stable. {COMING}"

    assert summary("My psychiatrist increased lamotrigine.", text) == text


def test_nothing_goes_to_make_room_for_it() -> None:
    full = " ".join([FOUND, *["She spoke of work and of the house again."] * 4, COMING])

    assert "lamotrigine" not in summary("My psychiatrist increased lamotrigine last week.", full)
