"""Contract 6.9, 6.11 and 6.16: every section once and in order, the summary in its bounds, a note for any session."""

from __future__ import annotations

from clinical_texts import emitted, formats, sessions
from hypothesis import given
from hypothesis import strategies as st

from models.clinical.fallback import extractive_note
from models.clinical.grounding import check_section
from models.clinical.markers import mark_risk, strip_markers
from models.clinical.plan import plan_note, plan_summary
from models.clinical.sentences import word_count
from models.clinical.summary import fit_summary
from models.clinical.text import legacy_text, parse_legacy_text
from models.clinical.writer import SectionWriter
from models.formats.format import NoteFormat
from models.transcript import Turn


def note_of(note_format: NoteFormat, turns: tuple[Turn, ...], outputs: list[str]) -> dict[str, str]:
    """A note as the product makes it when the model emits ``outputs``, one for each section."""
    sections = {}
    for plan, output in zip(plan_note(note_format, turns), outputs, strict=True):
        text = plan.fixed
        if text is None:
            writer = SectionWriter(plan, turns)
            writer.feed(output)
            writer.finish()
            text = check_section(writer.text, turns, plan.gate, plan.absent, plan.words).text
        sections[plan.id] = text
    return sections


@given(formats, sessions, st.data())
def test_a_note_has_every_section_once_and_in_order_whatever_is_emitted(
    note_format: NoteFormat, turns: tuple[Turn, ...], data: st.DataObject
) -> None:
    outputs = [data.draw(emitted) for _ in note_format.sections]
    sections = note_of(note_format, turns, outputs)
    lines = legacy_text(note_format, sections).split("\n\n")

    assert [line.split(":**")[0] for line in lines] == [f"**{section.heading}" for section in note_format.sections]
    assert all(sections[section.id].strip() for section in note_format.sections)


@given(formats, sessions, st.data())
def test_no_section_of_a_note_exceeds_its_budget(
    note_format: NoteFormat, turns: tuple[Turn, ...], data: st.DataObject
) -> None:
    outputs = [data.draw(emitted) * 4 for _ in note_format.sections]
    sections = note_of(note_format, turns, outputs)

    assert all(word_count(sections[section.id]) <= section.words for section in note_format.sections)


@given(formats, sessions, st.data())
def test_a_note_is_read_back_from_its_text(
    note_format: NoteFormat, turns: tuple[Turn, ...], data: st.DataObject
) -> None:
    sections = note_of(note_format, turns, [data.draw(emitted) for _ in note_format.sections])

    assert parse_legacy_text(note_format, legacy_text(note_format, sections)) == sections


@given(emitted, formats)
def test_reading_any_text_loses_none_of_it(text: str, note_format: NoteFormat) -> None:
    bodies = " ".join(parse_legacy_text(note_format, text).values())
    headings = {section.heading.casefold() for section in note_format.sections}

    for word in text.split():
        bare = word.strip("*:#").casefold()
        assert word in bodies or any(bare in heading or "**" in word for heading in headings)


@given(emitted, sessions)
def test_a_summary_has_30_to_70_words_unless_the_session_holds_less(text: str, turns: tuple[Turn, ...]) -> None:
    summary = fit_summary(text, turns)
    spoken = sum(len(text.split()) for text in {turn.text for turn in turns})

    assert word_count(summary) <= 70
    assert len(summary.split()) >= 30 or spoken < 30
    assert summary == mark_risk(strip_markers(summary))


@given(emitted, sessions)
def test_fitting_a_summary_that_fits_changes_nothing(text: str, turns: tuple[Turn, ...]) -> None:
    once = fit_summary(text, turns)

    assert len(once.split()) < 30 or fit_summary(once, turns) == once


@given(formats, sessions)
def test_any_session_gets_an_extractive_note_within_its_budgets_and_gates(
    note_format: NoteFormat, turns: tuple[Turn, ...]
) -> None:
    note = extractive_note(note_format, turns)

    assert list(note) == [*(section.id for section in note_format.sections), "summary"]
    for plan in plan_note(note_format, turns):
        assert note[plan.id] == plan.fixed or plan.fixed is None
        assert 0 < word_count(note[plan.id]) <= plan.words
        assert note[plan.id] == mark_risk(strip_markers(note[plan.id]))
    assert word_count(note["summary"]) <= plan_summary(note_format, turns).words


@given(formats, sessions)
def test_an_extractive_note_is_never_the_raw_transcript(note_format: NoteFormat, turns: tuple[Turn, ...]) -> None:
    note = strip_markers(" ".join(extractive_note(note_format, turns).values()))

    assert "Therapist: " not in note
    assert "Patient: " not in note


@given(emitted, sessions)
def test_checking_a_section_twice_changes_nothing(text: str, turns: tuple[Turn, ...]) -> None:
    once = check_section(text, turns).text

    assert check_section(once, turns).text == once
