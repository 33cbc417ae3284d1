"""Text from anywhere stays text: spoken words, names, notes of people and of the model, in every view."""

from __future__ import annotations

from pathlib import Path

import httpx
from playwright.sync_api import expect

from tests.browser.conftest import OpenEditor
from tests.browser.editor import Editor
from tests.browser.notes import SECTIONS, written_note
from tests.browser.payloads import payloads
from tests.browser.scripted import scripted_service
from tests.support.service import Service

PAYLOADS = payloads(300)
# Signed by each of these, and unlocked for a reason that is one.
NAMES = 40


def assert_nothing_ran(editor: Editor) -> None:
    assert editor.page.evaluate("window.ran") is None
    assert editor.policy_breaches() == []
    assert editor.page.locator("#app script, #app iframe, #app object, #app embed, #app form").count() == 0


def read_the_suggestions(editor: Editor) -> None:
    cards = editor.page.locator(".suggestion:visible")
    expect(cards).to_have_count(len(SECTIONS))
    for card in cards.all():
        comparing = card.get_by_role("button", name="Compare with mine", exact=True)
        for _ in range(2):
            pressed = comparing.get_attribute("aria-pressed")
            comparing.click()
            expect(comparing).not_to_have_attribute("aria-pressed", pressed or "")


def visit_every_view(editor: Editor) -> None:
    """Goes through the places where text of others is shown."""
    page = editor.page
    for section in SECTIONS:
        editor.words(section).click()
        page.keyboard.press("Control+Home")
        page.keyboard.press("ArrowRight")
    for name in ("Versions", "Copy", "Sign", "Write anew"):
        editor.button(name).first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_payloads_in_words_names_and_notes_never_run(open_editor: OpenEditor, tmp_path: Path) -> None:
    lines = len(PAYLOADS) // len(SECTIONS)
    model_text = {
        section: " " + " ".join(PAYLOADS[index * lines : (index + 1) * lines]) for index, section in enumerate(SECTIONS)
    }
    dialogs: list[str] = []
    with (
        scripted_service(tmp_path, {**model_text, "summary": " " + PAYLOADS[0]}) as base,
        httpx.Client(base_url=base, timeout=120, trust_env=False) as http,
    ):
        session_id = http.post("/sessions/", json={"patient_id": 61}).json()["session"]["id"]
        segments = [
            {"index": index, "speaker": payload[:60] if index % 3 == 0 else "client", "text": payload}
            for index, payload in enumerate(PAYLOADS)
        ]
        answer = http.post(f"/sessions/{session_id}/segments", json={"segments": segments})
        assert answer.status_code == 201, answer.text
        editor = open_editor(base)
        editor.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        editor.visit(session_id)
        expect(editor.page.locator(".turn")).to_have_count(len(PAYLOADS))
        shown = editor.page.locator(".turn-text").all_text_contents()
        assert [text.split() for text in shown[:20]] == [
            text.split()
            for text in [turn["text"] for turn in http.get(f"/sessions/{session_id}/turns").json()["turns"]][:20]
        ]
        # The model says them: as they stream, and as they are stored.
        editor.button("Close session and write the note").click()
        editor.wait_for_note()
        assert_nothing_ran(editor)
        # A person writes them, and signs with one.
        by_hand = {section: "\n".join(PAYLOADS[i::6]) for i, section in enumerate(SECTIONS)}
        http.put(f"/sessions/{session_id}/notes", json={"sections": by_hand})
        expect(editor.page.locator("#note .pane-detail")).to_contain_text("version 2")
        visit_every_view(editor)
        # The model says them beside what the person wrote: read whole, and difference by difference.
        http.post(f"/sessions/{session_id}/generate-notes", json={"regenerate": True, "force": False})
        read_the_suggestions(editor)
        assert_nothing_ran(editor)
        for name in PAYLOADS[:NAMES]:
            http.post(f"/sessions/{session_id}/notes/unlock", json={"reason": name})
            signed = http.post(f"/sessions/{session_id}/notes/sign", json={"name": name})
            assert signed.status_code == 200, signed.text
        editor.button("Versions").click()
        expect(editor.page.get_by_role("dialog").locator(".version")).to_have_count(NAMES * 2 + 2)
        editor.page.keyboard.press("Escape")
        http.post(f"/sessions/{session_id}/notes/addenda", json={"text": "\n".join(PAYLOADS[:60])})
        expect(editor.page.locator(".addendum")).to_contain_text(PAYLOADS[0])
        assert_nothing_ran(editor)
        editor.page.evaluate("location.hash = '#/patients/61'")
        expect(editor.page.locator(".patient-summary .section-heading").first).to_be_visible()
        assert_nothing_ran(editor)
    assert dialogs == []


def test_typing_over_marked_words_and_formatting_keys_stay_within_the_policy(
    service: Service, open_editor: OpenEditor
) -> None:
    session_id = written_note(service, {"plan": "Nothing supports this. She is suicidal. Nor this sentence."})
    editor = open_editor()
    editor.visit(session_id)
    page = editor.page
    editor.words("plan").locator(".unsupported").first.wait_for()
    page.keyboard.press("Alt+7")
    page.keyboard.press("Control+Home")
    for gesture in ("Control+Shift+ArrowRight", "Control+b", "x", "End", "Shift+Home", "Control+i", "y"):
        page.keyboard.press(gesture)
    page.keyboard.press("Control+a")
    page.keyboard.type("Typed over all of it.")
    page.keyboard.press("Shift+Home")
    page.keyboard.press("Backspace")
    page.keyboard.type("And again.")
    assert editor.text("plan") == "And again."
    assert editor.words("plan").locator("[style], b, i, font").count() == 0
    assert editor.policy_breaches() == []
