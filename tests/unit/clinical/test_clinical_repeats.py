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
        ("Client reports anxiety with avoidance and avoidance.", "Client reports anxiety with avoidance."),
        ("Client reports avoidance and avoidance of calls.", "Client reports avoidance of calls."),
        ("Client reports avoidance, avoidance, and tension.", "Client reports avoidance, and tension."),
        ("Homework: one values-based values-based activity.", "Homework: one values-based activity."),
        ("Tareas: paseo, diario y paseo.", "Tareas: paseo, diario."),
        ("No SI/SI.", "No SI."),
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
        "Homework: grounding (breathing, walk) and breathing at work.",
        "Homework: sleep log, sleep hygiene, and sleep at ten.",
        "Client reports a suicide attempt and suicide attempt of her brother.",
        "Denied self-harm and self-harm urges.",
        "Client heard Duran Duran in Walla Walla.",
        "Client reports mother and mother in law.",
        "It got worse and worse.",
        "Ratings: seven, four, and seven.",
        "Mood over the week: anxious, calm, anxious.",
        "Partner yells and leaves, client yells and leaves.",
        "Denies nausea and panic attacks, reports worry and panic attacks.",
        "Keine Angst und Panik, sondern Scham und Panik.",
        "Client reports avoidance and avoidance of her sister by the uncle.",
    ],
)
def test_what_only_looks_alike_stays(sentence: str) -> None:
    assert without_repeats(sentence) == sentence


def test_a_clause_that_comes_twice_in_a_sentence_stands_once() -> None:
    turns = parse_transcript("Therapist: Any suicidal ideation?\nClient: No. I walked and I slept.")
    checked = check_section("No SI; no SI.", turns)

    assert checked.text == "No SI."
    assert checked.removed == ("repetition",)


def test_a_clause_that_stood_before_is_not_told_again() -> None:
    turns = parse_transcript(
        """Therapist: Any suicidal ideation?
Client: Passive, without a plan. The sleep is short, and I walk with my sister.
Therapist: We keep the safety plan and the walks."""
    )
    noted = "Passive SI without plan; short sleep. Walks with sister. Risk: passive SI without plan; safety plan kept."

    told = check_section(noted, turns)

    assert told.text == "Passive SI without plan; short sleep. Walks with sister. Safety plan kept."
    assert "repetition" in told.removed


@pytest.mark.parametrize(
    "noted",
    [
        'Suicidal thoughts: "No, not at all." Homicidal thoughts: "No, not at all."',
        "Sleep: better since last week. Appetite: better since last week.",
        "Past: urges without plan. Current: urges without plan.",
    ],
)
def test_the_same_words_behind_another_label_are_another_claim(noted: str) -> None:
    turns = parse_transcript(
        """Therapist: Any suicidal thoughts?
Client: No, not at all.
Therapist: Any homicidal thoughts?
Client: No, not at all. Sleep is better since last week, and appetite too. Urges as in the past, without plan."""
    )

    assert "repetition" not in check_section(noted, turns).removed
