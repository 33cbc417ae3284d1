"""Where the service asks who is there: signing in, seeing one's own sessions only, and a sign-in that runs out."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenEditor
from tests.browser.editor import Editor
from tests.browser.scripted import scripted_service
from tests.support.api import SCRIPT, SECRET, bearer_of, token_of
from tests.support.service import eventually


def sign_in(editor: Editor, token: str) -> None:
    editor.page.get_by_label("Access token").fill(token)
    editor.button("Sign in").click()


def create_note(base: str, therapist: str, patient_id: int) -> int:
    with httpx.Client(base_url=base, headers=bearer_of(therapist), trust_env=False) as http:
        session_id = int(http.post("/sessions/", json={"patient_id": patient_id}).json()["session"]["id"])
        answer = http.put(f"/sessions/{session_id}/notes", json={"sections": {"plan": "Agreed on a plan."}})
        assert answer.status_code == 200, answer.text
    return session_id


@pytest.fixture
def base(tmp_path: Path) -> object:
    with scripted_service(tmp_path, SCRIPT, casenote_auth="jwt", auth_jwt_secret=SECRET) as running:
        yield running


def test_a_therapist_signs_in_and_sees_no_sessions_of_others(base: str, open_editor: OpenEditor) -> None:
    own, foreign = create_note(base, "anna", 71), create_note(base, "bert", 72)
    editor = open_editor(base)
    editor.visit()
    sign_in(editor, "not a token")
    expect(editor.page.get_by_role("alert")).to_be_visible()
    sign_in(editor, token_of("anna"))
    expect(editor.page.locator(".session-name")).to_have_text(["Patient 71"])
    editor.visit(own)
    expect(editor.words("plan")).to_contain_text("Agreed on a plan.")
    editor.visit(foreign)
    expect(editor.page.get_by_text("There is no such session.")).to_be_visible()
    # Nor can anybody write into what is not there.
    expect(editor.page.locator(".note-section:visible")).to_have_count(0)
    expect(editor.button("Write the note")).to_be_hidden()
    editor.button("Sign out").click()
    expect(editor.page.get_by_label("Access token")).to_be_visible()


def test_a_session_that_was_opened_after_a_sign_in_ran_out_is_there_after_the_next(
    base: str, open_editor: OpenEditor
) -> None:
    session_id = create_note(base, "anna", 71)
    editor = open_editor(base)
    editor.visit()
    sign_in(editor, token_of("anna"))
    editor.page.locator(".session-link").first.wait_for()
    editor.page.context.clear_cookies()
    editor.page.locator(f'.sessions a[href="#/sessions/{session_id}"]').click()
    expect(editor.page.get_by_role("dialog")).to_contain_text("Your sign-in has expired")
    sign_in(editor, token_of("anna"))
    expect(editor.words("plan")).to_contain_text("Agreed on a plan.")
    expect(editor.button("Sign")).to_be_visible()


def test_when_a_sign_in_runs_out_while_nobody_types_it_is_asked_for_again(base: str, open_editor: OpenEditor) -> None:
    create_note(base, "anna", 71)
    editor = open_editor(base)
    editor.visit()
    sign_in(editor, token_of("anna", expires_in=4))
    # The stream of the list ends with the token, and no other can be had.
    expect(editor.page.get_by_role("dialog")).to_contain_text("Your sign-in has expired")


def test_words_wait_while_a_sign_in_has_run_out(base: str, open_editor: OpenEditor) -> None:
    session_id = create_note(base, "anna", 71)
    editor = open_editor(base)
    editor.visit()
    sign_in(editor, token_of("anna"))
    editor.page.locator(".session-link").first.wait_for()
    editor.visit(session_id)
    expect(editor.words("plan")).to_contain_text("Agreed on a plan.")
    editor.page.context.clear_cookies()
    editor.type_at_end("plan", " Typed too late.")
    expect(editor.page.get_by_role("dialog")).to_contain_text("Your sign-in has expired")
    sign_in(editor, token_of("anna"))
    editor.wait_for_saved()

    def stored() -> bool:
        answer = httpx.get(f"{base}/sessions/{session_id}/notes", headers=bearer_of("anna"), trust_env=False)
        return "Typed too late." in answer.text

    eventually(stored, what="the words in the stored note")
