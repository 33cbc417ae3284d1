"""A draft over the note that stands: what stays, what is written over, what is set aside."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from models.formats import NoteFormat, SectionSpec, load_formats
from server.notes import codec, merging, state, text
from server.notes.state import Author, Draft, Note, Reduced, Section, Status, WrittenBy

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

    # Not a draft that nobody looked at.
    assert (after.status, later.status) == (Status.EDITED, Status.EDITED)
    assert (after.summary, later.summary) == ("My own paragraph.", "My own paragraph.")
    assert after.suggestions == later.suggestions == {"summary": "Second as a paragraph."}


def test_a_text_without_headings_gets_suggestions_however_it_is_asked_for() -> None:
    note = state.edited_text(None, FORMATS["progress"], "Just words.", text.parse, NOW)
    for after in (written(note, "progress", "First"), written(note, "progress", "First", keep=False, only="plan")):
        assert after.text == "Just words."
        assert (after.is_ai_generated, after.edited_from_ai) == (False, False)
        assert after.suggestions is not None


def test_what_is_suggested_for_a_text_without_headings_in_another_format_can_be_taken_over() -> None:
    note = state.edited_text(None, FORMATS["progress"], "Just words.", text.parse, NOW)
    first = edited(written(note, "progress", "First"), plan="Call on Friday.", progress="Calmer.")
    away = written(first, "soap", "Second")

    assert away.format == "soap"
    assert away.text == "Just words.\n\n**Plan:** Call on Friday.\n\n**Progress:** Calmer."
    taken = edited(away, subjective=(away.suggestions or {})["subjective"])
    assert texts_of(taken)["subjective"] == "Second in the section subjective."
    assert texts_of(taken)["note"] == "Just words."


def test_what_is_suggested_in_part_for_a_text_without_headings_leaves_open_what_was_suggested_for_the_rest() -> None:
    note = written(state.edited_text(None, FORMATS["progress"], "Just words.", text.parse, NOW), "progress", "First")
    after = written(note, "progress", "Second", only="plan")

    assert after.suggestions == {**(note.suggestions or {}), "plan": "Second in the section plan."}
    taken = edited(after, plan="Second in the section plan.")
    assert "plan" not in (written(taken, "progress", "Second").suggestions or {})


def test_what_the_fallback_suggests_beside_a_text_without_headings_is_said_to_be_its() -> None:
    note = state.edited_text(None, FORMATS["progress"], "Just words.", text.parse, NOW)

    assert says_so(extracted(note)) == (True, False)
    assert says_so(written(extracted(note), "progress", "First")) == (False, False)


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


def extracted(note: Note | None, *, only: str | None = None, keep: bool = True) -> Note:
    draft = replace(draft_of("progress", "Taken"), model=None, fallback=True)
    parts = frozenset({only}) if only else None
    return merging.generated(note, draft, text.render, NOW, keep_edited=keep, only=parts)


def says_so(note: Note) -> tuple[bool, bool]:
    """In the document, and in the text that legacy clients show."""
    return note.fallback, text.FALLBACK_LINE in note.text


def test_a_note_says_that_it_was_taken_from_the_transcript_until_no_part_of_that_is_left() -> None:
    note = extracted(None)
    parts = ["summary", *texts_of(note)]
    for part in parts[:-1]:
        note = written(note, "progress", "Model", only=part)
        assert says_so(note) == (True, True), part
        assert note.model == MODEL
    note = written(note, "progress", "Model", only=parts[-1])

    assert says_so(note) == (False, False)


def test_where_only_the_paragraph_was_taken_from_the_transcript_the_text_says_nothing_of_it() -> None:
    assert says_so(extracted(written(None, "progress", "Model"), only="summary")) == (True, False)


def test_a_section_that_was_taken_from_the_transcript_leaves_the_model_named_for_the_others() -> None:
    first = replace(written(None, "progress", "Model"), reduced=(Reduced(0, 9, 3),))
    note = extracted(first, only="plan")

    assert says_so(note) == (True, True)
    assert (note.model, note.reduced) == (MODEL, first.reduced)
    assert extracted(note, keep=False).model is None
    assert says_so(written(note, "progress", "Again")) == (False, False)


def test_a_persons_edit_leaves_it_said_that_the_rest_was_taken_from_the_transcript() -> None:
    note = edited(extracted(None), plan="My own plan.")
    assert says_so(note) == (True, True)

    by_hand = state.edited_text(note, FORMATS["progress"], note.text.replace("My own", "Our"), text.parse, NOW)
    assert says_so(by_hand) == (True, True)
    # Of what a person went over they are the author.
    assert says_so(written(by_hand, "progress", "Model")) == (False, False)


def test_a_text_that_a_person_changed_throughout_stays_to_the_letter_when_a_model_writes_beside_it() -> None:
    note = extracted(None)
    letters = note.text.replace("Taken", "Seen").replace("\n\n", "\n\n\n")
    by_hand = state.edited_text(note, FORMATS["progress"], letters, text.parse, NOW)

    assert written(by_hand, "progress", "Model").text == letters


def test_words_that_a_model_and_the_fallback_both_write_are_told_apart_by_who_wrote_them_last() -> None:
    empty = Draft(FORMATS["progress"], {}, "A paragraph.", MODEL, False, 0.1)
    note = merging.generated(None, empty, text.render, NOW)
    silent = replace(empty, model=None, fallback=True)
    after = merging.generated(note, silent, text.render, NOW, only=frozenset({"risk"}))

    assert after.sections == note.sections
    assert says_so(after) == (True, True)


def test_a_note_of_an_earlier_release_that_was_taken_from_the_transcript_says_so_of_all_that_no_person_wrote() -> None:
    note = edited(extracted(None), summary="Mine.")
    data = codec.to_json(note)
    assert codec.from_json(data) == note

    del data["extractive"]
    assert codec.from_json(data).extractive == {"summary", *texts_of(note)}
    assert codec.from_json(data | {"fallback": False}).extractive == frozenset()


def test_what_a_generation_leaves_empty_says_that_nothing_was_said() -> None:
    empty = Draft(FORMATS["progress"], {"plan": "  "}, "", MODEL, False, 0.1)
    note = merging.generated(None, empty, text.render, NOW)

    assert texts_of(note)["plan"] == "None discussed."
