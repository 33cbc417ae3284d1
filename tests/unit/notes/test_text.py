"""The legacy text of a note: read, it is the sections that were written, also those that the format does not have."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from models.formats import load_formats
from server.notes import merging, state, text
from server.notes.state import FREE_TEXT, Author, Draft, Note, Section, WrittenBy

FORMATS = load_formats()
NOW = datetime(2026, 3, 1, tzinfo=UTC)
SOAP = FORMATS["soap"]
WORDS = st.text("abc .*\n", max_size=20).map(str.strip).filter(lambda words: "**" not in words)


def draft_of(note_format: str) -> Draft:
    sections = {spec.id: f"Written for the section {spec.id} today." for spec in FORMATS[note_format].sections}
    return Draft(FORMATS[note_format], sections, "A paragraph on today.", WrittenBy("m", "0", None, "1"), False, 0.1)


def generated(note: Note | None, note_format: str) -> Note:
    return merging.generated(note, draft_of(note_format), text.render, NOW)


def sent(note: Note | None, words: str) -> Note:
    """The note after a legacy client sent back ``words``."""
    return state.edited_text(note, FORMATS[note.format if note else "progress"], words, text.parse, NOW)


def of(note: Note, section_id: str) -> tuple[str, Author]:
    section = note.section(section_id)
    assert section is not None
    return section.text, section.author


STRANGERS = st.dictionaries(st.sampled_from(["chief_complaint", "progress_plan", "own"]), WORDS)


@given(
    texts=st.dictionaries(st.sampled_from([spec.id for spec in SOAP.sections]), WORDS), strangers=STRANGERS, free=WORDS
)
def test_a_text_that_is_read_again_has_the_sections_that_it_was_made_of(
    texts: dict[str, str], strangers: dict[str, str], free: str
) -> None:
    sections = [Section(FREE_TEXT, "Note", free, Author.PERSON)] if free else []
    sections += [Section(s.id, s.heading, texts[s.id], Author.AI) for s in SOAP.sections if s.id in texts]
    sections += [Section(name, f"Heading of {name}", strangers[name], Author.PERSON) for name in strangers]

    found = text.parse(SOAP, text.render(SOAP, sections), sections)

    assert found == [(one.id, one.heading, one.text) for one in sections]


def test_a_section_that_the_format_lacks_stays_its_own_when_a_legacy_client_saves() -> None:
    first = generated(None, "progress")
    mine = {"chief_complaint": "My own careful words."}
    away = generated(state.edited_sections(first, FORMATS["progress"], mine, text.render, NOW), "soap")
    saved = sent(away, away.text.replace("today", "yesterday", 1))

    assert of(saved, "plan") == of(away, "plan")
    assert of(saved, "chief_complaint") == ("My own careful words.", Author.BOTH)
    back = generated(saved, "progress")
    assert back.text.count("**Chief Complaint:**") == 1
    assert of(back, "chief_complaint")[0] == "My own careful words."


def test_a_free_text_stays_the_persons_beside_a_section_that_was_taken_over() -> None:
    note = generated(sent(None, "My free words."), "progress")
    plan = (note.suggestions or {})["plan"]
    taken = state.edited_sections(note, FORMATS["progress"], {"plan": plan}, text.render, NOW)

    assert taken.text == f"My free words.\n\n**Plan:** {plan}"
    assert [section.id for section in taken.sections] == [FREE_TEXT, "plan"]
    saved = sent(taken, f"{taken.text} More.")
    assert of(saved, FREE_TEXT) == ("My free words.", Author.PERSON)
    assert of(saved, "plan") == (f"{plan} More.", Author.BOTH)


def test_a_heading_that_the_format_has_renamed_since_still_begins_its_section() -> None:
    note = generated(None, "progress")
    renamed = [replace(s, heading="Next Steps") if s.id == "plan" else s for s in FORMATS["progress"].sections]
    today = replace(FORMATS["progress"], sections=tuple(renamed))

    saved = state.edited_text(note, today, f"{note.text} More.", text.parse, NOW)

    assert [section.id for section in saved.sections] == [section.id for section in note.sections]
    assert of(saved, "progress") == of(note, "progress")
    assert of(saved, "plan") == ("Written for the section plan today. More.", Author.BOTH)
    anew = text.parse(today, "**Next Steps:** Walk.", note.sections)
    assert [(section_id, words) for section_id, _, words in anew] == [("plan", "Walk.")]


def test_a_note_whose_format_is_gone_keeps_its_sections() -> None:
    note = generated(None, "soap")
    saved = state.edited_text(note, FORMATS["progress"], f"{note.text} More.", text.parse, NOW)

    assert {one.id for one in saved.sections} == {one.id for one in note.sections}
    assert of(saved, "subjective") == of(note, "subjective")


def test_a_heading_within_a_sentence_begins_no_section() -> None:
    assert [section.id for section in sent(None, "As I said, see **Plan:** above.").sections] == [FREE_TEXT]


def test_what_stands_before_the_first_heading_of_a_note_without_free_text_belongs_to_the_first_section() -> None:
    assert of(sent(None, "Seen late.\n\n**Plan:** Walk."), "chief_complaint")[0] == "Seen late."
