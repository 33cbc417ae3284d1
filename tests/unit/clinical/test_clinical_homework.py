"""Homework in a note is what the therapist listed, not what the model made of it."""

from __future__ import annotations

import pytest

from models.clinical.grounding import check_section
from models.clinical.homework import as_assigned
from models.clinical.session import session_of
from models.formats.format import Gate
from models.transcript import Turn

BEFORE = ("How was the week?", "Long. I slept badly and ate late with friends.", "What kept you up?", "The deadline.")
LIST = "Homework: daily sleep log, a caffeine cap at noon, and two walks."
NOTED = "daily sleep log, caffeine cap at noon, and two walks"


def talk(*said: str) -> list[Turn]:
    """The therapist begins, then they take turns."""
    spoken = (*BEFORE, *said)
    return [Turn(place, "client" if place % 2 else "therapist", text) for place, text in enumerate(spoken)]


def noted(sentence: str, *said: str) -> str:
    return as_assigned(sentence, session_of(talk(*said))) or sentence


@pytest.mark.parametrize(
    ("said", "listed"),
    [
        (LIST, NOTED),
        ("Good. For homework, let's practice the script and log outcomes.", "practice the script and log outcomes"),
        ("Your homework is a thought record after meetings.", "thought record after meetings"),
        ("Let’s set a homework assignment: text one friend about a walk.", "text one friend about a walk"),
        ("So, homework for this week: DEAR MAN once and an urge log.", "DEAR MAN once and urge log"),
        ("Homework: two exposures—coffee line, stand-up—rated.", "two exposures – coffee line, stand-up – rated"),
        ("Homework: a thought record: situation, outcome.", "thought record"),
        ("Homework: a walk at 10:30, and plan A before lunch.", "walk at 10:30, and plan A before lunch"),
        ("Homework: a few walks, one a day, and a coping card.", "a few walks, one a day, and coping card"),
        ("Homework: say “I need a break” once, then log it.", "say “I need a break” once, then log it"),
        ("Homework: a walk, and a thought record on “sabotage.”", "walk, and thought record on “sabotage”"),
        ("Homework: a walk with your son, and your letter.", "walk with their son, and letter"),
        ("Homework: write a letter to Dad, mood from 0 to 10.", "write a letter to Dad, mood from 0 to 10"),
        (f"{LIST} Also practice mindfulness daily.", f"{NOTED}, practice mindfulness daily"),
        (f"{LIST} We'll review it next week. Any safety concerns?", NOTED),
    ],
)
@pytest.mark.parametrize("answer", ["I can do that.", "Okay, no problem.", "I can't wait."])
def test_a_list_that_the_therapist_gave_is_noted_in_its_words(said: str, listed: str, answer: str) -> None:
    model = (
        "Homework: sleep log with noon walks on foot, DEAR MAN exposures, a thought record, a letter, the break script."
    )

    assert noted(model, said, answer) == f"Homework: {listed}."


@pytest.mark.parametrize(
    "answer",
    [
        "No, not the walks.",
        "Okay, but only one walk.",
        "Can I do one walk?",
        "That's too much.",
        "I don't think I can.",
        "Maybe.",
        "I refuse.",
        "My knee hurts.",
        "We'll see.",
        "I would prefer swimming.",
        "I'll try one of them.",
        "One walk.",
        "Depends on the weather.",
        "Ugh, hard.",
        "Done both.",
    ],
)
def test_a_list_that_the_client_did_not_agree_to_is_left_to_the_checks(answer: str) -> None:
    assert noted("Homework: sleep log and walks.", LIST, answer) == "Homework: sleep log and walks."


@pytest.mark.parametrize(
    "change",
    [
        "Then call her instead of the second walk.",
        "Leave out the log.",
        "The log can wait, I think, so hold off on it.",
        "Then no log.",
        "Replace the log with a diary.",
        "Let's say twice.",
        "Don't do the walks while it rains.",
        "Make that four walks.",
        "Three then, great.",
        "Change of plan: a diary.",
        "Actually, one walk is fine.",
        "One more homework: ride the bus.",
    ],
)
def test_a_list_that_was_changed_later_is_left_to_the_checks(change: str) -> None:
    assert noted("Homework: log, a call.", LIST, "Fine.", change, "Yes.") == "Homework: log, a call."


@pytest.mark.parametrize("more", ["That was last week.", "Do what fits.", "Any one of these.", "When the knee heals."])
def test_a_change_in_the_same_breath_is_heard(more: str) -> None:
    assert noted("Homework: sleep log.", f"{LIST} {more}", "Yes.") == "Homework: sleep log."


def test_one_of_two_clients_may_object() -> None:
    turns = [*talk(LIST, "Okay."), Turn(6, "partner", "I won't do that.")]

    assert as_assigned("Homework: sleep log.", session_of(turns)) is None


