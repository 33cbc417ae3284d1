"""What is said twice in one sentence of a note."""

from __future__ import annotations

import pytest

from models.clinical.grounding import check_section
from models.clinical.repeats import without_repeats
from models.transcript import parse_transcript


@pytest.mark.parametrize(
    ("sentence", "once"),
    [
        (
            "Interventions: boundary scripting, grounding, and boundary scripting.",
            "Interventions: boundary scripting, grounding.",
        ),
        ("Interventions: grounding, grounding, and a walk.", "Interventions: grounding, and a walk."),
        (
            "Client reports anxiety with avoidance and avoidance of eye contact.",
            "Client reports anxiety with avoidance of eye contact.",
        ),
        ("Client reports avoidance, avoidance, and tension.", "Client reports avoidance, and tension."),
        ("Tasks: one values-based values-based activity.", "Tasks: one values-based activity."),
        ("Exploración: culpa, miedo y culpa.", "Exploración: culpa, miedo."),
    ],
)
def test_what_is_said_twice_is_said_once(sentence: str, once: str) -> None:
    assert without_repeats(sentence) == once


@pytest.mark.parametrize(
    "sentence",
    [
        "Client had had enough, and said that that was it.",
        'Patient said: "Never, never, never again."',
        "Anxiety fell from 8 to 4, and tension from 8 to 4.",
        "Grounding (breathing, walk) and breathing at work.",
        "Denies SI, and denies self-harm.",
        "Sleep log, sleep hygiene, and sleep at ten.",
    ],
)
def test_what_only_looks_alike_stays(sentence: str) -> None:
    assert without_repeats(sentence) == sentence


def test_a_clause_that_comes_twice_in_a_sentence_stands_once() -> None:
    turns = parse_transcript("Therapist: Any suicidal ideation?\nClient: No. I walked and I slept.")
    checked = check_section("No SI; no SI.", turns)

    assert checked.text == "No SI."
    assert checked.removed == ("repetition",)
