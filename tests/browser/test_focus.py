"""Where the focus goes when what held it is gone: never to nowhere, and on a phone as on a desk."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import OpenEditor
from tests.browser.notes import written_note
from tests.browser.scripted import slowly_scripted_session
from tests.support.api import SCRIPT
from tests.support.service import Service


def test_a_source_that_is_closed_gives_the_focus_to_its_section(service: Service, open_editor: OpenEditor) -> None:
    session_id = written_note(service, {"risk": "The patient could not sleep."})
    editor = open_editor()
    editor.visit(session_id)
    strip = editor.section("risk").locator(".evidence")
    for leave in ("Enter", "Escape"):
        editor.words("risk").click()
        editor.page.keyboard.press("ArrowLeft")
        strip.get_by_role("button", name="Close the source").focus()
        editor.page.keyboard.press(leave)
        expect(strip).to_be_hidden()
        expect(editor.words("risk")).to_be_focused()


def test_after_a_signature_and_after_late_words_keys_go_on_in_the_note(
    service: Service, open_editor: OpenEditor
) -> None:
    session_id = written_note(service, {"plan": "Agreed."})
    editor = open_editor()
    editor.visit(session_id)
    expect(editor.words("plan")).to_contain_text("Agreed.")
    editor.button("Sign").click()
    dialog = editor.page.get_by_role("dialog")
    dialog.get_by_label("Your name").fill("Dr. Lund")
    dialog.get_by_role("checkbox").check()
    editor.page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(editor.page.locator("#note")).to_be_focused()
    expect(editor.status).to_contain_text("The note is signed by Dr. Lund.")
    editor.button("Unlock").click()
    dialog.get_by_label("Reason").fill("One more word.")
    dialog.get_by_role("button", name="Unlock").click()
    expect(dialog).to_have_count(0)
    editor.page.route("**/notes", lambda route: route.abort() if route.request.method == "PUT" else route.fallback())
    editor.type_at_end("plan", " Too late.")
    assert service.http.post(f"/sessions/{session_id}/notes/sign", json={"name": "A"}).status_code == 200
    editor.page.get_by_role("button", name="Drop them").click()
    expect(editor.words("plan")).to_be_focused()


def test_writing_and_stopping_keep_the_focus_in_the_note(open_editor: OpenEditor, tmp_path: Path) -> None:
    with slowly_scripted_session(tmp_path, SCRIPT) as (base, session_id):
        editor = open_editor(base)
        editor.visit(session_id)
        note = editor.page.locator("#note")
        editor.button("Write the note").or_(editor.button("Close session and write the note")).first.focus()
        editor.page.keyboard.press("Enter")
        stop = editor.button("Stop")
        expect(stop).to_be_visible()
        expect(note).to_be_focused()
        stop.focus()
        editor.page.keyboard.press("Enter")
        expect(stop).to_be_hidden()
        expect(note).to_be_focused()


def test_a_phone_has_the_search_what_waits_and_print_and_keeps_the_focus(
    service: Service, open_editor: OpenEditor
) -> None:
    session_id = written_note(service)
    editor = open_editor(width=360, height=740)
    page = editor.page
    editor.visit(session_id)
    expect(editor.words("plan")).to_contain_text("First words")
    expect(editor.button("Print")).to_be_visible()
    page.keyboard.press("/")
    search = page.get_by_role("searchbox")
    expect(search).to_be_focused()
    expect(page.locator(".waiting-link").first).to_be_visible()
    link = page.locator(f'.session-link[href="#/sessions/{session_id}"]')
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#main h1")).to_be_focused()
    page.locator(".patient-link").click()
    expect(page).to_have_title("Patient 7 · Casenote")
    expect(editor.status).to_have_text("Patient 7 is open.")
