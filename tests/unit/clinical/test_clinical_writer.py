"""A section as it streams: what is cleaned away, and what ends it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.clinical.plan import SectionPlan
from models.clinical.writer import SectionWriter
from models.formats import Gate
from models.transcript import Turn

TURNS = (
    Turn(0, "therapist", "How was the week?"),
    Turn(1, "client", "I could not sleep because the neighbors had a party every single night until four. I am done."),
    Turn(2, "client", "I sleep badly and eat little; at 20:15 she left and I was tired. I weigh < 60 kg, 5 or 6 less."),
    Turn(
        3,
        "therapist",
        "Let us speak of the suicide, the abuse, the violence and the self-harm, then of self-esteem."
        " See you next week.",
    ),
    Turn(
        5,
        "client",
        "In detail again I raised each point, that is a plan: a walk daily, word for word, and word upon word.",
    ),
    Turn(4, "client", "It was suicide after all the abuse, and I did self-harm, and the violence. And my skills?"),
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
    words = [f"word{letter}" for letter in "abcdefghijklmnopqrst"]
    writer = SectionWriter(plan(words=12), [Turn(0, "client", " ".join(reversed(words)))])
    writer.feed(" ".join(words))
    writer.finish()

    assert writer.done
    assert writer.text.split() == words[:12]


def test_words_leave_before_their_sentence_ends() -> None:
    writer = SectionWriter(plan(), TURNS)

    assert writer.feed(" Sleeps badly and") == "Sleeps badly and"


def test_from_where_a_sentence_speaks_of_danger_it_waits_for_its_end() -> None:
    writer = SectionWriter(plan(), TURNS)

    assert [writer.feed(piece) for piece in (" Spoke of", " sui", "ci", "de", " and", " abuse", ".", " Sleeps")] == [
        "Spoke of",
        " ",
        "",
        "",
        "",
        "",
        "",
        "{{RED:suicide}} and {{RED:abuse}}. Sleeps",
    ]


def test_a_word_that_only_begins_like_a_risk_word_waits_no_longer_than_it_does() -> None:
    writer = SectionWriter(plan(), TURNS)

    assert [writer.feed(piece) for piece in (" Slept", " in the", " ki", "l", "n")] == [
        "Slept",
        " in the",
        " ",
        "",
        "kiln",
    ]


def test_a_section_on_danger_shows_whole_sentences_only() -> None:
    writer = SectionWriter(replace(plan(), gate=Gate.RISK), TURNS)

    assert [writer.feed(piece) for piece in (" Sleeps", " badly", ".", " Is", " tired")] == [
        "",
        "",
        "",
        "Sleeps badly.",
        "",
    ]


def test_a_denial_that_nothing_bears_out_reaches_no_reader() -> None:
    writer = SectionWriter(plan(), TURNS)
    seen = "".join(writer.feed(f" {word}") for word in ["Denies", "suicide.", "Sleeps", "badly.", "No", "delusions."])

    assert seen + writer.finish() == "Sleeps badly."
    assert not writer.taken_back


def test_the_beginning_of_a_sentence_that_may_not_stand_is_taken_back_with_its_end() -> None:
    writer = SectionWriter(plan(), TURNS)
    seen = [
        writer.feed(piece) for piece in ("Sleeps badly. ", "She", " lives near", " Robert", ".", " Eats", " little")
    ]

    assert seen == ["Sleeps badly.", " She", " lives near", " ", "", "Sleeps badly. Eats", " little"]


def test_taking_back_is_said_once() -> None:
    writer = SectionWriter(plan(), TURNS)
    writer.feed("Patient lives near")
    writer.feed(" Robert. Eats")
    assert writer.taken_back

    writer.feed(" little")
    assert not writer.taken_back


def test_an_invented_quotation_of_several_sentences_loses_its_marks() -> None:
    assert write('Patient: "I was tired of it. I eat little."').problem == "role_play"
    assert (
        write('She said "tired it was. little she ate." Sleeps badly.').text
        == "She said tired it was. little she ate. Sleeps badly."
    )


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
