"""Two browsers on one note: whatever they type and choose, every word is in the note or in its versions."""

from __future__ import annotations

import random
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenEditor
from tests.browser.editor import Editor
from tests.browser.notes import every_stored_text, put, stored_text, written_note
from tests.support.rounds import rounds
from tests.support.service import Service, eventually

# Two hundred interleavings take minutes.
pytestmark = pytest.mark.timeout(1800)

INTERLEAVINGS = rounds(12, 200)
CHOICES = ("Keep mine", "Take theirs", "Save both together")


def choose(editor: Editor, chance: random.Random) -> bool:
    """Settles the first conflict on the page, if there is one. It may go by itself, so looking and pressing are one."""
    pressed: bool = editor.page.evaluate(
        """(name) => {
          const buttons = [...document.querySelectorAll(".conflict:not([hidden]) button")];
          const button = buttons.find((candidate) => candidate.textContent.trim() === name);
          button?.click();
          return button !== undefined;
        }""",
        chance.choice(CHOICES),
    )
    return pressed


def settle(editors: list[Editor], chance: random.Random) -> None:
    """Waits until nobody has unsaved words, choosing at random wherever somebody must."""
    for _ in range(60):
        chosen = [choose(editor, chance) for editor in editors]
        saved = [editor.page.locator(".saving").text_content() == "All changes saved" for editor in editors]
        if not any(chosen) and all(saved):
            return
        editors[0].page.wait_for_timeout(150)
    raise AssertionError("somebody's words are still unsaved")


def test_every_word_of_two_people_is_in_the_note_or_its_versions(service: Service, open_editor: OpenEditor) -> None:
    chance = random.Random(20)
    session_id = written_note(service)
    editors = [open_editor(), open_editor()]
    for editor in editors:
        editor.visit(session_id)
        expect(editor.words("plan")).to_contain_text("First words")
    typed: list[str] = []
    for round_number in range(INTERLEAVINGS):
        for step in range(chance.randint(2, 4)):
            who = chance.randint(0, 1)
            word = f"w{round_number}s{step}p{who}"
            editor = editors[who]
            editor.words(chance.choice(("plan", "plan", "risk"))).click()
            editor.page.keyboard.press(chance.choice(("Control+Home", "Control+End")))
            editor.page.keyboard.type(f" {word} ")
            typed.append(word)
            if chance.random() < 0.3:
                editor.page.keyboard.press("Control+s")
            if chance.random() < 0.3:
                choose(editors[1 - who], chance)
        settle(editors, chance)
    everything = every_stored_text(service, session_id)
    assert [word for word in typed if word not in everything] == []
    for section in ("plan", "risk"):
        stored = stored_text(service, session_id, section).split()
        eventually(
            lambda section=section, stored=stored: all(editor.text(section).split() == stored for editor in editors),
            what="the same text in both browsers",
        )


def test_a_change_of_somebody_else_appears_without_a_reload(service: Service, open_editor: OpenEditor) -> None:
    session_id = written_note(service)
    first, second = open_editor(), open_editor()
    for editor in (first, second):
        editor.visit(session_id)
        expect(editor.words("plan")).to_contain_text("First words")
    first.type_at_end("plan", " Added by the first.")
    first.wait_for_saved()
    expect(second.words("plan")).to_contain_text("Added by the first.")


def test_the_later_save_shows_both_texts(service: Service, open_editor: OpenEditor) -> None:
    session_id = written_note(service, {"plan": "Agreed on homework."})
    editor = open_editor()
    editor.visit(session_id)
    expect(editor.words("plan")).to_contain_text("Agreed on homework.")
    # Offline nothing tells this browser of the other one's change, nor saves its own.
    editor.page.context.set_offline(True)
    editor.type_at_end("plan", " Mine.")
    expect(editor.page.locator(".saving")).to_contain_text("kept here")
    answer = service.http.put(
        f"/sessions/{session_id}/notes", json={"sections": {"plan": "Theirs. Agreed on homework."}}
    )
    assert answer.status_code == 200
    editor.page.context.set_offline(False)
    conflict = editor.section("plan").locator(".conflict")
    expect(conflict).to_contain_text("Agreed on homework. Mine.")
    expect(conflict.locator("ins")).to_contain_text("Theirs.")
    conflict.get_by_role("button", name="Save both together").click()
    editor.wait_for_saved()
    stored = stored_text(service, session_id, "plan")
    assert "Theirs." in stored
    assert "Mine." in stored


def test_what_is_corrected_in_both_texts_stays_when_somebody_else_goes_on(
    service: Service, open_editor: OpenEditor
) -> None:
    session_id = written_note(service, {"plan": "Agreed on homework."})
    editor = open_editor()
    editor.visit(session_id)
    expect(editor.words("plan")).to_contain_text("Agreed on homework.")
    editor.page.context.set_offline(True)
    editor.type_at_end("plan", " Mine.")
    put(service, session_id, {"plan": "Agreed on homework. Theirs."})
    editor.page.context.set_offline(False)
    conflict = editor.section("plan").locator(".conflict")
    both = conflict.get_by_role("textbox", name="Both texts together")
    expect(both).to_be_visible()
    # What has to be chosen can be far away: the words about saving lead there.
    editor.words("chief_complaint").click()
    editor.button("Waiting for your choice").click()
    expect(conflict.get_by_role("button", name="Save both together")).to_be_focused()
    both.press("Control+End")
    both.press_sequentially(" Corrected")
    put(service, session_id, {"risk": "Another section."})
    expect(editor.words("risk")).to_contain_text("Another section.")
    both.press_sequentially(" by hand.")
    expect(both).to_have_value(re.compile("Corrected by hand[.]$"))
    put(service, session_id, {"plan": "Agreed on homework. Theirs and more."})
    expect(both).to_have_value(re.compile("Corrected by hand[.].*and more", re.DOTALL))
    conflict.get_by_role("button", name="Save both together").click()
    editor.wait_for_saved()
    assert "Corrected by hand." in stored_text(service, session_id, "plan")


def test_words_typed_offline_are_kept_and_sent(service: Service, open_editor: OpenEditor) -> None:
    session_id = written_note(service)
    other = written_note(service)
    editor = open_editor()
    editor.visit(session_id)
    expect(editor.words("risk")).to_contain_text("First words")
    editor.page.context.set_offline(True)
    editor.type_at_end("risk", " Typed offline.")
    expect(editor.page.locator(".saving")).to_contain_text("kept here")
    editor.page.evaluate(f"location.hash = '#/sessions/{other}'")
    expect(editor.page.locator(".session-title h1")).to_be_visible()
    editor.page.context.set_offline(False)
    editor.visit(session_id)
    expect(editor.words("risk")).to_contain_text("Typed offline.")
    editor.wait_for_saved()
    assert stored_text(service, session_id, "risk").endswith("Typed offline.")
