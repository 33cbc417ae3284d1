"""What the rules leave of a sentence that says more than the session: the part that was said."""

from __future__ import annotations

import pytest

from models.clinical.grounding import check_section
from models.clinical.markers import strip_markers
from models.formats import Gate
from models.transcript import parse_transcript

TURNS = parse_transcript(
    """Therapist: How is the generalized anxiety? Any depressive symptoms or suicidal ideation?
Client: Low mood and no energy, but no suicidal thoughts or self-harm urges. I worry and I cried on Sunday.
Therapist: Any panic?
Client: Mild worry, no panic. It fell from 8 to 4. I saw my sister last weekend, and I removed the razors.
Therapist: For next week’s talk with her, we will write a script. We will keep the walks.
Client: Fine. I did the walks and I slept."""
)


def left(sentence: str) -> str:
    return (
        check_section(sentence, TURNS)
        .text.replace("{{RED:suicidal}}", "suicidal")
        .replace("{{RED:self-harm}}", "self-harm")
    )


@pytest.mark.parametrize(
    "sentence",
    [
        "Patient denies suicidal thoughts and self-harm urges.",
        "Patient denies panic.",
        "Anxiety fell from 8 to 4.",
        "Saw the sister last weekend.",
        "Will write a script for next week's talk.",
        "Client with GAD reports worry.",
        "Affect tearful.",
        "Low mood; means restriction discussed.",
    ],
)
def test_what_was_said_in_other_words_stays(sentence: str) -> None:
    assert left(sentence) == sentence


@pytest.mark.parametrize(
    ("sentence", "rest"),
    [
        ("Affect anxious but guarded.", "Affect anxious."),
        ("Affect anxious, cooperative and tearful; did the walks.", "Affect anxious and tearful; did the walks."),
        ("Client with MDD reports low mood and worry.", "Client reports low mood and worry."),
        ("Client with major depression (MDD) reports low mood.", "Client reports low mood."),
        ("Client with post-accident PTSD reports low mood and worry.", "Client reports low mood and worry."),
        ("Client with MDD reported manic energy, low mood, and worry.", "Client reported low mood and worry."),
        ("Client presented with MDD, with low mood, and worry.", "Client presented with low mood and worry."),
        ("Client with worry did the walks with MDD, and slept.", "Client with worry did the walks and slept."),
        ("Client reports mania, which she hides, and worry.", "None discussed."),
        ("Client with MDD, low mood, and worry.", "None discussed."),
        (
            "Client with worry reported PTSD flashbacks, low mood, and no energy.",
            "Client with worry reported low mood and no energy.",
        ),
        ("Interventions: script, work on PTSD, walks.", "Interventions: script, walks."),
        ("Interventions: script, work on PTSD, and walks.", "Interventions: script and walks."),
        ("Interventions: script, work on PTSD, walks, and sleep.", "Interventions: script, walks, and sleep."),
        ("Low mood with low energy, psychomotor slowing, and worry.", "Low mood with low energy and worry."),
        ("No suicidal thoughts—low acute risk.", "No suicidal thoughts."),
        ("Denies SI/HI; did the walks.", "Denies SI; did the walks."),
        ("Worry consistent with bipolar disorder.", "None discussed."),
        ("No suicidal thoughts; risk low.", "No suicidal thoughts."),
        (
            "Homework: write a script for the talk, 40 push-ups, keep the walks.",
            "Homework: write a script for the talk, keep the walks.",
        ),
        ("Plan: keep the walks and monitor homicidal ideation.", "Plan: keep the walks."),
        (
            "Homework: keep the walks (sister and Sunday), call Jonathan.",
            "Homework: keep the walks (sister and Sunday).",
        ),
        ("Homework: 40 push-ups, call Jonathan.", "None discussed."),
    ],
)
def test_only_what_was_not_said_goes(sentence: str, rest: str) -> None:
    assert left(sentence) == rest


