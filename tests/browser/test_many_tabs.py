"""Many tabs of one browser on one note: they share one connection, and all of them see it being written."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenEditor
from tests.browser.editor import NOTE_WITHIN_MS, Editor
from tests.support.service import Service
from tests.support.transcripts import sample_transcript

# The embedded model writes real notes here, which takes long beside other work.
pytestmark = pytest.mark.timeout(900)

TABS = 9


def test_nine_tabs_follow_one_note_and_still_save(service: Service, open_editor: OpenEditor) -> None:
    session_id = service.create(sample_transcript(), patient_id=91)
    first = open_editor()
    tabs = [first] + [Editor(first.page.context.new_page(), service.base) for _ in range(TABS - 1)]
    for tab in tabs:
        tab.visit(session_id)
        expect(tab.page.locator(".turn").first).to_be_visible()
    streams: list[str] = []
    first.page.context.on("request", lambda sent: streams.append(sent.url) if "notes/stream" in sent.url else None)
    service.close(session_id)
    for tab in tabs:
        tab.wait_for_writing()
    # A browser opens six connections to one server: a save gets through because the tabs share theirs.
    tabs[-1].words("plan").click()
    tabs[-1].page.keyboard.press("Control+a")
    tabs[-1].page.keyboard.type("Typed in the last tab.")
    tabs[-1].page.keyboard.press("Control+s")
    for tab in tabs:
        tab.wait_for_note()
    for tab in tabs:
        expect(tab.words("plan")).to_contain_text("Typed in the last tab.", timeout=NOTE_WITHIN_MS)
    texts = {section: {tab.text(section) for tab in tabs} for section in ("risk", "progress", "summary")}
    assert all(len(found) == 1 for found in texts.values()), texts
    assert len(streams) < TABS, streams


def test_when_the_tab_that_holds_the_stream_closes_another_takes_over(
    service: Service, open_editor: OpenEditor
) -> None:
    session_id = service.create(sample_transcript(), patient_id=92)
    first = open_editor()
    second = Editor(first.page.context.new_page(), service.base)
    for tab in (first, second):
        tab.visit(session_id)
        expect(tab.page.locator(".turn").first).to_be_visible()
    service.close(session_id)
    first.wait_for_writing()
    second.wait_for_writing()
    first.page.close()
    second.wait_for_note()
    document = service.note_of(session_id)
    stored = next(section["text"] for section in document["sections"] if section["id"] == "progress")
    expect(second.words("progress")).to_contain_text(stored.split()[0])
    assert second.text("progress").split() == stored.replace("{{RED:", "").replace("}}", "").split()


def test_a_tab_that_comes_later_knows_that_the_list_is_connected(service: Service, open_editor: OpenEditor) -> None:
    service.create(patient_id=93)
    first = open_editor()
    second = Editor(first.page.context.new_page(), service.base)
    for tab in (first, second):
        tab.visit()
        tab.page.locator(".session-link").first.wait_for()
        expect(tab.page.locator(".list-connection")).to_be_hidden()
