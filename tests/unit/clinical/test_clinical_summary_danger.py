"""What the paragraph beside the sections tells of danger when the model wrote nothing of it."""

from __future__ import annotations

import pytest

from models.clinical.grounding import check_section
from models.clinical.markers import strip_markers
from models.clinical.sentences import word_count
from models.clinical.summary import fit_summary
from models.formats import Gate
from models.transcript import Turn, parse_transcript

FOUND = "Client reports conflict with her partner and fear of being left. Interventions: pause plan, DEAR MAN script."
COMING = "Homework: practice DEAR MAN once, 30-minute pause rule. Plan: continue skills training and review the log."


def summary(talk: str, text: str = f"{FOUND} {COMING}") -> str:
    turns = parse_transcript(talk)
    fitted = fit_summary(text, turns)
    assert word_count(fitted) <= 70
    assert fit_summary(fitted, turns) == fitted
    return strip_markers(fitted)


def asked(question: str, answer: str) -> str:
    return f"Therapist: How was the week?\nClient: I waited for his text.\nTherapist: {question}\nClient: {answer}"


def test_what_was_affirmed_stands_before_homework_and_plan() -> None:
    told = summary(asked("Any suicidal ideation?", "Fleeting, no intent."))

    assert told == f'{FOUND} Suicidal ideation: "Fleeting, no intent." {COMING}'


def test_an_answer_that_tells_enough_comes_without_its_question() -> None:
    told = summary(asked("Any urges?", "I had an urge to kill myself on Monday and called my sister. She came over."))

    assert 'Patient said: "I had an urge to kill myself on Monday and called my sister." Homework' in told


def test_homework_and_plan_stay_where_quotes_need_the_room() -> None:
    middle = (
        "Affect anxious and ashamed of the quarrel and of the two long messages of last Monday night; "
        "insight into old beliefs. "
        "Client fears to be left again and again by everybody whom she loves."
    )

    told = summary(asked("Any suicidal ideation?", "Fleeting, no intent."), f"{FOUND} {middle} {COMING}")

    assert told.startswith(FOUND)
    assert "left again" not in told
    assert told.endswith(COMING)


def test_a_thought_record_is_no_word_of_suicide() -> None:
    talk = asked("Any suicidal ideation?", "Fleeting, no intent.") + "\nTherapist: Keep the thought record."

    assert "Fleeting, no intent." in summary(talk, f"{FOUND} Homework: complete the thought record.")


def test_suicide_is_told_beside_what_is_told_of_self_harm() -> None:
    talk = asked("Any suicidal ideation?", "Fleeting, no intent.") + "\nClient: The urge to self-harm was there too."

    assert "Fleeting, no intent." in summary(talk, f"{FOUND} Client had an urge to self-harm. {COMING}")


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Any self-harm?", "No."),
        ("Any self-harm or suicidal ideation?", "No. I walked and I slept."),
        ("Have you ever attempted suicide?", "No, never."),
        ("Any plan to end your life?", "No."),
        ("Any suicidal ideation?", "No intent or plan."),
        ("Are you suicidal?", "It was a long week."),
        ("Have the suicidal thoughts stopped?", "No."),
        ("Did the suicidal thoughts get better with the medication?", "No."),
        ("Do you feel safe from suicidal urges?", "No."),
        ("Can you promise me not to kill yourself?", "No."),
        ("Is the suicidal ideation new?", "No, it has been there for years."),
        ("Were the suicidal thoughts worse this week?", "No, about the same."),
        ("Does your wife think you are suicidal?", "No."),
        ("Are you hiding suicidal thoughts from me?", "No."),
        ("Did you act on the suicidal thoughts?", "No."),
        ("Any suicidal ideation this week?", "No, not this week. Last month I did."),
        ("Any new suicidal thoughts?", "No, the old ones."),
        ("Are you suicidal? And how did you sleep?", "No, not well."),
        ("Did you self-harm?", "No. Just the urges."),
    ],
)
def test_an_answer_about_danger_is_told_in_its_own_words_and_never_as_a_denial(question: str, answer: str) -> None:
    told = summary(asked(question, answer))

    assert "Denied" not in told
    assert f'"{answer}"' in told
    assert question.split("?")[0].removeprefix("Any ").lower() in told.lower()


