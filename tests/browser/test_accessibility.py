"""WCAG, as far as a program can tell: axe finds nothing in any view, light and dark, and keys alone are enough."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from models.transcript import parse_transcript
from tests.browser.conftest import OpenEditor
from tests.browser.editor import Editor
from tests.browser.notes import put, put_by, stored_text, written_note
from tests.browser.scripted import scripted_service
from tests.support.api import SCRIPT, SECRET, bearer_of, token_of
from tests.support.service import Service, eventually
from tests.support.transcripts import SHORT_SESSION, sample_transcript

# The embedded model writes real notes here, which takes long beside other work.
pytestmark = pytest.mark.timeout(900)

AXE = Path(__file__).resolve().parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"


def violations(page: Page) -> list[str]:
    """What axe has to say about the page as it is."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run(document)).violations")
    return [f"{item['id']}: {node['target']} {node['failureSummary']}" for item in found for node in item["nodes"]]


def assert_accessible(editor: Editor, view: str) -> None:
    # Colours fade in and out with the pointer: it is moved away first.
    editor.page.mouse.move(0, 0)
    assert violations(editor.page) == [], view


def with_suggestion_and_conflict(service: Service, editor: Editor, session_id: int) -> None:
    """Leaves one section in conflict."""
    editor.page.context.set_offline(True)
    editor.type_at_end("plan", " Mine.")
    put(service, session_id, {"plan": "Theirs and suicidal."})
    editor.page.context.set_offline(False)
    expect(editor.page.locator(".conflict:visible")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_view(service: Service, open_editor: OpenEditor, scheme: str) -> None:
    text = "The patient could not sleep. She is not suicidal. Nothing of this was said anywhere at all."
    session_id = written_note(service, {"risk": text})
    editor = open_editor(color_scheme=scheme, reduced_motion="reduce")
    page = editor.page
    editor.visit()
    page.locator(".session-link").first.wait_for()
    assert_accessible(editor, "the list")
    editor.visit(session_id)
    editor.words("risk").click()
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowRight")
    page.locator(".evidence:visible").wait_for()
    assert_accessible(editor, "a note with the source of a sentence")
    with_suggestion_and_conflict(service, editor, session_id)
    assert_accessible(editor, "a conflict")
    editor.button("Keep mine").click()
    editor.wait_for_saved()
    for name in ("Sign", "Write anew", "Versions", "Copy", "Help"):
        editor.button(name).click()
        page.get_by_role("dialog").locator("h2").wait_for()
        if name == "Versions":
            page.locator(".version").first.wait_for()
        assert_accessible(editor, name)
        page.keyboard.press("Escape")
    page.evaluate("location.hash = '#/patients/7'")
    page.locator(".patient-summary .section-heading").first.wait_for()
    assert_accessible(editor, "a patient")
    assert service.http.post(f"/sessions/{session_id}/notes/sign", json={"name": "A"}).status_code == 200
    assert service.http.post(f"/sessions/{session_id}/notes/addenda", json={"text": "Added."}).status_code == 201
    editor.visit(session_id)
    page.locator(".addendum").wait_for()
    assert_accessible(editor, "a signed note")
    for name in ("Add addendum", "Unlock"):
        editor.button(name).click()
        page.get_by_role("dialog").locator("h2").wait_for()
        assert_accessible(editor, name)
        page.keyboard.press("Escape")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_while_a_note_comes_into_being(open_editor: OpenEditor, tmp_path: Path, scheme: str) -> None:
    with (
        scripted_service(tmp_path, SCRIPT, step_seconds=0.3) as base,
        httpx.Client(base_url=base, timeout=60, trust_env=False) as http,
    ):
        editor = open_editor(base, color_scheme=scheme, reduced_motion="reduce")
        page = editor.page
        editor.visit()
        page.get_by_text("No sessions yet.").wait_for()
        assert_accessible(editor, "home without a session")
        session_id = int(http.post("/sessions/", json={"patient_id": 7}).json()["session"]["id"])
        turns = parse_transcript(SHORT_SESSION)
        segments = [{"index": turn.index, "speaker": turn.speaker, "text": turn.text} for turn in turns]
        http.post(f"/sessions/{session_id}/segments", json={"segments": segments})
        page.locator(".waiting-link").wait_for()
        assert_accessible(editor, "home with a live session")
        editor.visit(session_id)
        page.locator(".progress-title", has_text="The session is going on").wait_for()
        assert_accessible(editor, "a live session")
        editor.button("Close session and write the note").click()
        editor.wait_for_writing()
        assert_accessible(editor, "a note that is being written")
        editor.wait_for_note()
        put_by(http, session_id, {"plan": "The client will do the breathing once a day and keep a sleep diary."})
        http.post(f"/sessions/{session_id}/generate-notes", json={"regenerate": True, "force": False})
        page.locator(".hunk-take").first.wait_for()
        assert_accessible(editor, "a suggestion with its differences")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_where_people_sign_in_and_out(open_editor: OpenEditor, tmp_path: Path, scheme: str) -> None:
    with scripted_service(tmp_path, SCRIPT, casenote_auth="jwt", auth_jwt_secret=SECRET) as base:
        with httpx.Client(base_url=base, headers=bearer_of("anna"), trust_env=False) as http:
            session_id = int(http.post("/sessions/", json={"patient_id": 7}).json()["session"]["id"])
            put_by(http, session_id, {"plan": "Agreed."})
        editor = open_editor(base, color_scheme=scheme)
        page = editor.page
        editor.visit()
        page.get_by_label("Access token").wait_for()
        assert_accessible(editor, "signing in")
        page.get_by_label("Access token").fill(token_of("anna"))
        editor.button("Sign in").click()
        page.locator(".session-link").first.wait_for()
        editor.visit(session_id)
        expect(editor.words("plan")).to_contain_text("Agreed.")
        page.route("**/notes", lambda route: route.abort() if route.request.method == "PUT" else route.fallback())
        editor.type_at_end("plan", " More.")
        editor.button("Sign out").click()
        page.get_by_role("dialog").wait_for()
        assert_accessible(editor, "unsaved words at a sign-out")
        page.keyboard.press("Escape")
        page.context.clear_cookies()
        page.reload()
        page.get_by_label("Access token").wait_for()


@pytest.mark.parametrize("width", [360, 768, 1920])
def test_nothing_is_wider_than_the_window(service: Service, open_editor: OpenEditor, width: int) -> None:
    session_id = written_note(service, {"plan": "Averyveryverylongwordwithoutanyplacetobreak" * 4})
    editor = open_editor(width=width, height=760)
    page = editor.page

    def overflow() -> int:
        return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))

    editor.visit()
    page.locator(".session-link").first.wait_for()
    assert overflow() <= 0
    editor.visit(session_id)
    expect(editor.words("plan")).to_contain_text("Averyvery")
    assert overflow() <= 0
    if width == 360:
        page.get_by_role("button", name="Transcript", exact=True).click()
        expect(page.locator(".turn").first).to_be_visible()
        assert overflow() <= 0
        assert violations(page) == []
    page.evaluate("location.hash = '#/patients/7'")
    page.locator(".patient-summary .section-heading").first.wait_for()
    assert overflow() <= 0


