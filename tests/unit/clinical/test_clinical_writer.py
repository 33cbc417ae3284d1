"""A section as it streams: what is cleaned away, and what ends it."""

from __future__ import annotations

import pytest

from models.clinical.plan import SectionPlan
from models.clinical.writer import SectionWriter
from models.transcript import Turn

TURNS = (
    Turn(0, "therapist", "How was the week?"),
    Turn(1, "client", "I could not sleep because the neighbors had a party every single night until four. I am done."),
)


def plan(words: int = 40, section: str = "progress", heading: str = "Progress") -> SectionPlan:
    return SectionPlan(
        section,
        heading,
        words,
        None,
        100,
        instruction="change, insight and response to the work of the session",
        headings=("Summary", "Risk", "Progress", "Plan"),
    )


def write(output: str, **settings: object) -> SectionWriter:
    writer = SectionWriter(plan(**settings), TURNS)  # type: ignore[arg-type]
    for character in output:
        writer.feed(character)
    writer.finish()
    return writer


@pytest.mark.parametrize(
    ("output", "text"),
    [
        (" Sleeps  badly.\n", "Sleeps badly."),
        ("Sleeps badly", "Sleeps badly."),
        ("**Progress:** Sleeps badly.", "Sleeps badly."),
        ("## Progress:\nSleeps *badly*.", "Sleeps badly."),
        ("Sleeps badly.<|im_end|>", "Sleeps badly."),
        ("</s>Sleeps badly.", "Sleeps badly."),
        ("- Sleeps badly\n- Eats little", "Sleeps badly. Eats little."),
        ("1. Sleeps badly.\n2. Eats little.", "Sleeps badly. Eats little."),
        (
            "Spoke of {{RED:suicide}}, {{red:abuse}} and {{RED}}violence{{/REDC}}.",
            "Spoke of {{RED:suicide}}, {{RED:abuse}} and {{RED:violence}}.",
        ),
        ("Self-esteem, skills and self-harm.", "Self-esteem, skills and {{RED:self-harm}}."),
        ("Weighs < 60 kg [sic] and 5 | 6.", "Weighs < 60 kg [sic] and 5 | 6."),
        ("At 20:15 she left: tired.", "At 20:15 she left: tired."),
        ("", ""),
    ],
)
def test_what_is_no_text_of_a_note_is_cleaned_away(output: str, text: str) -> None:
    writer = write(output)

    assert writer.text == text
    assert writer.problem is None


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        ("Sleeps badly.\nTherapist: And then?", "role_play"),
        ("Sleeps badly. Patient: I am tired.", "role_play"),
        ("Sleeps badly.<|im_start|>user\nWhy?", "role_play"),
        ("I am so tired of it all. It goes on.", "role_play"),
        ("Sleeps badly. Sleeps badly. Eats.", "repetition"),
        ("and so on and so on and so on and so on", "repetition"),
        ("bad bad bad bad bad", "repetition"),
        ("x" * 80, "repetition"),
        ("Reports: could not sleep because the neighbors had a party every single night until four.", "copying"),
        ("Insight and response to the work of the session", "echo"),
        ("As an AI, it is not possible to say. Sorry.", "refusal"),
        ("Sure, here is the note. Sleeps badly.", "preamble"),
    ],
)
def test_a_model_that_no_longer_writes_a_note_is_stopped(output: str, problem: str) -> None:
    writer = write(output)

    assert writer.done
    assert writer.problem == problem == writer.ended_by


def test_the_next_heading_ends_a_section_without_a_problem() -> None:
    writer = write("Sleeps badly.\n**Plan:** Walk.")

    assert (writer.text, writer.problem, writer.ended_by) == ("Sleeps badly.", None, "heading")


def test_the_summary_may_speak_of_its_plan() -> None:
    writer = write("Sleeps badly. Plan: walk daily.", section="summary", heading="Summary")

    assert writer.text == "Sleeps badly. Plan: walk daily."


def test_a_quote_is_no_copying() -> None:
    said = "the neighbors had a party every single night until four"
    writer = write(f'Patient reports that "I could not sleep because {said}" this week.')

    assert writer.problem is None


def test_a_section_ends_at_a_sentence_before_its_budget_is_spent() -> None:
    sentences = [f"Point {number} was raised again in detail." for number in ("a", "b", "c", "d", "e", "f", "g", "h")]
    writer = write(" ".join(sentences), words=20)

    assert writer.ended_by == "budget"
    assert writer.text == " ".join(sentences[:2])


def test_a_sentence_that_never_ends_is_cut_at_the_budget() -> None:
    writer = write(" ".join(f"word{number}" for number in range(40)), words=12)

    assert writer.done
    assert len(writer.text.split()) == 12


def test_words_leave_before_their_sentence_ends() -> None:
    writer = SectionWriter(plan(), TURNS)

    assert writer.feed(" Sleeps badly and") == "Sleeps badly and"


def test_a_word_that_may_become_a_risk_word_is_held_and_no_longer() -> None:
    writer = SectionWriter(plan(), TURNS)

    assert [writer.feed(piece) for piece in (" Spoke of sui", "ci", "de", " and kil", "n.")] == [
        "Spoke of ",
        "",
        "",
        "{{RED:suicide}} and ",
        "kiln.",
    ]


def test_what_was_held_leaves_at_the_end() -> None:
    writer = SectionWriter(plan(), TURNS)
    writer.feed("Spoke of suicide")

    assert writer.finish() == "{{RED:suicide}}."
    assert writer.done


def test_a_section_that_was_cut_off_gets_no_full_stop() -> None:
    writer = SectionWriter(plan(), TURNS)
    writer.feed("Sleeps badly and")

    assert writer.finish(complete=False) == ""
    assert writer.text == "Sleeps badly and"


def test_nothing_is_taken_after_the_end() -> None:
    writer = SectionWriter(plan(), TURNS)
    writer.feed("Sleeps badly. Sleeps badly. ")
    writer.feed("More.")
    before = writer.text

    assert writer.done
    assert (writer.feed("x"), writer.finish(), writer.text) == ("", "", before)
