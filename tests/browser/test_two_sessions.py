"""A person who goes from one session to another: what was asked for in the one never reaches the other."""

from __future__ import annotations

from playwright.sync_api import Route, expect

from tests.browser.conftest import OpenEditor
from tests.browser.editor import Editor
from tests.browser.notes import put
from tests.support.service import Service


def signed_note(service: Service, patient_id: int) -> int:
    session_id = service.create(patient_id=patient_id)
    put(service, session_id, {"plan": f"Plan of patient {patient_id}."})
    assert service.http.post(f"/sessions/{session_id}/notes/sign", json={"name": "A"}).status_code == 200
    return session_id


def addenda(service: Service, session_id: int) -> list[str]:
    document = service.note(session_id)
    assert document is not None
    return [addendum["text"] for addendum in document["addenda"]]


def go_back(editor: Editor, plan: str) -> None:
    """The browser's own Back, which a dialog does not hold up."""
    editor.page.evaluate("history.back()")
    expect(editor.words("plan")).to_contain_text(plan)


def test_a_dialog_goes_with_the_session_that_it_was_opened_for(service: Service, open_editor: OpenEditor) -> None:
    before, after = signed_note(service, 101), signed_note(service, 202)
    editor = open_editor()
    dialog = editor.page.get_by_role("dialog")
    for name in ("Add addendum", "Unlock", "Training on this session", "Versions", "Copy"):
        editor.visit(before)
        expect(editor.words("plan")).to_contain_text("patient 101")
        editor.visit(after)
        expect(editor.words("plan")).to_contain_text("patient 202")
        editor.button(name).click()
        expect(dialog).to_be_visible()
        if name == "Add addendum":
            dialog.get_by_label("Addendum").fill("Belongs to patient 202.")
        go_back(editor, "patient 101")
        expect(dialog).to_have_count(0)
    # What was being written is still there for the session that it belongs to, and for no other.
    editor.button("Add addendum").click()
    expect(dialog.get_by_label("Addendum")).to_have_value("")
    dialog.get_by_role("button", name="Cancel").click()
    editor.visit(after)
    expect(editor.words("plan")).to_contain_text("patient 202")
    editor.button("Add addendum").click()
    expect(dialog.get_by_label("Addendum")).to_have_value("Belongs to patient 202.")
    dialog.get_by_role("button", name="Add to the note").click()
    expect(editor.page.locator(".addendum")).to_contain_text("Belongs to patient 202.")
    assert addenda(service, before) == []


def test_no_dialog_opens_over_a_session_that_it_was_not_asked_for_in(service: Service, open_editor: OpenEditor) -> None:
    before, after = signed_note(service, 103), signed_note(service, 204)
    editor = open_editor()
    editor.visit(before)
    expect(editor.words("plan")).to_contain_text("patient 103")
    held: list[Route] = []
    editor.page.route("**/training-consent", lambda route: held.append(route))
    with editor.page.expect_request("**/training-consent"):
        editor.button("Training on this session").click()
    editor.visit(after)
    expect(editor.words("plan")).to_contain_text("patient 204")
    with editor.page.expect_response("**/training-consent"):
        held[0].continue_()
    editor.button("Add addendum").click()
    expect(editor.page.get_by_role("dialog")).to_have_count(1)
