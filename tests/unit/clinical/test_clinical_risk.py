"""Danger in a session: what, whose, denied or not."""

from __future__ import annotations

import pytest

from models.clinical.gates import holds
from models.clinical.risk import RiskMention, affirmed_categories, find_risk
from models.clinical.risk_rule import unspoken_risk
from models.clinical.session import session_of
from models.formats import Gate
from models.transcript import Turn, parse_transcript


def mentions(text: str) -> list[RiskMention]:
    return list(find_risk(parse_transcript(text)))


def said(text: str, speaker: str = "client") -> list[tuple[str, bool, str]]:
    return [(one.category, one.negated, one.about) for one in find_risk([Turn(0, speaker, text)])]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I want to kill myself.", [("suicide", False, "client")]),
        ("I don't want to kill myself.", [("suicide", True, "client")]),
        ("I'd rather be dead than go on.", [("suicide", False, "client")]),
        ("Sometimes I don't want to be here anymore.", [("suicide", False, "client")]),
        ("I cut myself again.", [("self_harm", False, "client")]),
        ("I've never hurt myself.", [("self_harm", True, "client")]),
        ("My brother killed himself.", [("suicide", False, "other")]),
        ("My best friend overdosed last year.", [("overdose", False, "other")]),
        ("He hit me on Sunday.", [("violence", False, "other")]),
        ("I can't believe he hit me.", [("violence", False, "other")]),
        ("I took an overdose when I was sixteen.", [("overdose", False, "client")]),
        ("My uncle abused me as a kid.", [("abuse", False, "other")]),
        ("I could strangle him.", [("harm_to_others", False, "client")]),
        ('He said, "I will kill you."', [("harm_to_others", False, "other")]),
        ("No self-harm for two months, but the urges come.", [("self_harm", False, "client")]),
        ("In March I took too many pills.", [("overdose", False, "client")]),
        ("He swallowed a whole bottle of sleeping pills.", [("overdose", False, "other")]),
        ("I took my pills and a walk.", []),
        ("He grabbed my arm and left a bruise.", [("violence", False, "other"), ("violence", False, "other")]),
        ("He threw a plate at the wall.", [("violence", False, "other")]),
        ("I keep imagining pushing my supervisor down the stairs.", [("harm_to_others", False, "client")]),
        ("I thought about not coming back.", [("suicide", False, "client")]),
        ("I thought about not coming back to the office.", []),
        ("I'm having death thoughts.", [("suicide", False, "client")]),
        ("Everybody would be lighter without me.", [("suicide", False, "client")]),
    ],
)
def test_a_mention_says_whose_danger_it_is_and_whether_it_is_denied(
    text: str, expected: list[tuple[str, bool, str]]
) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    "idiom",
    [
        "I was just killing time.",
        "My back is killing me.",
        "My mom is going to kill me when she sees the car.",
        "It wouldn't kill him to call.",
        "That would be career suicide.",
        "I'd kill for a coffee.",
        "We did suicide sprints at practice.",
        "The battery killed my phone call.",
        "I was bored to death.",
    ],
)
def test_an_idiom_is_no_mention(idiom: str) -> None:
    assert said(idiom) == []


@pytest.mark.parametrize(
    ("answer", "negated", "question"),
    [
        ("No.", True, False),
        ("No, never.", True, False),
        ("Not at all.", True, False),
        ("I don't, honestly.", True, False),
        ("Yes, on Monday.", False, False),
        ("Sometimes, at night.", False, False),
        ("Brief ones. No plan.", False, False),
        ("No, but I have thoughts of not waking up.", False, False),
        ("It's raining again.", False, True),
    ],
)
def test_a_question_takes_its_answer(answer: str, negated: bool, question: bool) -> None:
    asked = mentions(f"Therapist: Are you having any thoughts of suicide?\nClient: {answer}")[0]

    assert (asked.negated, asked.question, asked.speaker) == (negated, question, "therapist")


def test_a_denial_of_one_of_two_things_asked_is_not_a_denial_of_the_other() -> None:
    found = mentions("Therapist: Any suicidal thoughts or self-harm?\nClient: No self-harm. Brief thoughts, no plan.")

    assert {(one.category, one.negated) for one in found if one.speaker == "therapist"} == {
        ("suicide", False),
        ("self_harm", True),
    }


def test_a_question_that_only_points_back_takes_its_answer_too() -> None:
    asked = mentions("Therapist: Some people wish to be dead then. Have you?\nClient: No.")[0]

    assert (asked.negated, asked.about) == (True, "client")


def test_the_turn_and_the_words_are_named() -> None:
    assert mentions("Client: Hello.\nTherapist: Did you overdose?\nClient: Yes.")[0] == RiskMention(
        term="overdose", category="overdose", negated=False, speaker="therapist", turn=1, answered=True
    )


