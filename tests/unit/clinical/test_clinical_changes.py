"""That something became less, better or steady, or is to be done daily, said in a note."""

from __future__ import annotations

import pytest

from models.clinical.changes import invented_change
from models.clinical.frequency import without_unsaid_frequency
from models.clinical.grounding import check_section
from models.clinical.session import session_of
from models.transcript import parse_transcript

TURNS = parse_transcript(
    """Therapist: How were the two weeks? And the sleep?
Client: Short, and I woke early. I drove three stops on the tram. My mood swings, some days are low.
Therapist: Where was your anxiety at the door?
Client: At an eight out of ten. After ten minutes it was a 4/10, and my shoulders dropped.
Therapist: What about the drinking?
Client: I drank less than in spring. I avoided the canteen, and I told myself that I am boring.
Therapist: Did the relaxation help the insight along?
Client: I saw that I feel guilty. I have no energy for work."""
)


@pytest.mark.parametrize(
    "sentence",
    [
        "Anxiety fell from 8 to 4.",
        "Anxiety decreased from 8/10 to 4/10 at the door.",
        "Somatic tension reduced.",
        "Drinking reduced since spring.",
        "Client reports reduced energy and reduced sleep.",
        "Client reports reduced mood and no energy for work.",
        "Client shows improved insight into guilt.",
        "Client went from the door to the canteen.",
    ],
)
def test_a_change_that_the_talk_tells_of_stays(sentence: str) -> None:
    assert "change" not in check_section(sentence, TURNS).removed


@pytest.mark.parametrize(
    "sentence",
    [
        "Anxiety decreased from 4 to 8.",  # the other way
        "Anxiety increased from 8 to 4.",
        "Anxiety decreased from 10 to 4.",  # ten is the end of the scale
        "Anxiety decreased from 8 to 3.",  # three stops are no rating
        "Sleep improved.",
        "Avoidance was reduced.",
        "Mood stable.",
        "Client reports improved mood.",
    ],
)
def test_a_change_that_nobody_spoke_of_goes(sentence: str) -> None:
    assert check_section(sentence, TURNS).removed == ("change",)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("I sleep through now, eight hours, for the first time in months.", "Sleep improved."),
        ("Only one panic attack this week, and before that I had four or five.", "Panic attacks reduced."),
        ("I am not as anxious as I was in May.", "Anxiety decreased since May."),
        ("I used to drink six beers, I drink two beers now.", "Drinking reduced from 6 to 2 beers."),
        ("The score was 18 in March. I have 9 points now.", "Score decreased from 18 to 9 points."),
        ("The doctor cut my sertraline from 100 to 50 mg.", "Sertraline reduced from 100 to 50 mg."),
        ("My mood has been pretty okay, nothing up or down.", "Mood stable."),
    ],
)
def test_a_change_in_the_clients_own_way_of_speaking_stays(said: str, sentence: str) -> None:
    turns = parse_transcript(f"Therapist: How is it going?\nClient: {said}")

    assert "change" not in check_section(sentence, turns).removed


@pytest.mark.parametrize("said", ["No, the anxiety is awful, no sleep.", "I sleep less, down to four hours."])
def test_less_sleep_is_no_better_sleep(said: str) -> None:
    turns = parse_transcript(f"Therapist: How is the sleep?\nClient: {said}")

    assert check_section("Sleep improved.", turns).removed == ("change",)


def test_only_the_change_goes_out_of_a_list() -> None:
    sentence = "Client reported improved sleep, guilt, and no energy for work."

    assert check_section(sentence, TURNS).text == "Client reported guilt and no energy for work."


def test_changes_noted_in_another_language_are_left_to_the_other_rules() -> None:
    turns = parse_transcript("Therapist: Wie ist der Schlaf?\nClient: Ich schlafe schlecht und wache um drei auf.")

    assert "change" not in check_section("Sleep improved.", turns).removed


@pytest.mark.parametrize(
    ("sentence", "rest"),
    [
        ("Homework: daily walks and a nightly log.", "Homework: walks and a log."),
        ("Homework: walks daily, log nightly.", "Homework: walks, log."),
    ],
)
def test_nothing_is_daily_where_nobody_spoke_of_days(sentence: str, rest: str) -> None:
    turns = parse_transcript(
        "Therapist: As homework, take walks to the tram, and keep a log.\nClient: Walks and the log, fine."
    )

    assert check_section(sentence, turns).text == rest


@pytest.mark.parametrize(
    "sentence",
    [
        "Client walks daily.",
        "Client is a non-daily smoker.",
        "Homework: walks, less than daily, and activities of daily living.",
        "Homework: no daily walks to the tram.",
    ],
)
def test_daily_stays_where_it_is_no_task_or_more_hangs_on_it(sentence: str) -> None:
    turns = parse_transcript("Therapist: As homework, take walks to the tram.\nClient: Walks, fine, I smoke less.")

    assert without_unsaid_frequency(sentence, session_of(turns)) == sentence


@pytest.mark.parametrize("said", ["every day", "each morning", "ten minutes a day", "on weekdays"])
def test_what_was_said_to_be_daily_is(said: str) -> None:
    turns = parse_transcript(f"Therapist: As homework, take walks to the tram {said}.\nClient: Walks, fine.")

    assert check_section("Homework: daily walks to the tram.", turns).removed == ()


@pytest.mark.parametrize(
    "filler",
    [
        "What helps your mood in the morning?",
        "For the mood, let us plan light stretching.",
        "We will look at your mood again in our progress review.",
        "Bring the mood chart for the progress notes.",
    ],
)
def test_a_word_of_the_therapists_in_passing_is_no_progress(filler: str) -> None:
    talk = parse_transcript(f"Therapist: How was the mood?\nClient: Low, all week.\nTherapist: {filler}\nClient: Yes.")

    assert invented_change("Improved mood.", session_of(talk)) == "change"


@pytest.mark.parametrize(
    "answer",
    ["Lighter since Sunday.", "The walk helps.", "We made progress with it.", "It progressed.", "It helped, the walk."],
)
def test_what_the_client_says_of_it_is_progress(answer: str) -> None:
    talk = parse_transcript(f"Therapist: How was the mood?\nClient: {answer}")

    assert invented_change("Improved mood.", session_of(talk)) is None
