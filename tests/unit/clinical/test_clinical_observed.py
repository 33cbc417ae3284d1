"""What a therapist sees of a client, or asks for, is a mental status."""

from __future__ import annotations

import pytest

from models.clinical.fallback import extractive_note
from models.clinical.gates import holds
from models.clinical.grounding import check_section
from models.formats import Gate
from models.formats.format import load_formats
from models.transcript import Turn, parse_transcript

FAST = """Therapist: You're speaking very fast today, and you're wearing your coat inside out.
Client: I've got so many ideas!
Therapist: Are you hearing anything others don't?
Client: No voices."""


def is_observed(text: str, speaker: str) -> bool:
    return holds(Gate.MENTAL_STATUS, [Turn(0, speaker, text)])


@pytest.mark.parametrize(
    "text",
    [
        "You're speaking very fast today.",
        "You're speaking very fast today, and you're wearing your coat inside out.",
        "Are you hearing anything others don't?",
        "You look exhausted today.",
        "You seem very flat today.",
        "You're shaking.",
        "Do you know what day it is?",
        "Sie wirken heute ruhiger.",
        "Sie sehen sehr erschöpft aus.",
        "Hören Sie Stimmen, die andere nicht hören?",
        "La veo muy nerviosa hoy.",
        "La noto más tranquila.",
        "Está hablando muy rápido.",
        "¿Oye cosas que los demás no oyen?",
    ],
)
def test_what_a_therapist_sees_or_asks_for_is_a_mental_status(text: str) -> None:
    assert is_observed(text, "therapist")


@pytest.mark.parametrize(
    "text",
    [
        "You look at the mountains a lot.",
        "You seem to think that he was right.",
        "You sound like your mother.",
        "You are talking about your boss.",
        "You're speaking with her tomorrow?",
        "You look great in that photo.",
        "Sie sehen Ihre Mutter oft.",
        "Sie sprechen mit ihm.",
        "La veo el martes.",
        "Lo noto en la voz de su madre.",
        "Are you seeing your sister?",
        "Have you heard anything from him?",
        "You're wearing a ring.",
    ],
)
def test_what_a_therapist_says_of_something_else_is_none(text: str) -> None:
    assert not is_observed(text, "therapist")


@pytest.mark.parametrize(
    "text",
    [
        "You're shaking, I told him.",
        "You look tired, she says.",
        "Sie wirken müde, sagt mein Chef.",
    ],
)
def test_what_a_client_tells_of_a_look_is_none(text: str) -> None:
    assert not is_observed(text, "client")


def test_what_was_observed_stands_in_the_objective_section() -> None:
    text = "Rapid speech, coat inside out; denied hearing voices."

    assert check_section(text, parse_transcript(FAST), Gate.MENTAL_STATUS).text == text


def test_a_note_without_a_model_quotes_what_was_observed_and_the_answer() -> None:
    objective = extractive_note(load_formats()["soap"], parse_transcript(FAST))["objective"]

    assert "speaking very fast" in objective
    assert objective.endswith('Patient said: "No voices."')