@pytest.mark.parametrize(
    ("gate", "text", "open_gate"),
    [
        (Gate.RISK, "I pulled the weeds.", False),
        (Gate.RISK, "Do you ever think of suicide?", True),
        (Gate.RISK, "Ich denke an Selbstmord.", True),
        (Gate.RISK, "À cause de lui j'ai voulu en finir.", True),
        (Gate.RISK, "Si, hi, hola.", False),
        (Gate.PLAN, "For homework, write it down.", True),
        (Gate.PLAN, "See you next Tuesday.", True),
        (Gate.PLAN, "La próxima semana hablamos.", True),
        (Gate.PLAN, "I went to the lake.", False),
        (Gate.PLAN, "We'll speak by phone tomorrow and meet Thursday with your sister.", True),
        (Gate.PLAN, "They'll take you to the emergency department, and I'll be there at nine.", True),
        (Gate.PLAN, "I'm calling you tomorrow, and your psychiatrist sees you Wednesday.", True),
        (Gate.PLAN, "Three weeks, then. The fourteenth, usual hour.", True),
        (Gate.PLAN, "Shall we space out, once a month until the summer?", True),
        (Gate.PLAN, "One ugly page by Thursday.", True),
        (Gate.PLAN, "I'd like to see you twice a week.", True),
        (Gate.PLAN, "I'd like us to call the crisis team together now.", True),
        (Gate.PLAN, "Dann sehen wir uns am Dienstag um neun.", True),
        (Gate.PLAN, "Esta semana puede repetirlo dos veces.", True),
        (Gate.PLAN, "Practique la respiración.", True),
        (Gate.PLAN, "We met on Thursday and it was fine.", False),
        (Gate.MENTAL_STATUS, "You keep eye contact today.", True),
        (Gate.MENTAL_STATUS, "I like soup.", False),
        (Gate.DIAGNOSIS, "It fits PTSD.", True),
        (Gate.DIAGNOSIS, "I feel sad.", False),
        (Gate.NONE, "", True),
    ],
)
def test_a_gate_opens_when_its_subject_is_spoken_of(gate: Gate, text: str, open_gate: bool) -> None:
    assert holds(gate, [Turn(0, "client", text)]) is open_gate


@pytest.mark.parametrize(
    ("text", "of_another"),
    [
        ("My sister was abused as a child.", True),
        ("I know that my brother got beaten at school, he was abused.", True),
        ("My father abused my little sister.", True),
        ("I was abused as a child.", False),
        ("My sister and I were abused.", False),
        ("My uncle abused me as a kid.", False),
        ("He abused my mother and me.", False),
        ("My father was abusive.", False),
    ],
)
def test_a_mention_says_whether_somebody_else_suffered_it(text: str, of_another: bool) -> None:
    found = [m for m in find_risk(parse_transcript(f"Client: {text}")) if m.category == "abuse"]

    assert [mention.done_to_other for mention in found] == [of_another]


@pytest.mark.parametrize(
    ("answer", "negated"),
    [
        ("No. I did have an urge to drink on Friday, but I drank water.", True),
        ("No, but I had thoughts of wine all weekend.", True),
        ("No. I did have an urge on Friday.", False),
        ("No, but the urges come.", False),
        ("Low by evening. No thoughts of harm.", True),
        ("Low by evening. No thoughts this week, but the urges come.", False),
    ],
)
def test_an_urge_to_something_else_is_no_yes_to_a_question_about_danger(answer: str, negated: bool) -> None:
    found = mentions(f"Therapist: Any thoughts of suicide?\nClient: {answer}")

    assert [one.negated for one in found] == [negated]


@pytest.mark.parametrize(
    "answer",
    ["I don't know. Can we stop now?", "I don't want to talk about it.", "No idea.", "No sé.", "Not really sure."],
)
def test_an_answer_that_leaves_it_open_denies_nothing(answer: str) -> None:
    asked = mentions(f"Therapist: Do you have thoughts of killing yourself?\nClient: {answer}")[0]

    assert (asked.negated, asked.question) == (False, True)


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ("Therapeutin Klientin", "Ich habe mich am Mittwoch geritzt."),
        ("Terapeuta Paciente", "Quería cortarme."),
        ("Psychologue Patiente", "Je pense au suicide."),
    ],
)
def test_a_client_is_known_by_the_name_of_the_role_in_another_language(names: str, text: str) -> None:
    asks, tells = names.split()
    found = mentions(f"{asks}: Suizid?\n{tells}: {text}")

    assert [one.speaker for one in found] == ["therapist", "client"]
    assert affirmed_categories(found)


