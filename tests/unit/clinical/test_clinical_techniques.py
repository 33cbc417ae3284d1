"""The techniques that a therapist named, in the paragraph's list of interventions."""

from __future__ import annotations

import pytest

from models.clinical.markers import strip_markers
from models.clinical.sentences import word_count
from models.clinical.summary import fit_summary
from models.transcript import Turn, parse_transcript

TALK = """Therapist: Let us begin with grounding, and then look at the thought record.
Client: I wrote two, about the quarrel with my sister. I did not sleep on Sunday.
Therapist: We could test the belief with a behavioral experiment. Did you try mindfulness?
Client: No, I hate it.
Therapist: Then no role-play today. We do graded exposure to the phone instead, and box breathing before.
Client: Good. I used urge surfing once, my brother told me of it."""
BEFORE = "Client reports a quarrel with her sister and little sleep on Sunday, and wrote about both of them at home."
AFTER = "Homework: call on the phone twice. Plan: continue the work on the phone calls and on sleep."


def summary(interventions: str, talk: str = TALK) -> str:
    turns = parse_transcript(talk)
    fitted = fit_summary(f"{BEFORE} {interventions} {AFTER}", turns)
    assert word_count(fitted) <= 70
    assert fit_summary(fitted, turns) == fitted
    return strip_markers(fitted).removeprefix(f"{BEFORE} ").removesuffix(f" {AFTER}")


def test_what_was_left_out_stands_where_it_came_up() -> None:
    told = summary("Interventions: thought record, and behavioral experiment.")

    assert told == (
        "Interventions: grounding, thought record, behavioral experiment, graded exposure, and box breathing."
    )


def test_a_list_of_one_grows() -> None:
    assert summary("Interventions: box breathing.", "Therapist: Grounding first.\nClient: And box breathing?") == (
        "Interventions: grounding, box breathing."
    )


def test_what_was_refused_denied_or_the_clients_own_is_none() -> None:
    told = summary("Interventions: grounding.")

    for other in ("mindfulness", "role-play", "urge surfing"):
        assert other not in told


def test_what_the_paragraph_names_elsewhere_is_not_named_again() -> None:
    turns = parse_transcript("Therapist: Grounding, and a thought record for next week.\nClient: Fine, I do both.")
    text = f"{BEFORE} Interventions: grounding. Homework: daily thought records, and one call on the phone."

    assert strip_markers(fit_summary(text, turns)) == text


def test_a_part_of_a_clause_and_brackets_stay_as_they_are() -> None:
    told = summary("Interventions: grounding (breathing, walk) and thought record; sister called.")

    assert told.startswith("Interventions: grounding (breathing, walk), thought record, behavioral experiment, ")
    assert told.endswith("; sister called.")


@pytest.mark.parametrize("text", ["Grounding was practised.", "Interventionen: Achtsamkeit."])
def test_a_text_without_such_a_list_is_left_alone(text: str) -> None:
    assert summary(text) == text


def test_only_what_has_room_is_told() -> None:
    full = " ".join(
        [
            BEFORE,
            "Interventions: box breathing.",
            *["She told of the phone and of the weeks before."] * 4,
            "She rested after that.",
        ]
    )
    turns = parse_transcript(TALK)

    fitted = strip_markers(fit_summary(full, turns))

    assert word_count(fitted) <= 70
    assert "Interventions: grounding, thought record, box breathing." in fitted


def test_a_session_without_a_therapist_names_none() -> None:
    turns = (Turn(0, "client", "I did some grounding and box breathing at home, and I went out."),)
    text = f"{BEFORE} Interventions: box breathing. {AFTER}"

    assert strip_markers(fit_summary(text, turns)) == text


@pytest.mark.parametrize(
    "said",
    [
        "Therapist: We won't do exposure, body scan or EMDR.\nClient: Good.",
        "Therapist: Instead of exposure, let us talk.\nClient: Good.",
        "Therapist: Let us skip the body scan, and leave exposure for later.\nClient: Fine.",
        "Therapist: Would you like to try EMDR?\nClient: I would rather not.",
        "Therapist: Did mindfulness help?\nClient: It made me worse, so I stopped.",
        "Therapist: Did your last therapist do EMDR?\nClient: Yes.",
        "Therapist: Your psychiatrist recommended EMDR last year.\nClient: She did.",
        "Therapist: Your sister does EMDR with her therapist, you said.\nClient: She does.",
        "Therapist: Let's try exposure today.\nClient: No.",
        "Therapist: We could do role-play.\nClient: Please no.",
        "Therapist: Last time we did a body scan, you hated it.\nClient: Yes.",
        "Therapist: I went to a mindfulness course myself.\nClient: Nice.",
        "Therapist: Did he set a boundary with you?\nClient: Yes.",
        "Therapist: Was the exposure on social media bad, and the tip of the ERP system at the firm?\nClient: Yes.",
        "Therapist: Was grounding him for a week helpful, and the role-play game?\nClient: Yes.",
    ],
)
def test_what_was_put_off_or_is_something_else_is_none(said: str) -> None:
    assert summary("Interventions: pause plan.", said) == "Interventions: pause plan."


def test_what_was_asked_and_agreed_to_is_named() -> None:
    talk = "Therapist: Would you be willing to try paced breathing?\nClient: Sure, I can try."

    assert summary("Interventions: pause plan.", talk) == "Interventions: pause plan, paced breathing."


@pytest.mark.parametrize(
    "text",
    [
        "Interventions declined by client.",
        "Interventions were limited today.",
        "Interventions: pause plan and client declined the walk.",
        "Interventions: no exposure, walk.",
        "Interventions: steps to reduce fear, anger and shame.",
    ],
)
def test_a_sentence_that_is_no_list_is_left_alone(text: str) -> None:
    assert "grounding" not in summary(text, "Therapist: Grounding first.\nClient: Steps, anger, walk, fine.")


def test_light_is_no_exposure_and_what_helps_the_client_is_asked_and_not_done() -> None:
    talk = """Therapist: Add light stretching and sunlight exposure.
Client: Good.
Therapist: What coping strategy helps with emotion regulation?
Client: Breathing."""

    assert summary("Interventions: grounding.", talk) == "Interventions: grounding."


def test_all_or_nothing_thinking_is_no_denial() -> None:
    told = summary(
        "Interventions: restructuring of all-or-nothing thinking.", "Therapist: Grounding first.\nClient: Good."
    )

    assert told == "Interventions: restructuring of all-or-nothing thinking, grounding."


def test_exposure_to_something_is_an_item_like_others() -> None:
    told = summary("Interventions: thought record, and exposure to brief phone calls.")

    assert "behavioral experiment" in told
    assert "box breathing" in told


def test_a_list_that_ends_with_a_quotation_ends_with_its_stop_as_well() -> None:
    told = summary("Interventions: grounding, and “I wrote two, about the quarrel.”")

    assert told.endswith(" and box breathing.")
    assert "the quarrel”, " in told
    assert ".”" not in told
