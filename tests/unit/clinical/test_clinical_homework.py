"""Homework in a note is what the therapist listed, not what the model made of it."""

from __future__ import annotations

import pytest

from models.clinical.grounding import check_section
from models.clinical.homework import as_assigned
from models.clinical.session import session_of
from models.formats.format import Gate
from models.transcript import Turn

LIST = "Homework: daily sleep log, a caffeine cap at noon, and two walks."
NOTED = "daily sleep log, caffeine cap at noon, and two walks"


def talk(*said: str) -> list[Turn]:
    """The therapist begins, then they take turns."""
    return [Turn(place, "client" if place % 2 else "therapist", text) for place, text in enumerate(said)]


def noted(sentence: str, *said: str) -> str:
    return as_assigned(sentence, session_of(talk(*said)))


@pytest.mark.parametrize(
    ("said", "listed"),
    [
        (LIST, NOTED),
        ("Good. For homework, let's practice the script and log outcomes.", "practice script and log outcomes"),
        ("Your homework is a thought record after meetings.", "thought record after meetings"),
        ("Let’s set a homework assignment: text one friend about a walk.", "text one friend about walk"),
        ("Homework this week: DEAR MAN once and an urge log.", "DEAR MAN once and urge log"),
        ("Homework: two exposures—coffee line, stand-up—rated.", "two exposures – coffee line, stand-up – rated"),
        ("Homework: a thought record daily: situation, thought, outcome.", "thought record daily"),
        (f"{LIST} Also practice mindfulness daily.", f"{NOTED}, practice mindfulness daily"),
        (f"{LIST} We'll review it next week. Any safety concerns?", NOTED),
    ],
)
def test_a_list_that_the_therapist_gave_is_noted_in_its_words(said: str, listed: str) -> None:
    model = "Homework: sleep diary with caffeinated noon, walks in the evening and mindful meals with friends."

    assert noted(model, said, "I can do that.") == f"Homework: {listed}."


@pytest.mark.parametrize(
    "answer",
    [
        "No, not the walks.",
        "Okay, but only one walk.",
        "Can I do one walk?",
        "That's too much.",
        "I don't think I can.",
        "Maybe.",
    ],
)
def test_a_list_that_the_client_did_not_agree_to_is_left_to_the_checks(answer: str) -> None:
    assert noted("Homework: sleep log and walks.", LIST, answer) == "Homework: sleep log and walks."


def test_a_list_that_was_changed_later_is_left_to_the_checks() -> None:
    said = (LIST, "Fine.", "How is your sister?", "Away.", "Then call her instead of the second walk.", "Yes.")

    assert noted("Homework: sleep log, call the sister.", *said) == "Homework: sleep log, call the sister."


@pytest.mark.parametrize(
    "said",
    [
        "How was the homework: the sleep log?",
        "Homework: you walked twice, I heard.",
        "For homework, he needs two hours every day.",
        "Homework, then games until ten, is what you agreed at home.",
        "Homework: none this week.",
        "We talked about the homework and the sleep log.",
    ],
)
def test_what_is_no_list_for_the_client_is_not_taken_for_one(said: str) -> None:
    assert noted("Homework: sleep log.", said, "Yes.") == "Homework: sleep log."


def test_the_last_list_counts() -> None:
    assert noted("Homework: diary.", LIST, "Okay.", "Homework: a sleep log and one walk.", "Okay.") == (
        "Homework: sleep log and one walk."
    )


def test_a_task_that_was_added_in_passing_stays() -> None:
    said = (LIST, "Okay.", "And take your coping card along.", "I will.")

    assert noted("Homework: sleep log, coping card, yoga.", *said) == (
        "Homework: daily sleep log, caffeine cap at noon, and two walks, plus coping card."
    )


def test_what_the_client_says_is_no_homework_that_the_therapist_gave() -> None:
    assert noted("Homework: diary.", "Anything for next week?", LIST, "Good idea.") == "Homework: diary."


def test_a_list_much_longer_than_the_models_does_not_take_its_room() -> None:
    long = f"Homework: {', '.join(f'walk number {number} around the lake' for number in range(1, 9))}."

    assert noted("Homework: walks.", long, "Okay.") == "Homework: walks."


def test_what_follows_the_list_in_the_sentence_stays() -> None:
    assert noted("Homework: diary, caffeine and walks; review next week.", LIST, "Okay.") == (
        "Homework: daily sleep log, caffeine cap at noon, and two walks; review next week."
    )


def test_other_sentences_and_other_languages_stay_as_they_are() -> None:
    assert noted("Plan: sleep log.", LIST, "Okay.") == "Plan: sleep log."
    german = (
        "Homework: ein Schlaftagebuch und zwei Spaziergänge in der Woche, das ist die Aufgabe.",
        "Ja, das mache ich.",
    )
    assert noted("Homework: Tagebuch.", *german) == "Homework: Tagebuch."


def test_a_section_and_a_second_look_at_it_give_the_same() -> None:
    turns = talk(
        "How was sleep?",
        "Bad.",
        "Homework: two exposures—the coffee line and the stand-up—with ratings. We’ll review next session.",
        "Okay.",
    )

    once = check_section("Homework: one ride to the coffee line. Review next session.", turns, Gate.PLAN).text

    assert once.startswith("Homework: two exposures – coffee line and stand-up – with ratings.")
    assert check_section(once, turns, Gate.PLAN).text == once