@pytest.mark.parametrize(
    ("answer", "sentence", "stands"),
    [
        ("Once, on Monday, but I called a friend.", "Client reported self-harm after the quarrel.", False),
        ("Once, on Monday, but I called a friend.", "Client reported an urge to self-harm.", True),
        ("Yes, and I cut myself on Monday.", "Client reported self-harm on Monday.", True),
    ],
)
def test_an_urge_to_self_harm_is_not_noted_as_self_harm(answer: str, sentence: str, stands: bool) -> None:
    turns = parse_transcript(f"Therapist: Any urges for self-harm after the quarrel?\nClient: {answer}")

    assert (unspoken_risk(sentence, session_of(turns)) is None) is stands


@pytest.mark.parametrize(
    "said",
    [
        "I was cutting again.",
        "I started cutting my arms last year.",
        "I was cutting the inside of my arm.",
        "I was cutting out of anger.",
        "I was cutting down my thighs.",
        "I was cutting up my arms.",
        "I was cutting with the vegetable knife.",
        "I was cutting it open.",
        "I was cutting down the inside of my arm.",
        "I've been cutting for hours.",
        "I started cutting again hours after she left.",
        "I was cutting out pieces of my skin.",
        "I started cutting back on my hips.",
        "I was cutting out on the balcony.",
        "I punch my legs until they are blue.",
        "I hit my head against the wall until it bleeds.",
        "I hurt my arms on purpose.",
        "I slit my wrists when I was sixteen.",
        "I burned my arm on the oven on purpose.",
        "I am going to shoot my work supervisor.",
        "I want to hurt my business partner.",
        "I will punch his teeth in.",
        "I want to kill the noise for good.",
        "I have thoughts of not wanting to be here.",
        "I keep thinking about not wanting to wake up.",
    ],
)
def test_what_a_client_tells_of_themselves_is_danger(said: str) -> None:
    assert find_risk([Turn(0, "client", said)])


@pytest.mark.parametrize(
    "said",
    [
        "I sat on a stool while I was cutting the vegetables.",
        "I've been cutting down on cigarettes.",
        "I've been cutting back.",
        "I stopped cutting out sugar.",
        "She was cutting an onion.",
        "I was cutting the wedding cake.",
        "I've been cutting class.",
        "I am cutting him off.",
        "I had urges to cut my hair.",
    ],
)
def test_cutting_something_else_is_no_danger(said: str) -> None:
    assert not find_risk([Turn(0, "client", said)])


@pytest.mark.parametrize(
    "said",
    [
        "I breathe to kill the panic.",
        "Shame kills my appetite.",
        "It won't kill you to wait.",
        "The sedation until eleven hurts my mornings.",
        "I hurt my back lifting boxes.",
        "End of life care for my grandma was good.",
        "The cat scratched my arm.",
        "I have thoughts of not wanting to be around my family.",
    ],
)
def test_what_is_killed_or_hurt_may_be_no_person(said: str) -> None:
    assert not find_risk([Turn(0, "client", said)])


@pytest.mark.parametrize(
    ("said", "category"),
    [
        ("Any thoughts of ending life?", "suicide"),
        ("I cut my wrists last night.", "self_harm"),
        ("I scratched my arm with a compass.", "self_harm"),
        ("I burned my forearm with a cigarette.", "self_harm"),
        ("I wanted to hurt my son.", "harm_to_others"),
        ("I want to kill my boss.", "harm_to_others"),
    ],
)
def test_danger_is_known_by_what_is_done_to_whom(said: str, category: str) -> None:
    assert category in {mention.category for mention in find_risk([Turn(0, "client", said)])}


@pytest.mark.parametrize("said", ["I burned my arm on the oven.", "I cut my leg shaving.", "My legs burn when I run."])
def test_an_accident_is_no_self_harm(said: str) -> None:
    assert not find_risk([Turn(0, "client", said)])


@pytest.mark.parametrize(
    ("answer", "denied"),
    [
        ("Neither. Just heavy.", True),
        ("Neither of those.", True),
        ("Neither, about the same. They are there all day.", False),
        ("Neither is new.", False),
    ],
)
def test_neither_denies_when_nothing_comes_after_it(answer: str, denied: bool) -> None:
    turns = parse_transcript(f"Therapist: Any thoughts of suicide?\nClient: {answer}")

    assert any(mention.negated for mention in find_risk(turns)) is denied


def test_of_a_sentence_without_an_end_the_first_and_the_last_words_of_danger_are_read() -> None:
    turns = parse_transcript("Therapist: How was it?\nClient: " + "I thought of suicide, " * 500 + "and no self-harm.")

    found = find_risk(turns)

    assert len(found) == 24
    assert (found[0].category, found[-1].category) == ("suicide", "self_harm")
