"""The page itself: how much it takes to paint, whom it talks to, what it tells a reader of the screen."""

from __future__ import annotations

import gzip

import pytest
from playwright.sync_api import Response, expect

from tests.browser.conftest import OpenEditor
from tests.browser.notes import written_note
from tests.support.service import Service
from tests.support.transcripts import sample_transcript

# The embedded model writes real notes here, which takes long beside other work.
pytestmark = pytest.mark.timeout(900)


def test_the_first_paint_takes_less_than_150_kb(service: Service, open_editor: OpenEditor) -> None:
    editor = open_editor()
    sizes: dict[str, int] = {}

    def measure(response: Response) -> None:
        if response.request.resource_type in ("document", "script", "stylesheet", "font", "image"):
            sizes[response.url] = len(gzip.compress(response.body()))

    editor.page.on("response", measure)
    editor.visit()
    editor.page.locator(".welcome h1").wait_for()
    editor.page.evaluate("document.fonts.ready.then(() => true)")
    assert len(sizes) >= 3
    assert sum(sizes.values()) < 150_000, sizes


def test_the_policy_allows_nothing_inline(service: Service, open_editor: OpenEditor) -> None:
    policy = service.http.get("/").headers["content-security-policy"]
    assert "unsafe" not in policy
    session_id = written_note(service)
    editor = open_editor()
    editor.visit(session_id)
    expect(editor.words("plan")).to_contain_text("First words")
    # The editors' own styles came through, which shows that the policy's nonce is theirs.
    assert editor.words("plan").evaluate("(content) => getComputedStyle(content).whiteSpace") == "break-spaces"
    assert editor.policy_breaches() == []


def test_a_note_that_cannot_be_loaded_does_not_look_like_an_empty_one(
    service: Service, open_editor: OpenEditor
) -> None:
    session_id = written_note(service)
    editor = open_editor()
    editor.page.route(f"**/sessions/{session_id}/notes", lambda route: route.abort())
    editor.visit(session_id)
    said = editor.page.locator(".note-missing")
    expect(said).to_have_text("The server cannot be reached. Trying again…")
    expect(editor.words("plan")).to_be_hidden()
    editor.page.unroute_all(behavior="wait")
    expect(editor.words("plan")).to_contain_text("First words")
    expect(said).to_be_hidden()
    editor.type_at_end("plan", " More.")
    editor.wait_for_saved()


def test_a_session_whose_note_failed_says_why_when_it_is_opened_later(
    service: Service, open_editor: OpenEditor
) -> None:
    session_id = service.create("Therapist: Hello.")
    service.close(session_id)
    editor = open_editor()
    editor.visit(session_id)
    banner = editor.page.locator(".banner-problem:visible")
    expect(banner).to_contain_text("too short")
    expect(banner.get_by_role("button", name="Try again")).to_be_visible()


def test_a_note_that_is_written_takes_no_focus_and_only_its_states_are_read_out(
    service: Service, open_editor: OpenEditor
) -> None:
    session_id = service.create(sample_transcript("sleep-after-layoff"))
    editor = open_editor()
    editor.visit(session_id)
    editor.page.evaluate(
        """window.heard = [];
        const region = document.querySelector('[role="status"]');
        new MutationObserver(() => window.heard.push(region.textContent)).observe(region, {childList: true});"""
    )
    search = editor.page.get_by_label("Search sessions")
    search.focus()
    service.close(session_id)
    editor.wait_for_writing()
    editor.page.keyboard.type("abc")
    editor.wait_for_note()
    expect(search).to_be_focused()
    expect(search).to_have_value("abc")
    heard: list[str] = editor.page.evaluate("window.heard")
    assert any(words.startswith("The note is ready.") for words in heard), heard
    assert len(heard) < 12, heard
    # The editors' own live regions are for their commands; the note's text must not come through them.
    assert editor.page.locator("[aria-live]:not(.cm-announced)").count() == 1
    assert editor.page.locator(".cm-announced").all_text_contents() == [""] * 7
