"""A person who goes from one session to another: what was asked for in the one never reaches the other."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import OpenEditor
from tests.browser.editor import Editor
from tests.browser.notes import put, put_by
from tests.browser.scripted import scripted_service
from tests.support.api import SCRIPT
from tests.support.service import Service, eventually


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


@pytest.fixture
def scripted(tmp_path: Path) -> object:
    with scripted_service(tmp_path, SCRIPT) as base, httpx.Client(base_url=base, timeout=60, trust_env=False) as http:
        yield http


def live_session(http: httpx.Client, patient_id: int) -> int:
    """A session that is being spoken."""
    session_id = int(http.post("/sessions/", json={"patient_id": patient_id}).json()["session"]["id"])
    segments = [
        {"index": index, "speaker": "client", "text": f"I could not sleep, and I thought about the exam {index}."}
        for index in range(8)
    ]
    assert http.post(f"/sessions/{session_id}/segments", json={"segments": segments}).status_code == 201
    return session_id


def test_closing_a_session_that_is_left_meanwhile_writes_its_note_and_no_other(
    scripted: httpx.Client, open_editor: OpenEditor
) -> None:
    live = live_session(scripted, 301)
    other = int(scripted.post("/sessions/", json={"patient_id": 302}).json()["session"]["id"])
    put_by(scripted, other, {"plan": "Plan of patient 302."})
    editor = open_editor(str(scripted.base_url))
    editor.visit(live)
    expect(editor.page.locator(".turn").first).to_be_visible()
    held: list[Route] = []
    editor.page.route("**/close", lambda route: held.append(route))
    with editor.page.expect_request("**/close"):
        editor.button("Close session and write the note").click()
    editor.visit(other)
    expect(editor.words("plan")).to_contain_text("Plan of patient 302.")
    asked: list[str] = []
    editor.page.on("request", lambda sent: asked.append(sent.url) if "generate-notes" in sent.url else None)
    with editor.page.expect_response("**/close"):
        held[0].continue_()
    eventually(lambda: scripted.get(f"/sessions/{live}/notes").status_code == 200, what="the note that was left")
    # The list tells of it after what the answer to the closing had the page do.
    expect(editor.page.locator(f'.sessions a[href="#/sessions/{live}"] .pill-draft')).to_be_visible()
    assert asked == []
    assert scripted.get(f"/sessions/{other}/notes").json()["version"] == 1
