"""A draft over the note that stands: what stays, what is written over, what is set aside."""

from __future__ import annotations

from datetime import UTC, datetime

from models.formats import NoteFormat, SectionSpec, load_formats
from server.notes import merging, state, text
from server.notes.state import Author, Draft, Note, Section, WrittenBy

FORMATS = load_formats()
NOW = datetime(2026, 3, 1, tzinfo=UTC)
MODEL = WrittenBy("m", "0", None, "1")


def draft_of(note_format: str, says: str) -> Draft:
    sections = {spec.id: f"{says} in the section {spec.id}." for spec in FORMATS[note_format].sections}
    return Draft(FORMATS[note_format], sections, f"{says} as a paragraph.", MODEL, False, 0.1)


def written(note: Note | None, note_format: str, says: str, *, keep: bool = True, only: str | None = None) -> Note:
    parts = frozenset({only}) if only else None
    return merging.generated(note, draft_of(note_format, says), text.render, NOW, keep_edited=keep, only=parts)


def edited(note: Note, **texts: str) -> Note:
    return state.edited_sections(note, FORMATS[note.format], texts, text.render, NOW)


def texts_of(note: Note) -> dict[str, str]:
    return {section.id: section.text for section in note.sections}


def authors_of(note: Note) -> dict[str, Author]:
    return {section.id: section.author for section in note.sections}


def test_a_section_that_two_formats_share_keeps_its_place_and_its_author() -> None:
    note = written(edited(written(None, "progress", "First"), plan="Call on Friday."), "soap", "Second")

    assert list(texts_of(note)) == [spec.id for spec in FORMATS["soap"].sections]
    assert (texts_of(note)["plan"], authors_of(note)["plan"]) == ("Call on Friday.", Author.BOTH)
    assert note.suggestions == {"plan": "Second in the section plan."}


def test_a_section_that_the_other_format_lacks_follows_it_and_comes_back() -> None:
    note = edited(written(None, "progress", "First"), emotional_state="Calmer.")
    away = written(note, "soap", "Second")
    back = written(away, "progress", "Third")

    assert list(texts_of(away))[-1] == "emotional_state"
    assert away.text.endswith("**Emotional State:** Calmer.")
    assert list(texts_of(back)) == [spec.id for spec in FORMATS["progress"].sections]
    assert texts_of(back)["emotional_state"] == "Calmer."


def test_a_section_whose_id_means_something_else_is_set_aside_under_another_one() -> None:
    own = NoteFormat("own", "Own", (SectionSpec("plan", "Next Steps", "what is next", 20, "-"),), "a paragraph")
    other = Draft(own, {"plan": "Something quite different."}, "", MODEL, False, 0.1)
    note = edited(written(None, "progress", "First"), plan="Call on Friday.")
    away = merging.generated(note, other, text.render, NOW)
    back = written(away, "progress", "Third")

    assert texts_of(away) == {"plan": "Something quite different.", "progress_plan": "Call on Friday."}
    assert texts_of(back)["plan"] == "Call on Friday."
    assert "progress_plan" not in texts_of(back)


def test_the_models_sections_of_another_format_are_not_kept() -> None:
    note = written(written(None, "progress", "First"), "soap", "Second")

    assert all(one.startswith("Second") for one in texts_of(note).values())
    assert note.edited_from_ai is False


def test_what_is_written_in_part_leaves_the_rest_whoever_wrote_it() -> None:
    note = edited(written(None, "progress", "First"), risk="Spoke of nothing.")
    after = written(note, "progress", "Second", keep=False, only="plan")

    assert texts_of(after) == {**texts_of(note), "plan": "Second in the section plan."}
    assert after.summary == note.summary


def test_what_is_written_in_part_leaves_open_what_was_suggested_for_the_rest() -> None:
    note = written(edited(written(None, "progress", "First"), plan="Call on Friday."), "progress", "Second")
    after = written(note, "progress", "Third", only="risk")

    assert note.suggestions == after.suggestions == {"plan": "Second in the section plan."}
    assert texts_of(after)["risk"] == "Third in the section risk."


