"""What a note leaves out shows; what only keeps a talk going does not."""

from __future__ import annotations

import pytest

from models.clinical.coverage import coverage, holds_something
from models.clinical.evidence import EvidenceIndex
from models.transcript import Turn, parse_transcript
from tests.support.transcripts import sample_turns

TURNS = parse_transcript(
    """Therapist: Hi, come in.
Client: Thanks.
Therapist: How did you sleep?
Client: Badly. I wake at four every night and worry about the rent.
Therapist: Mm-hm.
Client: My landlord raised it by two hundred dollars in May.
Therapist: Any thoughts of suicide?
Client: No, never.
Therapist: For next week, please keep a sleep diary.
Client: I will."""
)


def uncovered(note: str) -> tuple[int, ...]:
    return coverage(TURNS, EvidenceIndex(TURNS).sentences(note))


def test_a_disclosed_fact_a_plan_and_a_question_about_danger_show_when_they_reached_no_sentence() -> None:
    assert uncovered("Patient wakes at four every night and worries about the rent.") == (5, 6, 7, 8)


def test_a_note_that_holds_everything_leaves_nothing_out() -> None:
    note = (
        "Patient wakes at four every night and worries about the rent. The landlord raised it by 200 dollars in May. "
        "Patient denied suicidal thoughts. Homework: a sleep diary."
    )

    assert uncovered(note) in ((), (7,))


@pytest.mark.parametrize(
    "text",
    [
        "Mm-hm.",
        "Come in, have a seat.",
        "I'm glad you came.",
        "How high was the fear when the doors closed?",
        "And when you got off?",
        "Wie war die Woche?",
        "¿Y cómo le fue?",
    ],
)
def test_what_a_therapist_says_to_keep_a_talk_going_is_no_omission(text: str) -> None:
    assert not holds_something(Turn(0, "therapist", text))


@pytest.mark.parametrize(
    "text",
    [
        "Have you thought of killing yourself?",
        "So we keep giving it experience instead of counting.",
        "Could you keep a sleep diary until Thursday?",
        "Wir schreiben heute einen Notfallplan.",
    ],
)
def test_what_a_therapist_offers_or_asks_of_danger_is_one(text: str) -> None:
    assert holds_something(Turn(0, "therapist", text))


@pytest.mark.parametrize("text", ["Eight out of ten.", "My sister.", "Since the spring.", "Seit Sonntag nicht mehr."])
def test_what_a_client_tells_is_one(text: str) -> None:
    assert holds_something(Turn(0, "client", text))


@pytest.mark.parametrize("text", ["Yes.", "Mm-hm.", "Okay, thank you.", "Ja, genau.", "Sí, claro."])
def test_what_a_client_only_agrees_with_is_none(text: str) -> None:
    assert not holds_something(Turn(0, "client", text))


@pytest.mark.parametrize("name", ["safety-plan", "sleep-after-layoff", "panic-on-the-train"])
def test_of_the_samples_every_turn_of_a_client_that_tells_something_can_show(name: str) -> None:
    turns = sample_turns(name)
    shown = coverage(turns, [])

    assert {turn.index for turn in turns if turn.speaker == "client" and len(turn.text.split()) > 3} <= set(shown)
    assert len(shown) < len(turns)
