"""The paragraph beside the sections."""

from __future__ import annotations

from models.clinical.cut import cut_to_words
from models.clinical.grounding import check_section
from models.clinical.summary import fit_summary
from models.transcript import Turn, parse_transcript

TURNS = parse_transcript(
    """Therapist: What brought you here today?
Client: I had a fight with my brother about the house on Sunday. I feel guilty and I can't concentrate at work.
Therapist: Let's look at the thought behind the guilt. What would you tell a friend?
Client: I would tell a friend that the house was never fair. It helps to say that aloud.
Therapist: For homework, write the letter we spoke of."""
)


def test_a_summary_that_fits_is_left_alone() -> None:
    text = " ".join(f"Word{number}" for number in range(39)) + " end."

    assert fit_summary(text, TURNS) == text


def test_a_long_summary_ends_after_a_sentence() -> None:
    sentence = "Patient spoke of the house and of the brother again."
    summary = fit_summary(" ".join([sentence] * 12), TURNS)

    assert summary == " ".join([sentence] * 7)


def test_one_long_sentence_is_cut_after_a_clause() -> None:
    words = [f"w{number}" for number in range(100)]
    words[59] = "w59,"
    summary = fit_summary(" ".join(words), TURNS)

    assert summary == " ".join(words[:59]) + " w59…"


def test_a_short_summary_is_filled_with_what_was_said() -> None:
    summary = fit_summary("Patient feels guilty.", TURNS)

    assert summary.startswith("Patient feels guilty. ")
    assert 30 <= len(summary.split()) <= 70
    assert check_section(summary, TURNS).removed == ()


def test_nothing_is_filled_in_that_was_told_already() -> None:
    told = "Patient had a fight with the brother about the house on Sunday, feels guilty and can't concentrate at work."

    assert "fight with" not in fit_summary(told, TURNS).removeprefix(told)


def test_a_session_that_holds_less_has_a_shorter_summary() -> None:
    assert fit_summary("", [Turn(0, "client", "I feel sad today.")]) == "Patient reported that they feel sad today."
    assert fit_summary("", []) == "Nothing was said in this session."


def test_risk_words_of_a_summary_are_marked() -> None:
    assert "{{RED:suicide}}" in fit_summary("Patient spoke of suicide.", TURNS)


def test_a_text_without_spaces_is_cut_too() -> None:
    assert len(cut_to_words("疲" * 400, 70)) <= 140


def test_a_summary_that_only_says_that_it_is_absent_is_filled() -> None:
    assert "None discussed." not in fit_summary("None discussed.", TURNS)


def test_a_summary_that_is_silent_on_affirmed_danger_quotes_it() -> None:
    turns = parse_transcript("Therapist: Any thoughts of suicide?\nClient: Yes, last night. I called my sister then.")
    told = " ".join(["Patient spoke of the house and of the brother again."] * 7)
    summary = fit_summary(told, turns)

    assert 'Thoughts of {{RED:suicide}}: "Yes, last night.' in summary
    assert len(summary.split()) <= 70
    assert fit_summary(summary, turns) == summary


def test_a_summary_is_filled_with_what_was_told_before_what_was_asked() -> None:
    turns = parse_transcript(
        """Therapist: Do you feel anxious, or sad, or angry?
Client: A bit of all. The hearing is on the twentieth and I can't sleep before it.
Therapist: What would you need this week?
Client: I need my sister at home, and the garden, and somebody who takes the dog out in the morning."""
    )

    assert " asked: " not in fit_summary("Patient sleeps badly.", turns)
