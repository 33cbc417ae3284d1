"""What is true of a session stands in its note: sentences of true notes that a rule once took out."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from models.clinical.markers import strip_markers
from models.clinical.plan import plan_summary
from models.clinical.session import session_of
from models.clinical.shorten import shortened
from models.clinical.sieve import Sieve
from models.clinical.summary import fit_summary
from models.clinical.watch import Watch
from models.clinical.words import numbers
from models.formats.format import load_format
from models.transcript import Turn, parse_transcript
from training.checked import after_checks
from training.data import read_dataset

SESSIONS = Path(__file__).parents[3] / "training" / "data" / "clinical_sessions.jsonl"


def stands(sentence: str, *said: str) -> str:
    """``sentence`` as it stands in the paragraph of a session in which the therapist began and each spoke in turn."""
    turns = tuple(Turn(place, "client" if place % 2 else "therapist", text) for place, text in enumerate(said))
    return Sieve(session_of(turns), framed=True).sentence(sentence)


@pytest.mark.parametrize(
    ("question", "answer", "noted"),
    [
        ("Any hopelessness or thoughts of suicide?", "Exhausted, yes. Suicidal, no.", "Exhausted; not suicidal."),
        ("How's your mood, any suicidal thoughts?", "Tired. Suicidal thoughts, no.", "Tired; no suicidal thoughts."),
        ("Mood, any suicidal ideation?", "Mood's good. None.", "Mood good; no SI."),
        ("Any suicidal or homicidal ideation?", "Ashamed, that's all. No to both.", "Ashamed; no SI/HI."),
        ("Any suicidal or homicidal thoughts?", "Irritable, but none of that.", "Irritable; denied SI/HI."),
        ("Anything about suicide or violence?", "Negative on both.", "Denied suicidal thoughts and violence."),
        ("Any thought of harming them?", "Lord, no. I go in the pantry.", "Denied thoughts of harming them."),
        ("And the funeral?", "I wondered who'd come. I don't want to die, though, no plan.", "Does not want to die."),
    ],
)
def test_a_no_is_understood_wherever_in_an_answer_it_stands(question: str, answer: str, noted: str) -> None:
    assert stands(noted, question, answer) == noted


@pytest.mark.parametrize(
    ("answer", "noted"),
    [
        ("Exhausted, yes. Suicidal, sometimes.", "Exhausted; not suicidal."),
        ("None of that helps. I think of killing myself.", "Denied suicidal thoughts."),
        ("I told my sister none of it. Yes.", "Denied suicidal thoughts."),
        ("In February, yes. On most days.", "Denied suicidal thoughts."),
    ],
)
def test_and_a_yes_is_no_denial(answer: str, noted: str) -> None:
    assert "suicid" not in stands(noted, "Any suicidal thoughts?", answer)


@pytest.mark.parametrize(
    ("answer", "noted"),
    [
        ("No. I had some in 2009, none now.", "Suicidal thoughts in 2009, none now."),
        ("In eighth grade, yes, on the bridge. Now no.", "Suicidal thoughts in eighth grade; none now."),
        ("On the burns unit I wanted to die. Now, no.", "Wanted to die on burns unit; no current suicidal thoughts."),
        ("I considered it last winter. Not now.", "Considered suicide last winter, not now."),
    ],
)
def test_what_was_is_told_beside_what_is(answer: str, noted: str) -> None:
    assert stands(noted, "How was the week?", "Long.", "Any suicidal thoughts?", answer) == noted


def test_a_past_that_nobody_spoke_of_is_not_told() -> None:
    assert stands("Suicidal thoughts in 2009, none now.", "Any suicidal thoughts?", "No, never.") == ""


@pytest.mark.parametrize(
    ("noted", "said"),
    [
        (
            "First self-harm since June, after visit.",
            "I used the lighter after my mother's visit—first self-harm since June.",
        ),
        (
            "Suicidal ideation triggered by ex's engagement.",
            "The suicidal ideation was intense after my ex's engagement.",
        ),
    ],
)
def test_danger_is_told_of_whom_it_was(noted: str, said: str) -> None:
    assert stands(noted, "How was the month?", said) == noted


def test_a_finding_stands_without_the_danger_that_nobody_spoke_of() -> None:
    noted = "Client reports intrusive images of stairs, self-harm thoughts, and reassurance seeking."
    said = "Intrusive images of the stairs, and I ask for reassurance all day."

    assert stands(noted, "How was it?", said) == "Client reports intrusive images of stairs and reassurance seeking."


@pytest.mark.parametrize(
    "noted",
    [
        "Adolescent reported stomach cramps and tears.",
        "Swimmer presented with stomach cramps.",
        "Shame acknowledged; relief about tears.",
        "Stomach cramps on Sundays.",
        "Stomach cramps and tears (“They’ve replaced me”).",
    ],
)
def test_who_somebody_is_and_what_is_done_are_no_names(noted: str) -> None:
    assert stands(noted, "How was it?", "Stomach cramps and tears on Sunday. Shame, then relief. They’ve replaced me.")


@pytest.mark.parametrize("noted", ["Oliver reported stomach cramps.", "Peter presented with stomach cramps."])
def test_a_name_that_nobody_said_is_one_though_it_ends_like_a_trade(noted: str) -> None:
    assert stands(noted, "How was it?", "Stomach cramps and tears.") == ""


@pytest.mark.parametrize(
    ("spelled", "digits"),
    [
        ("fourteen thousand", "14000"),
        ("14,000", "14000"),
        ("eleven hundred", "1100"),
        ("nineteen thousand five hundred", "19500"),
        ("two hundred and five", "205"),
        ("ten thousand", "10000"),
    ],
)
def test_thousands_are_one_number(spelled: str, digits: str) -> None:
    assert numbers(f"lost {spelled} in a week") == [digits]


def test_a_hundred_that_was_said_may_be_noted_as_a_number() -> None:
    said = "Blame was at a hundred percent. Now ten percent, maybe."
    noted = "Self-blame reduced from 100 to 10 percent."

    assert stands(noted, "And the blame?", said) == noted


@pytest.mark.parametrize(
    ("said", "noted"),
    [
        ("It was eight on the way here. Now four.", "Guilt decreased 8 to 4."),
        ("Shame eight down to four.", "Bonding moment reduced shame from 8 to 4."),
        ("Ninety percent, then maybe fifty-five.", "Belief fell from 90 to 55 percent."),
    ],
)
def test_ratings_are_heard_as_they_are_spoken(said: str, noted: str) -> None:
    assert stands(noted, "Where is the guilt, the shame, the belief, the bonding moment?", said) == noted


TASKS = (
    "Homework: thunder audio with tea fifteen minutes daily, one weather app checked at 8:00 and 18:00, and laundry at"
    " the siren."
)


def test_homework_may_be_noted_word_for_word() -> None:
    watch = Watch([Turn(0, "therapist", TASKS)], "what comes next")

    assert not any(watch.word(word) for word in TASKS.split())
    assert watch.sentence(TASKS) is None


@pytest.mark.parametrize(("label", "speaker"), [("Affect:", "therapist"), ("Homework:", "client")])
def test_nothing_else_may(label: str, speaker: str) -> None:
    watch = Watch([Turn(0, speaker, TASKS)], "what comes next")

    assert "copying" in {watch.word(word) for word in f"{label} {TASKS.removeprefix('Homework: ')}".split()}


def test_a_list_of_homework_that_is_right_keeps_its_wording() -> None:
    noted = "Homework: thunder audio with tea fifteen minutes daily, app checks at 8:00 and 18:00, laundry at siren."

    assert stands(noted, "How was it?", "Loud.", "And the storm?", "It came.", TASKS, "All right.") == noted


@pytest.mark.parametrize(
    "noted",
    [
        "Homework: thunder audio with tea fifteen minutes daily, app checks at 9:00 and 18:00, laundry at siren.",
        "Homework: thunder audio with tea fifteen minutes daily, laundry at siren.",
        "Homework: no thunder audio with tea fifteen minutes daily, app checks at 8:00 and 18:00, laundry at siren.",
    ],
)
def test_one_that_is_not_does_not(noted: str) -> None:
    told = stands(noted, "How was it?", "Loud.", "And the storm?", "It came.", TASKS, "All right.")

    assert told.startswith("Homework: thunder audio with tea fifteen minutes daily, one weather app checked at 8:00")


LONG = (
    "Client presented with worry about work and sleep. Interventions: thought record, paced breathing, role-play, and"
    " safety planning. Insight into rules of childhood; relief. Denied suicidal thoughts. Homework: daily thought"
    " record. Plan: review record."
)


@pytest.mark.parametrize("room", range(20, 33))
def test_a_paragraph_that_is_too_long_keeps_its_beginning_danger_and_homework(room: int) -> None:
    told = shortened(LONG, room)

    assert len(told.split()) <= room
    assert told.startswith("Client presented with worry about work and sleep.")
    assert "Denied suicidal thoughts." in told
    assert "Homework: daily thought record." in told


def test_it_loses_no_more_than_it_must() -> None:
    assert shortened(LONG, 32) == LONG.replace("; relief", "")
    assert shortened(LONG, 31) == LONG.replace(" role-play, and", "")


def test_a_quotation_is_not_shortened() -> None:
    text = 'Client spoke of loss. Interventions: reframing of "I chose mercy, and it hurts", validation, breathing.'

    assert "mercy, it hurts" not in shortened(text, 14)


def test_most_words_of_true_paragraphs_stand() -> None:
    records = read_dataset(SESSIONS).records[::4]
    assert records
    kept = 0
    stored = after_checks(records, {(one.id, "summary"): one.summary for one in records})
    for one in records:
        before, after = one.summary.split(), strip_markers(stored[one.id, "summary"]).split()
        matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
        kept += sum(block.size for block in matcher.get_matching_blocks())

    assert kept >= 0.86 * sum(len(one.summary.split()) for one in records)


def test_the_summary_of_the_default_format_has_room_for_them() -> None:
    turns = parse_transcript("Therapist: How was it?\nClient: Loud.")

    assert plan_summary(load_format(), turns).words >= 70


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Any thoughts of suicide?", "Yes. I keep thinking everybody would be better off with me gone."),
        ("Any thoughts of suicide?", "Yeah, most nights. I have no energy now and nothing helps anymore."),
        ("Any thoughts of suicide?", "Still there, yes. I've told no one since the hospital."),
        ("Any thoughts of suicide?", "Yes, since Friday. I've never felt this low. No sleep since then either."),
        ("Any thoughts of suicide?", "I want to kill myself most evenings. My hope is gone."),
        ("Any thoughts of suicide?", "Yes, I am. I've eaten nothing today."),
        ("Any thoughts of suicide?", "I don't think about killing myself as often as I did, but still most nights."),
        ("Any thoughts of suicide?", "Every night lately. But none of it makes sense to me."),
        ("Any thoughts of suicide?", "Most days. None of them know, not my wife."),
        ("Any thoughts of suicide?", "It's on my mind most evenings. Do I tell my wife? No."),
        ("Any thoughts of suicide?", "It crosses my mind on the platform. Would I do it? No."),
        ("Any thoughts of suicide?", "Suicidal thoughts, never — until last month. Now it's every night."),
        ("How often do you think about suicide?", "Most days. In the car mainly."),
        ("Any thoughts of suicide?", "It comes every night around three. I do want to live, though."),
        ("Have you thought of how you would kill yourself?", "With the car. But I want to live."),
        ("Any thoughts of suicide?", "I have them most nights."),
        ("Have you thought about killing yourself?", "I have every day since she left."),
        ("Are the suicidal thoughts gone?", "I wish. No."),
        ("Any suicidal thoughts, and is there any support?", "Every night at the sink. Support, none. None."),
        ("Any thoughts of suicide?", "It's constant. I tell everyone no, nothing like that."),
        ("Any thoughts of suicide?", "All the time. My wife asked about it too. Nothing like that, I told her."),
        ("Any thoughts of suicide?", "Same as always. No plans, nothing like that."),
        ("Any thoughts of suicide?", "Thoughts, yes. Suicide, no."),
        ("Any thoughts of suicide?", "Wanting to be gone, yes. Suicide, no."),
    ],
)
@pytest.mark.parametrize("noted", ["Denied suicidal thoughts.", "Denied current suicidal ideation.", "SI resolved."])
def test_what_sounds_like_a_no_beside_a_yes_denies_nothing(question: str, answer: str, noted: str) -> None:
    assert stands(noted, "How was the week?", "Long.", question, answer) == ""


@pytest.mark.parametrize(
    ("noted", "question", "answer"),
    [
        ("Reports suicidal thoughts.", "How often do you have thoughts of suicide?", "Never, honestly."),
        ("History of suicide attempt.", "Any thoughts of suicide?", "No, nothing like that. He died in March."),
        ("History of suicidal ideation.", "Any thoughts of suicide?", "No. Not even in the past, not once."),
        ("Suicide attempt in 2009.", "Any thoughts of suicide?", "None now. I had suicidal thoughts in 2009."),
        ("Past suicide attempts: none.", "Any suicide attempts in the past?", "Yes, in 2016, with pills."),
        ("Reports suicidal ideation.", "How was May?", "I lost my best friend in May — suicide, nobody saw it coming."),
        ("Reports suicidal thoughts.", "How was it?", "I was with my sister — suicidal again, third time this year."),
        ("Reports suicidal thoughts.", "Any thoughts of suicide?", "Some days are better. I've just been busy."),
        ("Reports suicidal thoughts.", "Any thoughts of suicide?", "One moment, let me switch my phone off. No, none."),
        ("Sister overdosed in June.", "What happened?", "I took an overdose in June. My sister found me."),
        ("Mother is suicidal.", "Any thoughts of suicide?", "Sometimes, when my mother calls."),
        ("Reports suicidal thoughts.", "How is it at home?", "I'd feel safer if he was gone from the house."),
        ("Did not self-harm.", "Do you still have urges to cut yourself?", "Yes. Thursday night I gave in."),
        (
            "Did not self-harm.",
            "Any urges to cut yourself?",
            "Yes, Monday I wanted to cut myself and did. Tuesday I didn't.",
        ),
        ("Did not self-harm.", "And the urge to cut yourself?", "Every night. I gave in twice, I didn't fight it."),
        ("Brother's overdose processed.", "What happened?", "My brother drove me in after my overdose."),
        ("Processed mother's suicide.", "What happened?", "My mother died in May. Then I had thoughts of suicide."),
        (
            "Sister's suicide attempt discussed.",
            "And?",
            "My sister was the one who found me after the suicide attempt.",
        ),
        ("History of suicide attempt.", "How many times have you attempted suicide?", "Zero."),
        ("No current self-harm.", "Any cutting yourself?", "I cut myself yesterday. I was clean in March. Not now."),
        (
            "Suicidal thoughts last year, none now.",
            "Any thoughts of suicide?",
            "I had some last year and they're back. There's no one now I can tell.",
        ),
    ],
)
def test_no_danger_is_made_up_or_taken_from_somebody_else(noted: str, question: str, answer: str) -> None:
    assert stands(noted, question, answer) == ""


@pytest.mark.parametrize(
    "said",
    [
        "I rang the suicide prevention line on Saturday night.",
        "I swallowed all of them and it didn't kill me. I woke up furious.",
        "He says he won't kill me as long as I stay.",
        "The stepfather nearly killed me.",
        "I failed the suicide screen. I told them I have a plan.",
    ],
)
def test_no_turn_of_phrase_hides_a_danger(said: str) -> None:
    assert session_of((Turn(0, "therapist", "And then?"), Turn(1, "client", said))).mentions


@pytest.mark.parametrize(
    ("said", "noted"),
    [
        ("don't text your ex this week, and write the urges down", "text ex, write urges down"),
        ("write a letter to your father about it, but don't send it", "letter to father about it, send it"),
        ("stop checking the locks at night, and keep a tally of urges", "check locks at night, keep tally of urges"),
        ("practise box breathing every morning and log your mood", "box breathing every evening, log mood"),
        ("call your brother Monday and visit the gym Friday", "call brother Friday, visit gym Monday"),
        ("write a letter to your brother and call your sister twice", "write letter to sister, call brother twice"),
        (
            "sleep diary, ten minute walk after lunch, no phone in bed",
            "sleep diary, walk after lunch, no phone in bed, yoga",
        ),
    ],
)
def test_homework_that_was_turned_round_does_not_stand(said: str, noted: str) -> None:
    told = stands(
        f"Homework: {noted}.", "And?", "Loud.", "And the storm?", "It came.", f"Homework: {said}.", "All right."
    )

    assert told != f"Homework: {noted}."


def test_what_denies_a_danger_stays_beside_it() -> None:
    text = (
        "Client presented with grief. Passive suicidal thoughts most nights; no plan or intent; wife holds the tablets."
        " Relief at the end of the session. Plan: wife keeps the tablets; client calls on Tuesday."
    )

    assert shortened(text, 31) == text.replace(" Relief at the end of the session.", "")


def test_what_a_client_says_they_have_is_told_beside_another_danger() -> None:
    turns = parse_transcript(
        "Therapist: How was it?\nClient: I cut myself on Tuesday.\nTherapist: Any thoughts of suicide?"
        "\nClient: I have them most nights."
    )

    assert "I have them most nights." in fit_summary("Client cut self on Tuesday after a quarrel. Plan: review.", turns)
