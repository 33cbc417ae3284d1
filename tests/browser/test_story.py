"""The whole story in a browser: a live session, its close, the note as it streams, edits, signature, addendum.

With ``CASENOTE_PICTURES=docs`` the same test makes the pictures in docs/images.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenEditor
from tests.browser.editor import Editor
from tests.support.service import Service, eventually
from tests.support.transcripts import sample_turns

# The embedded model writes real notes here, which takes long beside other work.
pytestmark = pytest.mark.timeout(900)

OWN_WORDS = "Call on Friday at noon, next session on Tuesday."


def say(service: Service, session_id: int, first: int, last: int) -> None:
    """Appends turns ``first`` to ``last`` of the sample session as they would come from a live transcription."""
    segments = [
        {"index": turn.index, "speaker": turn.speaker, "text": turn.text, "start": turn.index * 9.0}
        for turn in sample_turns()[first:last]
    ]
    answer = service.http.post(f"/sessions/{session_id}/segments", json={"segments": segments})
    assert answer.status_code in (200, 201), answer.text


def picture(editor: Editor, folder: Path, name: str) -> None:
    path = folder / f"{name}.png"
    editor.page.screenshot(path=path)
    # What goes into the repository stays small; beside other tests' sessions a picture is larger.
    assert folder.name != "images" or path.stat().st_size < 200_000, f"{name}.png has {path.stat().st_size} bytes"


def test_a_live_session_becomes_a_signed_note_with_an_addendum(
    service: Service, open_editor: OpenEditor, pictures: Path
) -> None:
    session_id = service.create(patient_id=41)
    turns = len(sample_turns())
    editor = open_editor(width=1180, height=740, reduced_motion="reduce")
    page = editor.page

    # The session is live: the transcript grows as it is spoken.
    say(service, session_id, 0, 6)
    editor.visit(session_id)
    expect(page.locator(".turn")).to_have_count(6)
    say(service, session_id, 6, turns)
    expect(page.locator(".turn")).to_have_count(turns)
    # The model reads along; what it has read is not left to be read at the end.
    expect(page.locator(".progress-title")).to_have_text("The session is going on")
    expect(page.locator(".progress-detail")).to_have_text(
        "The model has read all that was said so far", timeout=120_000
    )
    expect(editor.button("Stop")).to_be_hidden()
    picture(editor, pictures, "live")

    # It is closed, and the note writes itself; the therapist's words go into a section in mid-stream.
    editor.button("Close session and write the note").click()
    editor.wait_for_writing()
    editor.words("plan").click()
    page.keyboard.press("Control+a")
    page.keyboard.type(OWN_WORDS)
    expect(page.locator(".progress-running")).to_be_visible()
    expect(editor.section("plan")).to_have_attribute("data-author", "person")
    picture(editor, pictures, "editor")
    editor.wait_for_note()
    editor.wait_for_saved()
    assert editor.text("plan") == OWN_WORDS
    stored = service.note_of(session_id)
    assert stored["demonstration"] is True
    expect(page.get_by_text("Demonstration model.")).to_be_visible()
    plan = next(section for section in stored["sections"] if section["id"] == "plan")
    assert plan["text"] == OWN_WORDS
    assert plan["author"] != "ai"

    # A sentence shows what was said.
    sourced = next(s for s in stored["sections"] for e in s["sentences"] if e["supported"] and e["turns"])
    editor.words(sourced["id"]).click()
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".turn.is-source").first).to_be_in_viewport()
    picture(editor, pictures, "note")

    # Written anew, the person's words stay.
    editor.button("Write anew").click()
    page.get_by_role("dialog").get_by_role("button", name="Write anew").click()
    eventually(lambda: len([r for r in service.revisions(session_id) if r["change"] == "regenerated"]), within=240)
    editor.wait_for_note()
    assert editor.text("plan") == OWN_WORDS

    # Signed, with a look at what has no source; from then on it is locked.
    editor.button("Sign").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Your name").fill("Dr. Amira Lund")
    dialog.get_by_role("checkbox").check()
    picture(editor, pictures, "sign")
    dialog.get_by_role("button", name="Sign and lock").click()
    expect(editor.section("plan").locator(".authorship")).to_have_text("Signed by Dr. Amira Lund")
    editor.type_at_end("plan", "this must not be taken")
    assert editor.text("plan") == OWN_WORDS

    # What comes later stands below, under a name of its own.
    editor.button("Add addendum").click()
    dialog.get_by_label("Addendum").fill("The sister confirmed that she has taken the medication.")
    dialog.get_by_role("button", name="Add to the note").click()
    expect(page.locator(".addendum")).to_contain_text("The sister confirmed")
    expect(page.locator(".pill-signed").first).to_be_visible()
    editor.button("Versions").click()
    expect(dialog.locator(".version").first).to_contain_text("Addendum")
    picture(editor, pictures, "versions")
    page.keyboard.press("Escape")

    final = service.note_of(session_id)
    assert (final["status"], final["signed_by"]) == ("signed", "Dr. Amira Lund")
    assert [addendum["text"] for addendum in final["addenda"]] == [
        "The sister confirmed that she has taken the medication."
    ]
    changes = [revision["change"] for revision in service.revisions(session_id)]
    assert changes[-2:] == ["signed", "addendum"]
    assert editor.policy_breaches() == []