def test_an_answer_that_names_all_that_was_asked_for_stands_alone() -> None:
    assert "Therapist asked" not in summary(asked("Any suicidal ideation?", "No SI, just tired."))
    assert 'Patient said: "No SI, just tired."' in summary(asked("Any suicidal ideation?", "No SI, just tired."))
    assert 'SI or self-harm: "No SI, just tired."' in summary(asked("Any SI or self-harm?", "No SI, just tired."))


@pytest.mark.parametrize(
    ("question", "label"),
    [
        ("Any suicidal ideation this week?", "Suicidal ideation this week"),
        ("Safety check—any self-harm or suicidal ideation?", "Self-harm or suicidal ideation"),
        ("Are there any suicidal thoughts?", "Suicidal thoughts"),
        ("And any new suicidal thoughts?", "New suicidal thoughts"),
        ("Suicidal thoughts or self-harm since Monday?", "Suicidal thoughts or self-harm since Monday"),
    ],
)
def test_a_question_that_names_a_danger_and_nothing_else_is_the_label_of_its_answer(question: str, label: str) -> None:
    told = summary(asked(question, "No, nothing like that."))

    assert told == f'{FOUND} {label}: "No, nothing like that." {COMING}'


@pytest.mark.parametrize(
    "question",
    [
        "Any thoughts of hurting yourself?",
        "The winter of 2015, before the hospital – any suicidal thoughts?",
        "Were there any suicidal thoughts?",
        "Have there been any suicidal thoughts?",
        "Apart from the attempt on Sunday — any suicidal thoughts?",
        "Any more suicidal thoughts?",
        "Any suicidal thoughts, Tom?",
        "Any family history of suicide?",
        "Any suicidal thoughts that you acted on?",
        "Any thoughts of suicide since she left?",
        "Any week without suicidal thoughts?",
        "Have the suicidal thoughts stopped?",
        "Any chance suicide is on his mind?",
        "No suicidal thoughts, then?",
        "Hours of suicidal thoughts at night, with the phone in hand, and nobody there at all?",
    ],
)
def test_a_question_that_asks_more_than_that_stands_with_its_answer(question: str) -> None:
    told = summary(asked(question, "Not once, all week."))

    assert f'asked: "{question}" Patient said: "Not once, all week."' in told


@pytest.mark.parametrize(
    "said",
    [
        "There is no day without suicidal thoughts.",
        "I can't go a day without wanting to kill myself.",
        "I can't control the suicidal thoughts.",
        "I don't talk about my suicidal thoughts.",
        "I told them I'm not suicidal so they would let me go.",
        "I said to the nurse that I am not suicidal, but that was a lie.",
        "My doctor said I am not suicidal.",
    ],
)
def test_a_negation_that_does_not_deny_is_told_in_the_words_of_the_client(said: str) -> None:
    told = summary(asked("How was it after that?", said))

    assert "Denied" not in told
    assert said.rstrip(".") in told


def test_a_denial_that_is_taken_back_is_not_told_without_that() -> None:
    told = summary(
        asked("Any suicidal thoughts?", "No.") + "\nTherapist: None at all?\nClient: Well, sometimes at night."
    )

    assert "Denied" not in told
    assert "Well, sometimes at night." in told


def test_an_answer_that_comes_later_is_told_with_its_question() -> None:
    talk = asked("Any suicidal ideation?", "What do you mean?")
    told = summary(f"{talk}\nTherapist: Thoughts of ending your life.\nClient: No, never.")

    assert "Denied" not in told
    assert "No, never." in told


def test_what_was_affirmed_last_is_told_before_what_was_denied_first() -> None:
    asked_often = "".join(f"Therapist: On day {n}, any thoughts of suicide?\nClient: No.\n" for n in range(6))
    told = summary(f"{asked_often}Therapist: And on Sunday?\nClient: On Sunday I planned my suicide in every detail.")

    assert 'Patient said: "On Sunday I planned my suicide in every detail."' in told
    assert '"No."' not in told


def test_a_danger_at_the_end_of_a_long_sentence_is_told() -> None:
    told = summary(
        "Therapist: How are you?\nClient: The thing is that this has been a long and terrible week with the manager"
        " and the reports and my mother calling every evening, and so on Thursday night I wanted to end my life."
    )

    assert 'on Thursday night I wanted to end my life."' in told