@pytest.mark.parametrize(
    "said",
    [
        "How was the homework: the sleep log?",
        "Homework: you walked twice and kept the sleep log, I heard.",
        "For homework, he needs two hours of sleep every day.",
        "Homework, then games until ten and sleep, is what you agreed at home.",
        "Homework: none this week, sleep is enough.",
        "We talked about the homework and the sleep log.",
        "Your homework is excellent and very detailed on sleep.",
        "The homework is important because sleep changes between sessions.",
        "Homework-related sleep trouble is what bothers Leo.",
        "Homework: either the sleep log or the walk.",
        "Homework: the following steps: sleep log and walk.",
        "Homework: um, sleep log and, uh, a walk.",
        "Homework: Sleep log. Two walks. One call.",
        "Your homework is a way to see how sleep and mood go together.",
        "Homework: math sheets and a sleep log for school.",
        "Homework: perhaps a sleep log and walks.",
        "Homework: sleep log, walks, etc.",
    ],
)
def test_what_is_no_list_beyond_doubt_is_not_taken_for_one(said: str) -> None:
    assert noted("Homework: sleep log.", said, "Yes.") == "Homework: sleep log."


def test_an_agenda_is_no_list() -> None:
    said = (
        "What else?",
        "Nothing.",
        "Then the panic on Tuesday.",
        "Yes.",
        "How was it?",
        "Bad.",
        "Tell me.",
        "It was.",
    )

    assert noted("Homework: sleep log.", LIST, "Okay.", *said) == "Homework: sleep log."


def test_two_lists_are_none() -> None:
    assert (
        noted("Homework: sleep.", LIST, "Okay.", "Homework: a sleep log and one walk.", "Okay.") == "Homework: sleep."
    )


def test_a_task_that_was_added_in_passing_stays_and_one_that_was_not_goes() -> None:
    said = (LIST, "Okay.", "And take your coping card along.", "And I eat the cake.")

    listed = noted("Homework: sleep log, coping card, yoga, cake.", *said)

    assert listed == f"Homework: {NOTED}, coping card, cake."
    assert noted(listed, *said) == listed


@pytest.mark.parametrize(
    "task",
    [
        "lock away the sleep pills",
        "call 988 if urges rise",
        "give the gun to her brother",
        "no driving alone",
        "take insulin on time",
        "pour out the vodka",
        "appointment with Dr. Lee on Friday",
    ],
)
def test_nothing_that_keeps_the_client_safe_makes_room_for_a_list(task: str) -> None:
    sentence = f"Homework: sleep log, {task}."

    assert noted(sentence, f"And {task}.", "I will.", LIST, "Okay.") == sentence, task


@pytest.mark.parametrize(
    "sentence",
    [
        "Homework: completed three of seven sleep logs.",
        "Homework: sleep log was kept on five nights.",
        "Homework: sleep log only, walks skipped because of rain.",
        "Homework: sleep log; walks declined due to knee.",
        "Homework: letter to the brother.",
        "Homework: registro de sueño todos los días con café y paseos.",
        "Plan: sleep log.",
    ],
)
def test_what_tells_of_something_else_stays(sentence: str) -> None:
    assert noted(sentence, LIST, "Okay.") == sentence


def test_what_the_client_says_is_no_homework_that_the_therapist_gave() -> None:
    assert noted("Homework: sleep.", "Anything for next week?", LIST, "Good idea.") == "Homework: sleep."


def test_a_list_much_longer_than_the_models_does_not_take_its_room() -> None:
    long = f"Homework: {', '.join(f'walk number {number} around the lake' for number in range(1, 9))}."

    assert noted("Homework: walks.", long, "Okay.") == "Homework: walks."


@pytest.mark.parametrize("rest", ["; review next week", "—call the crisis line if urges rise"])
def test_what_follows_the_list_in_the_sentence_stays(rest: str) -> None:
    assert noted(f"Homework: sleep, caffeine and walks{rest}.", LIST, "Okay.") == f"Homework: {NOTED}{rest}."


def test_the_list_stands_once() -> None:
    assert noted("Homework: sleep log; two walks; review next week.", LIST, "Okay.") == (
        f"Homework: {NOTED}; review next week."
    )
    twice = "Homework: sleep log and a nap. Homework: two walks. Homework: a nap in the park."
    section = check_section(twice, talk(LIST, "Okay.", "And take a nap in the park.", "I will."), Gate.PLAN).text

    assert section == f"Homework: {NOTED}, a nap. Homework: a nap in the park."


def test_a_section_and_a_second_look_at_it_give_the_same() -> None:
    turns = talk(
        "Homework: two exposures—the coffee line and the stand-up—with ratings. We’ll review next time.", "Okay."
    )

    once = check_section("Homework: one ride to the coffee line. Review next time.", turns, Gate.PLAN).text

    assert once == "Homework: two exposures – coffee line and stand-up – with ratings. Review next time."
    assert check_section(once, turns, Gate.PLAN).text == once


def test_a_list_that_the_checks_took_out_whole_is_what_the_therapist_gave() -> None:
    turns = talk(LIST, "Okay.")

    assert check_section("Homework: sleep in Bermuda 7 hours.", turns, Gate.PLAN).text == f"Homework: {NOTED}."
    assert check_section("Homework: yoga in Bermuda.", turns, Gate.PLAN).text == "None discussed."
