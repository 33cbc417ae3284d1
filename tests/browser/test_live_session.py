"""While a session goes on: how far the model has read it, and what a person writes before it is closed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenEditor
from tests.support.service import Service, eventually
from tests.support.transcripts import sample_turns

# The embedded model writes real notes here, which takes long beside other work.
pytestmark = pytest.mark.timeout(900)

OWN_WORDS = "Call on Friday at noon."


def spoken(service: Service, patient_id: int) -> int:
    """A session that is being spoken."""
    session_id = service.create(patient_id=patient_id)
    segments = [{"index": t.index, "speaker": t.speaker, "text": t.text} for t in sample_turns()]
    answer = service.http.post(f"/sessions/{session_id}/segments", json={"segments": segments})
    assert answer.status_code == 201, answer.text
    return session_id


def test_words_written_during_the_session_stay_and_the_rest_is_written_at_its_end(
    service: Service, open_editor: OpenEditor
) -> None:
    session_id = spoken(service, 46)
    editor = open_editor()
    editor.visit(session_id)
    expect(editor.page.locator(".progress-detail")).to_have_text(
        "The model has read all that was said so far", timeout=120_000
    )
    expect(editor.page.locator(".note-missing")).to_contain_text("What you write here before that stays yours.")
    editor.words("plan").click()
    editor.page.keyboard.type(OWN_WORDS)
    editor.wait_for_saved()
    # Nothing is missing in a note that is not written yet.
    expect(editor.page.locator(".transcript .next-stop")).to_be_hidden()
    expect(editor.page.locator(".turn.is-gap")).to_have_count(0)
    # It is still the session that goes on, and it can still be closed from here.
    expect(editor.page.locator(".session-title .pill-live")).to_be_visible()
    editor.button("Close session and write the note").click()
    eventually(lambda: len(service.revisions(session_id)) > 1, within=240, what="the model's version")
    editor.wait_for_note()
    assert editor.text("plan") == OWN_WORDS
    document = service.note_of(session_id)
    texts = {section["id"]: (section["author"], section["text"]) for section in document["sections"]}
    assert texts["plan"] == ("person", OWN_WORDS)
    assert texts["progress"][0] == "ai"
    assert texts["progress"][1]
    expect(editor.section("progress")).to_have_attribute("data-author", "ai")


def test_before_the_first_word_nothing_is_claimed_to_be_read(service: Service, open_editor: OpenEditor) -> None:
    session_id = service.create(patient_id=47)
    editor = open_editor()
    editor.visit(session_id)
    # Nothing was said, so there is nothing that anybody could have read.
    expect(editor.page.locator(".progress-detail")).to_have_text("The model reads along from the first words")
    expect(editor.page.locator(".progress-bar")).to_be_hidden()