def test_a_yes_after_many_sentences_is_told() -> None:
    told = summary(
        asked(
            "Any thoughts of suicide?",
            "It was a hard week. My mother called. She asked about food. And yes, on Thursday I thought of suicide.",
        )
    )

    assert "on Thursday I thought of suicide" in told


def test_the_clients_answer_is_told_beside_another_persons() -> None:
    told = summary(
        "Therapist: Any thoughts of suicide?\nMother: No, she would never.\nClient: Sometimes I do, at night."
    )

    assert "Sometimes I do, at night." in told


@pytest.mark.parametrize("said", ["I want to kill my husband tonight.", "I want to kill my boss."])
def test_harm_to_others_is_told(said: str) -> None:
    assert said in summary(asked("How angry are you?", said))


@pytest.mark.parametrize(
    "noted",
    [
        "Denied suicide attempts.",
        "Client's brother died by suicide.",
        "Plan: safety plan for suicidal crises.",
        "Racing thoughts at night about work.",
        "Client wishes for quiet evenings.",
        "Client was passive at work.",
    ],
)
def test_what_is_noted_of_something_else_does_not_tell_of_the_clients_danger(noted: str) -> None:
    talk = "\nTherapist: And your brother's suicide?\nClient: My thoughts race at night about work, I am passive."
    told = summary(asked("Any thoughts of suicide?", "Yes, every night.") + talk, f"{FOUND} {noted}")

    assert "Yes, every night." in told


@pytest.mark.parametrize(
    "said",
    [
        "I did not relapse and got through the week without hurting myself.",
        "I could not sleep, and still made it without cutting myself.",
        "It was not easy, but a whole week without hurting myself.",
    ],
)
def test_a_week_without_it_is_a_denial(said: str) -> None:
    turns = parse_transcript(asked("How was the week?", said))

    assert check_section("Client denied self-harm.", turns, Gate.RISK, words=45).removed == ()


def test_what_another_person_in_the_room_denies_is_not_the_clients_denial() -> None:
    assert "enied" not in summary("Therapist: How are you?\nMother: I'm not suicidal, I'm only exhausted.")


def test_words_of_danger_stay_when_room_is_made_for_more() -> None:
    danger = "Client had thoughts of stabbing her partner with a knife."
    talk = asked("Any suicidal ideation?", "Yes, I want to kill myself, every night when he sleeps beside me.")
    talk += "\nClient: I thought of stabbing my partner with a knife."

    assert danger in summary(talk, f"{FOUND} She sleeps and eats little since the quarrel of Sunday. {danger} {COMING}")


def test_a_denial_in_another_language_is_told_in_its_own_words() -> None:
    told = summary(
        "Therapist: Wie war die Woche?\nClient: Ich habe auf seine Nachricht gewartet.\n"
        "Therapist: Haben Sie Suizidgedanken?\nClient: Nein, gar nicht."
    )

    assert 'Therapist asked: "Haben Sie Suizidgedanken?" Patient said: "Nein, gar nicht."' in told


@pytest.mark.parametrize(
    "talk",
    [
        asked("How did you sleep?", "No better than before."),
        asked("My brother died by suicide, you said?", "He did."),
        "Therapist: Any suicidal ideation?",
    ],
)
def test_nothing_is_denied_that_the_client_did_not_deny(talk: str) -> None:
    assert "enied" not in summary(talk)


def test_a_paragraph_that_speaks_of_it_is_left_alone() -> None:
    text = f"{FOUND} No SI. {COMING}"

    assert summary(asked("Any suicidal ideation?", "No."), text) == text


def test_a_denial_takes_the_room_of_what_was_found_last() -> None:
    turns = parse_transcript(asked("Any suicidal ideation?", "No."))
    full = " ".join(
        [*["Client spoke of work and of the house again today."] * 6, "And once more of the rest of it all."]
    )
    told = strip_markers(fit_summary(full, turns))

    assert told.endswith('Suicidal ideation: "No."')
    assert word_count(told) <= 70


def test_the_words_of_somebody_who_is_not_known_to_be_the_therapist_count() -> None:
    turns = (Turn(0, "unknown", "I do not want to live any more, every night."), Turn(1, "unknown", "I hear you."))

    assert "I do not want to live any more" in fit_summary(f"{FOUND} {COMING}", turns)