@pytest.mark.parametrize("width", [360, 900, 1280])
def test_the_page_does_not_move_while_words_are_saved(service: Service, open_editor: OpenEditor, width: int) -> None:
    session_id = written_note(service)
    editor = open_editor(width=width)
    page = editor.page
    # A save is under way for as long as it is looked at.
    page.route("**/sessions/*/notes", lambda route: None if route.request.method == "PUT" else route.continue_())
    editor.visit(session_id)
    editor.wait_for_saved()

    def top(part: str) -> float:
        box = page.locator(part).bounding_box()
        assert box is not None
        return float(box["y"])

    before = top(".panes")
    assert (
        top(".toolbar .button-primary:visible")
        == top(".toolbar .button-plain:visible")
        == top(".toolbar .button-quiet:visible >> nth=0")
    )
    editor.type_at_end("plan", " More.")
    expect(page.locator(".saving")).to_have_text("Saving…")
    assert top(".panes") == before
    page.context.set_offline(True)
    expect(page.locator(".saving")).to_contain_text("Offline")
    assert top(".panes") == before


def tab_to(editor: Editor, name: str, key: str = "Tab") -> None:
    """Presses Tab until the element with that name has the focus."""
    for _ in range(120):
        editor.page.keyboard.press(key)
        focused: str = editor.page.evaluate(
            "(document.activeElement?.getAttribute('aria-label') || document.activeElement?.textContent || '').trim()"
        )
        if focused == name:
            return
    raise AssertionError(f"Tab never came to {name!r}")


def test_the_story_is_done_by_keys_alone(service: Service, open_editor: OpenEditor) -> None:
    session_id = service.create(sample_transcript("sleep-after-layoff"), patient_id=7313)
    editor = open_editor()
    page = editor.page
    keyboard = page.keyboard
    editor.visit()
    page.locator(".session-link").first.wait_for()
    keyboard.press("/")
    keyboard.type("7313")
    expect(page.locator(".session-link")).to_have_count(1)
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    expect(page.locator(".turn").first).to_be_visible()
    tab_to(
        editor, "Close session and write the note" if editor.button("Write the note").is_hidden() else "Write the note"
    )
    keyboard.press("Enter")
    editor.wait_for_writing()
    keyboard.press("Alt+7")
    keyboard.press("Control+a")
    keyboard.type("Sleep diary until Tuesday.")
    editor.wait_for_note()
    keyboard.press("Control+s")
    editor.wait_for_saved()
    assert stored_text(service, session_id, "plan") == "Sleep diary until Tuesday."
    tab_to(editor, "Sign", "Shift+Tab")
    keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    keyboard.type("Dr. Amira Lund")
    keyboard.press("Tab")
    keyboard.press("Space")
    keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    eventually(lambda: (service.note(session_id) or {}).get("status") == "signed", what="the signature")
    tab_to(editor, "Add addendum", "Shift+Tab")
    keyboard.press("Enter")
    keyboard.type("By keys alone.")
    tab_to(editor, "Add to the note")
    keyboard.press("Enter")
    expect(page.locator(".addendum")).to_contain_text("By keys alone.")
    keyboard.press("?")
    expect(dialog.locator("h2")).to_have_text("Help")
    keyboard.press("Escape")
    expect(dialog).to_have_count(0)