def test_a_summary_of_a_persons_gets_a_suggestion_as_sections_do() -> None:
    note = edited(written(None, "progress", "First"), summary="My own paragraph.")
    after = written(note, "progress", "Second")
    later = written(after, "progress", "Third", only="risk")

    assert (after.summary, later.summary) == ("My own paragraph.", "My own paragraph.")
    assert after.suggestions == later.suggestions == {"summary": "Second as a paragraph."}


def test_a_text_without_headings_gets_suggestions_however_it_is_asked_for() -> None:
    note = state.edited_text(None, FORMATS["progress"], "Just words.", text.parse, NOW)
    for after in (written(note, "progress", "First"), written(note, "progress", "First", keep=False, only="plan")):
        assert after.text == "Just words."
        assert (after.is_ai_generated, after.edited_from_ai) == (False, False)
        assert after.suggestions is not None


def test_a_suggestion_that_a_person_takes_over_is_still_the_models() -> None:
    by_hand = state.edited_text(None, FORMATS["progress"], "**Plan:** Call on Friday.", text.parse, NOW)
    note = written(by_hand, "progress", "First")
    taken = edited(note, plan=(note.suggestions or {})["plan"])

    assert authors_of(note)["plan"] is Author.PERSON
    assert authors_of(taken)["plan"] is Author.BOTH
    assert (taken.is_ai_generated, taken.edited_from_ai) == (True, True)
    assert "plan" not in (taken.suggestions or {})


def test_what_a_person_left_open_of_a_suggestion_outlives_their_edit_and_what_they_settled_does_not() -> None:
    by_hand = state.edited_text(None, FORMATS["progress"], "**Plan:** Call on Friday.", text.parse, NOW)
    note = written(by_hand, "progress", "First")
    suggested = dict(note.suggestions or {})
    others = {key: words for key, words in suggested.items() if key != "plan"}

    def after(still_open: dict[str, str]) -> dict[str, str]:
        words = {"plan": "Call on Monday."}
        return dict(
            state.edited_sections(note, FORMATS["progress"], words, text.render, NOW, still_open).suggestions or {}
        )

    assert after({"plan": "First in the rest."}) == {**others, "plan": "First in the rest."}
    assert after({}) == after({"plan": " "}) == others
    # Nothing is offered as the model's that the model never offered.
    assert after({"plan": "Rest.", "risk": "Never offered."}) == {**others, "plan": "Rest."}


def test_words_of_the_model_that_come_back_from_an_old_copy_are_still_the_models() -> None:
    first = written(None, "progress", "First")
    by_hand = state.edited_text(first, FORMATS["progress"], "**Plan:** Call on Friday.", text.parse, NOW)
    cleared = Note(
        version=by_hand.version + 1,
        status=by_hand.status,
        format="progress",
        summary="",
        text="**Plan:** Mine alone.",
        sections=(Section("plan", "Plan", "Mine alone.", Author.PERSON),),
        model_words=by_hand.model_words,
    )
    restored = state.edited_text(cleared, FORMATS["progress"], first.text, text.parse, NOW)

    assert set(authors_of(restored).values()) == {Author.BOTH}
    assert restored.is_ai_generated is True


def test_a_person_who_says_what_no_model_said_is_the_author() -> None:
    by_hand = state.edited_text(None, FORMATS["progress"], "**Plan:** Call on Friday.", text.parse, NOW)
    note = edited(written(by_hand, "progress", "First"), plan="Call on Monday instead.")

    assert authors_of(note)["plan"] is Author.PERSON


def test_what_a_generation_leaves_empty_says_that_nothing_was_said() -> None:
    empty = Draft(FORMATS["progress"], {"plan": "  "}, "", MODEL, False, 0.1)
    note = merging.generated(None, empty, text.render, NOW)

    assert texts_of(note)["plan"] == "None discussed."
