"""A true telling of danger stays in a note, and what was denied of it is not affirmed."""

from __future__ import annotations

import pytest

from models.clinical.grounding import check_section
from models.clinical.markers import strip_markers
from models.clinical.risk_quotes import risk_quotes
from models.clinical.risk_rule import unspoken_risk
from models.clinical.session import session_of
from models.formats import Gate
from models.transcript import Turn, parse_transcript

CUTS = """Therapist: How was the week with the urges?
Client: I did it on Tuesday with the razor. Twice, on my thigh. I hadn't for six weeks.
Therapist: What happened before it?
Client: My dad called me useless.
Therapist: Did you want to die?
Client: No, I wanted it to stop, the noise."""
GARAGE = """Therapist: You mentioned on the phone it's been worse.
Client: Since the layoff I think about jumping from the parking garage at work. Every night.
Therapist: What stopped you?
Client: My daughter called.
Therapist: Do you intend to act on it?
Client: I don't know. Not today."""
ACCIDENT = """Therapist: You said you took too many oxys in March. Was that on purpose?
Client: No, that was an accident. I overdosed, they gave me Narcan."""
ANGER = """Therapist: And your brother?
Client: I get so angry at him, I could kill him. But I don't mean that."""


def stored(text: str, talk: str) -> str:
    return strip_markers(check_section(text, parse_transcript(talk), Gate.RISK, words=45).text)


@pytest.mark.parametrize(
    ("sentence", "talk"),
    [
        ("Self-harm on Tuesday, twice on the thigh with a razor, after six weeks without.", CUTS),
        ("Suicidal ideation with a plan to jump from the parking garage at work.", GARAGE),
    ],
)
def test_a_danger_that_the_turns_support_stays_in_the_notes_words(sentence: str, talk: str) -> None:
    assert stored(sentence, talk) == sentence


@pytest.mark.parametrize(
    ("sentence", "talk"),
    [
        ("Suicide attempt by overdose in March.", ACCIDENT),
        ("Suicidal ideation since the father called the client useless.", CUTS),
        ("Homicidal ideation since the father called the client useless.", CUTS),
        ("Intentional overdose in March.", ACCIDENT),
        ("Overdose in March with intent.", ACCIDENT),
        ("Homicidal ideation toward brother with intent.", ANGER),
    ],
)
def test_what_nobody_said_of_a_danger_or_was_denied_does_not_stand(sentence: str, talk: str) -> None:
    assert unspoken_risk(sentence, session_of(parse_transcript(talk)))


def test_what_is_not_denied_of_a_danger_stands() -> None:
    session = session_of(parse_transcript(ACCIDENT))

    assert unspoken_risk("Accidental overdose in March.", session) is None
    assert unspoken_risk("Overdose in March, reversed with Narcan.", session) is None


def test_a_denial_is_not_all_that_stays_of_a_danger() -> None:
    told = stored("Severe cutting episode and suicide attempt on Sunday. Denied suicidal intent.", CUTS)

    assert told.startswith("Therapist asked:")
    assert "Denied" not in told


def test_a_denial_that_stood_alone_stays() -> None:
    assert stored("Denied suicidal intent.", CUTS) == "Denied suicidal intent."


SHED = """Therapist: Do you still have the hunting rifle?
Client: In the shed. I gave the bolt to my neighbour Frank."""
LOCKED = """Client: Honestly I put my service gun to my head last week.
Therapist: Is the gun still at home?
Client: My wife locked it up."""
NO_GUN = "Therapist: Do you have a gun at home?\nClient: No."
NOT_SAID = "Therapist: Do you have a gun at home?\nClient: Why would you ask that?"
BROTHERS = "Therapist: What worries you?\nClient: My brother owns a rifle."


@pytest.mark.parametrize(
    ("sentence", "talk", "stands"),
    [
        ("Has a hunting rifle in the shed; bolt given to neighbour.", SHED, True),
        ("Rifle in shed, bolt given to neighbour.", SHED, True),
        ("Wife locked up the gun.", LOCKED, True),
        ("Gun locked up by wife.", LOCKED, True),
        ("No access to the rifle.", SHED, False),
        ("Has a gun at home.", NO_GUN, False),
        ("Has a gun in the bedroom.", NOT_SAID, False),
        ("Patient owns a rifle.", BROTHERS, False),
        ("Brother owns a rifle.", BROTHERS, True),
        ("Wife threatened patient with the gun.", LOCKED, False),
        ("Patient keeps the gun loaded.", LOCKED, False),
    ],
)
def test_access_to_a_weapon_stands_as_it_was_told(sentence: str, talk: str, stands: bool) -> None:
    session = session_of(parse_transcript(talk))

    assert all(unspoken_risk(clause, session) is None for clause in sentence.split("; ")) is stands


@pytest.mark.parametrize(
    ("said", "quoted"),
    [
        ("No, that was an accident. I overdosed, they gave me Narcan.", None),
        ("I get so angry, I could kill him. But I don't mean that.", None),
        ("I keep getting images of killing him. I would never do it.", None),
        ("Ich könnte ihn umbringen. Das war nicht ernst gemeint.", None),
        ("I could kill him. He took my bike.", "I could kill him."),
        ("My brother came. I could kill him.", "I could kill him."),
    ],
)
def test_a_danger_is_quoted_with_the_sentence_that_takes_it_back(said: str, quoted: str | None) -> None:
    quotes = risk_quotes([Turn(0, "client", said)], 45)

    assert quotes == f'Patient said: "{quoted or said}"'


COUPLE = """Therapist: What would you both like to talk about today?
Anna: He never listens. Sometimes I think he'd be better off if I was dead.
Tom: I've never hit her.
Therapist: Anna, have you thought of killing yourself?
Anna: I've thought about it. I have pills saved in the bathroom.
Tom: I didn't know that."""


@pytest.mark.parametrize(
    ("sentence", "stands"),
    [
        ("Anna reported thoughts of killing herself.", True),
        ("Anna told Tom of suicidal thoughts.", True),
        ("Tom denied hitting her.", True),
        ("Reported suicidal thoughts with pills saved in the bathroom.", True),
        ("Tom reported thoughts of killing himself.", False),
        ("Tom endorsed suicidal ideation.", False),
    ],
)
def test_a_danger_of_one_of_several_is_not_anothers(sentence: str, stands: bool) -> None:
    assert (unspoken_risk(sentence, session_of(parse_transcript(COUPLE))) is None) is stands


@pytest.mark.parametrize(
    ("asked", "stands"),
    [
        ("Any pills put aside?", False),
        ("Have you written goodbye letters?", False),
        ("Any thoughts of suicide, or pills put aside?", True),
        ("Did you want to die?", True),
    ],
)
def test_a_no_to_a_preparation_denies_no_thoughts(asked: str, stands: bool) -> None:
    session = session_of(parse_transcript(f"Therapist: {asked}\nClient: No."))

    assert (unspoken_risk("Denied suicidal ideation.", session) is None) is stands


def test_a_no_to_another_danger_takes_none_back() -> None:
    turns = [Turn(0, "client", "No suicidal thoughts. I imagine punching them, but I don't want to hurt anyone.")]
    quotes = risk_quotes(turns, 45, kinds=frozenset({"harm_to_others"}))

    assert quotes == 'Patient said: "I imagine punching them, but I don\'t want to hurt anyone."'