@pytest.mark.parametrize(
    "noted",
    ["abandonment-related urges", "intrusive thoughts of failing", "urges to leave the store", "urges to text him"],
)
def test_urges_and_thoughts_of_another_kind_tell_nothing_of_danger(noted: str) -> None:
    answer = "I had urges to cut my arm but used ice instead."

    told = summary(asked("Any self-harm urges?", answer), f"Client reports {noted}. Interventions: ice. {COMING}")

    assert "urges to cut my arm" in told


def test_an_answer_about_what_was_asked_comes_with_the_question() -> None:
    told = summary(
        asked("Any thoughts of suicide?", "I had fleeting thoughts of escape on Monday. I used the plan. It passed.")
    )

    assert 'Thoughts of suicide: "I had fleeting thoughts of escape' in told


def test_a_list_is_cut_before_it_goes_for_want_of_room() -> None:
    many = ", ".join(
        f"{name} exercise for the evening at home" for name in ("breathing", "grounding", "imagery", "walking")
    )
    told = summary(
        asked("Any suicidal ideation?", "Fleeting, no intent, and I called my sister about it."),
        f"Client reports conflict with her partner and fear of being left. Interventions: {many}, and safety plan. "
        "Homework: practice DEAR MAN once, 30-minute pause rule, and an urge log with ratings for every evening.",
    )

    assert "Interventions: breathing exercise for the evening at home, grounding exercise" in told
    assert "walking" not in told
    assert "an urge log with ratings" in told


def test_what_limits_a_danger_stands_beside_it() -> None:
    talk = asked("Any self-harm urges?", "Urges on Monday. I used the safety plan and did not act. Then I slept well.")

    told = summary(talk, f"{FOUND} Client had self-harm urges. {COMING}")

    assert 'Patient said: "I used the safety plan and did not act." Homework' in told


@pytest.mark.parametrize(
    "noted",
    ["Self-harm urges without plan or intent.", "Self-harm urges, not acted on.", "Self-harm urges; used ice instead."],
)
def test_a_limit_that_the_note_tells_is_not_told_again(noted: str) -> None:
    text = f"{FOUND} {noted} {COMING}"

    assert summary(asked("Any self-harm urges?", "Urges on Monday. I did not act."), text) == text


def test_a_limit_is_not_told_of_a_danger_that_the_note_does_not_name() -> None:
    told = summary(asked("Any self-harm urges?", "Urges on Monday. No plan."))

    assert 'Self-harm urges: "Urges on Monday. No plan."' in told
    assert told.count("No plan") == 1


def test_thoughts_that_were_worked_on_tell_nothing_of_danger() -> None:
    worked_on = "Interventions: cognitive restructuring of thoughts that I had my turn, values clarification."

    told = summary(
        asked("Any thoughts that life is not worth living?", "Sometimes I think that I had my turn. No plan."),
        f"Client reports little sleep. {worked_on} {COMING}",
    )

    assert 'Patient said: "Sometimes I think that I had my turn. No plan."' in told


@pytest.mark.parametrize(
    "answer",
    [
        "Yes, self-harm on Monday. I had no plan then. I have one now.",
        "Yes, self-harm on Monday. No plan. I lied, I do have one.",
        "Yes, self-harm on Monday. My brother did it too, and he had no plan.",
        "Yes, self-harm on Monday. I have no plans for the weekend either.",
        "Yes, self-harm on Monday. I never acted on my promise to lock up the gun.",
        "Yes, self-harm on Monday. I have no intention of telling you how.",
        "Yes, self-harm on Monday. About my ex, no plans to hurt her.",
    ],
)
def test_what_limits_nothing_or_was_taken_back_is_not_told(answer: str) -> None:
    text = f"{FOUND} Client reported self-harm. {COMING}"

    assert summary(asked("Any self-harm?", answer), text) == text


def test_the_same_no_to_another_question_stands_with_that_question() -> None:
    talk = asked("Do you have thoughts of suicide?", "No.") + "\nTherapist: Did you hurt yourself?\nClient: No."

    told = summary(talk)

    assert told.count('Patient said: "No."') == 2