def test_nothing_is_cut_out_of_brackets() -> None:
    assert left("Low mood (worry, psychomotor slowing) on Sunday.") in ("None discussed.", "Low mood on Sunday.")


PARTLY = parse_transcript(
    """Therapist: Any self-harm urges or suicidal ideation?
Client: Passive thoughts like “What’s the point?” No intent or plan. I used ice instead.
Therapist: And self-harm itself?
Client: No self-harm for two months, but urges come in conflicts."""
)


@pytest.mark.parametrize(
    "text",
    [
        "Passive thoughts of what's the point, no suicidal intent or plan. Urges come in conflicts.",
        "Patient denies self-harm for two months, with urges in conflicts. Passive thoughts, no intent or plan.",
    ],
)
def test_a_danger_that_is_noted_in_the_words_of_the_client_is_not_quoted_again(text: str) -> None:
    found = check_section(text, PARTLY, Gate.RISK, words=45).text

    assert found.replace("{{RED:suicidal}}", "suicidal").replace("{{RED:self-harm}}", "self-harm") == text


@pytest.mark.parametrize("text", ["Patient denies suicidal ideation.", "Patient used ice instead."])
def test_a_danger_that_is_denied_or_passed_over_is_quoted(text: str) -> None:
    assert "What’s the point?" in check_section(text, PARTLY, Gate.RISK, words=45).text


TASKS = parse_transcript(
    """Therapist: What went through your mind?
Client: That I will fail the class, and that my father will be ashamed.
Therapist: Please do the breathing twice a day, and keep a sleep diary until next Tuesday.
Client: I can do that."""
)


@pytest.mark.parametrize(
    "task",
    [
        "Homework: breathing twice a day and a sleep diary.",
        "Patient will keep a sleep diary.",
        "Patient agreed to do the breathing twice a day.",
    ],
)
def test_a_task_that_was_agreed_stays(task: str) -> None:
    assert check_section(task, TASKS).text == task


@pytest.mark.parametrize(
    "task",
    [
        "Homework: attend a yoga class.",
        "Homework: exposure to elevators.",
        "Patient agreed to complete a thought record.",
        "Patient agreed to limit caffeine.",
        "Patient will practice progressive muscle relaxation.",
    ],
)
def test_a_task_that_nobody_gave_goes(task: str) -> None:
    assert check_section(task, TASKS).removed == ("plan",)


SCARE = parse_transcript(
    """Therapist: You said the scare was not mania.
Client: Right. My psychiatrist says it was stress, not bipolar disorder. I take lithium for my cluster headache."""
)


def test_a_diagnosis_that_was_ruled_out_is_no_finding() -> None:
    assert "bipolar" not in check_section("Client with bipolar disorder reports stress.", SCARE).text
    assert check_section("Psychiatrist ruled out bipolar disorder.", SCARE).removed == ()


@pytest.mark.parametrize(
    "talk",
    [
        "Therapist: Is it true you never told anyone about the PTSD?\nClient: No, nobody knows. The stress is bad.",
        "Therapist: Do you think you have PTSD?\nClient: No, but my doctor says so because of the stress.",
    ],
)
def test_a_no_to_another_question_rules_no_diagnosis_out(talk: str) -> None:
    assert check_section("Client with PTSD reports stress.", parse_transcript(talk)).removed == ()


def test_a_disorder_may_be_noted_that_was_named_without_the_word() -> None:
    turns = parse_transcript("Therapist: How is the medication for bipolar II?\nClient: The lamotrigine helps.")

    assert check_section("Client with bipolar II disorder takes lamotrigine.", turns).removed == ()


@pytest.mark.parametrize("second", ["suicidal thoughts", "grief"])
def test_what_became_less_is_not_joined_with_what_did_not(second: str) -> None:
    turns = parse_transcript(
        f"Therapist: And?\nClient: There are fewer nightmares now. But I have {second} each night."
    )

    told = strip_markers(check_section(f"Client reports fewer nightmares, hallucinations, and {second}.", turns).text)

    assert told == f"Client reports fewer nightmares, and {second}."
