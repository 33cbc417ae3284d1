"""What an evaluation takes for the stored note: the rules of the service over what a model wrote."""

from __future__ import annotations

from models.formats.format import load_format
from training.checked import after_checks
from training.data import SessionRecord

SESSION = SessionRecord(
    "a",
    "Therapist: What brings you in?\n"
    "Patient: I sleep four hours a night since the divorce, and I worry about work all day.\n"
    "Therapist: Let's try a thought record, and a fixed time to get up.\n"
    "Patient: I can do that. I feel a little hopeful.",
    "Client sleeps four hours.",
)
WRITTEN = (
    "Client sleeps four hours a night since the divorce and worries about work all day. Client hears voices. "
    "Interventions: thought record, fixed time to get up. Client feels a little hopeful."
)


def test_a_sentence_that_the_session_does_not_bear_out_is_not_in_the_stored_paragraph() -> None:
    stored = after_checks([SESSION], {("a", "summary"): WRITTEN})

    assert set(stored) == {("a", "summary")}
    assert "four hours a night since the divorce" in stored["a", "summary"]
    assert "voices" not in stored["a", "summary"]


def test_a_section_on_which_the_session_is_silent_has_the_fixed_sentence_whatever_a_model_wrote() -> None:
    risk = next(section for section in load_format().sections if section.id == "risk")

    assert after_checks([SESSION], {("a", "risk"): "Denied suicidal ideation."}) == {("a", "risk"): risk.absent}


def test_a_transcript_that_was_copied_is_replaced_by_what_the_session_says() -> None:
    copied = "Therapist: What brings you in? Patient: I sleep four hours a night since the divorce, and I worry."

    [text] = after_checks([SESSION], {("a", "summary"): copied}).values()

    assert "Therapist:" not in text
    assert "divorce" in text


def test_half_a_sentence_at_the_end_of_the_budget_is_dropped() -> None:
    half = WRITTEN + " Client will"

    whole = after_checks([SESSION], {("a", "summary"): half})
    cut = after_checks([SESSION], {("a", "summary"): half}, {("a", "summary")})

    assert "Client will" not in cut["a", "summary"]
    assert cut == after_checks([SESSION], {("a", "summary"): WRITTEN})
    assert set(whole) == set(cut)
