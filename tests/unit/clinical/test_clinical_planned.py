"""What a therapist asks for is a plan, in the words it is asked in; what is asked about is none."""

from __future__ import annotations

import pytest

from models.clinical.fallback import extractive_note
from models.clinical.gates import holds
from models.clinical.grounding import check_section
from models.formats import Gate
from models.formats.format import load_formats
from models.transcript import Turn, parse_transcript


def is_plan(text: str, speaker: str) -> bool:
    return holds(Gate.PLAN, [Turn(0, speaker, text)])


@pytest.mark.parametrize(
    "text",
    [
        "Let's keep a sleep diary this week.",
        "Keep going to the meetings, three a week, and call me if a craving lasts more than an hour.",
        "Will you take the pills to the pharmacy this afternoon?",
        "Call your sponsor if a craving comes.",
        "Let's practise the breathing every morning.",
        "Could you text me on Friday?",
        "Write down three good things each night.",
        "Ask your GP about the tablets.",
        "Your brother stays with you tonight.",
        "Go to the emergency room if it gets worse.",
        "Would you agree to tell your wife tonight?",
        "I'd like to call Dr. Weiss with you today.",
        "We'll lock up the medicine.",
        "Wir sehen uns am Dienstag.",
        "Würden Sie die Tabletten heute Ihrem Bruder geben?",
        "Rufen Sie bitte Ihren Hausarzt an.",
        "Practiquemos la respiración cada mañana.",
        "Practiquemos la respiración, cinco minutos cada mañana.",
        "Llame a su médico mañana.",
        "Vamos a llamar juntas al 016.",
        "Voy a llamar a urgencias ahora con usted.",
        "Siga así, tres veces por semana.",
    ],
)
def test_what_a_therapist_asks_for_is_a_plan(text: str) -> None:
    assert is_plan(text, "therapist")


@pytest.mark.parametrize(
    "text",
    [
        "Keep going.",
        "Take your time.",
        "Tell me about today.",
        "Do you sleep every night?",
        "Let's start with how you are.",
        "Let's look at what happened.",
        "Let's call it anxiety.",
        "Walk me through each day.",
        "Can you tell me more about tonight?",
        "Could you stay with that feeling today?",
        "Did you call your sister?",
        "Do you see your mother every week?",
        "How did you sleep this week?",
        "You keep going back every time.",
        "We can make sense of it.",
        "Wir sehen uns selten.",
        "Nehmen Sie die Tabletten?",
        "Rufen Sie Ihre Mutter oft an?",
        "Machen Sie sich keine Sorgen.",
        "Vamos a ver.",
        "¿Llama a su madre cada día?",
        "What did you write each night?",
        "You take the tram every day?",
    ],
)
def test_what_a_therapist_asks_about_is_no_plan(text: str) -> None:
    assert not is_plan(text, "therapist")


@pytest.mark.parametrize(
    "text",
    [
        "I haven't slept properly in three weeks.",
        "I haven't seen him in two months.",
        "I lost five kilos in a month.",
        "Write down three good things each night, he says.",
        "I said, will you take the pills to the pharmacy this afternoon?",
        "Ich habe die Tabletten heute genommen.",
    ],
)
def test_what_a_client_tells_of_the_past_is_no_plan(text: str) -> None:
    assert not is_plan(text, "client")


def test_a_measure_that_was_agreed_stands_in_the_plan() -> None:
    turns = parse_transcript("Therapist: Tom, will you take the pills to the pharmacy this afternoon?\nTom: Yes.")
    text = "Tom will take the pills to the pharmacy this afternoon."

    assert check_section(text, turns, Gate.PLAN).text == text


def test_a_note_without_a_model_quotes_what_was_agreed_with_its_answer() -> None:
    turns = parse_transcript("Therapist: Will you take the pills to the pharmacy this afternoon?\nClient: Yes.")
    plan = extractive_note(load_formats()["progress"], turns)["plan"]

    assert plan == 'Therapist asked: "Will you take the pills to the pharmacy this afternoon?" Patient said: "Yes."'
