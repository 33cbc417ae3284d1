"""Unsaved words outlive the browser that they were typed in, sealed, and for the person who typed them alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tests.browser.conftest import OpenEditor
from tests.browser.editor import CHROMIUM_ARGUMENTS, Editor, chromium_path, record_trouble
from tests.browser.kept import entries, files_with, kept_texts, key_of, kill_browser
from tests.browser.notes import every_stored_text, put, stored_text, written_note
from tests.browser.scripted import scripted_service
from tests.support.api import SCRIPT, SECRET, bearer_of, token_of
from tests.support.service import Service, eventually


@contextmanager
def browser_on(chromium: Browser, profile: Path, service: Service) -> Iterator[Editor]:
    """A browser with a profile on the disk, as people have one."""
    context = chromium.browser_type.launch_persistent_context(
        str(profile), executable_path=chromium_path(), args=list(CHROMIUM_ARGUMENTS)
    )
    context.set_default_timeout(60_000)
    page = context.pages[0]
    editor = Editor(page, service.base, record_trouble(page, service.base))
    yield editor
    # One that the test killed is gone already, or goes while it is told to.
    with suppress(Error):
        context.close()
    assert editor.trouble == []


def refuse_saves(page: Page) -> None:
    """The server is there for all but saving."""
    page.route("**/notes", lambda route: route.abort() if route.request.method == "PUT" else route.fallback())


def leave_unsaved(service: Service, editor: Editor, session_id: int, stored: str, words: str) -> None:
    """Types ``words`` behind the ``stored`` plan, which the server refuses to take; they are on the shelf."""
    editor.visit(session_id)
    expect(editor.words("plan")).to_contain_text(stored)
    refuse_saves(editor.page)
    editor.type_at_end("plan", words)
    key = key_of(service.http)
    eventually(lambda: kept_texts(editor.page, key) == [stored + words], what="the words on the shelf")


def test_words_outlive_a_killed_browser_and_lie_on_the_disk_sealed(
    service: Service, chromium: Browser, tmp_path: Path
) -> None:
    session_id = written_note(service, {"plan": "Stored before."})
    profile = tmp_path / "profile"
    typed = "Typed before the crash of the browser"
    with browser_on(chromium, profile, service) as editor:
        editor.visit(session_id)
        expect(editor.words("plan")).to_contain_text("Stored before.")
        editor.page.context.set_offline(True)
        editor.type_at_end("plan", f" {typed}.")
        key = key_of(service.http)
        whole = f"Stored before. {typed}."
        eventually(lambda: kept_texts(editor.page, key) == [whole], what="the words on the shelf")
        kill_browser(profile)
    # The shelf itself is found in these files, its words are not.
    assert files_with(profile, "unsaved") != []
    assert files_with(profile, typed) == []

    with browser_on(chromium, profile, service) as editor:
        editor.visit()
        # They go out by themselves; nobody has to know which session it was.
        eventually(lambda: stored_text(service, session_id, "plan") == whole, what="the words in the stored note")
        expect(editor.status).to_contain_text("are back")
        editor.visit(session_id)
        expect(editor.words("plan")).to_contain_text(typed)
        eventually(lambda: entries(editor.page) == [], what="an empty shelf")


def test_words_are_off_the_shelf_once_the_server_has_them(service: Service, open_editor: OpenEditor) -> None:
    session_id = written_note(service, {"plan": "Stored before."})
    editor = open_editor()
    editor.visit(session_id)
    expect(editor.words("plan")).to_contain_text("Stored before.")
    refuse_saves(editor.page)
    editor.type_at_end("plan", " Waiting.")
    eventually(lambda: len(entries(editor.page)) == 1, what="the words on the shelf")
    editor.page.unroute_all(behavior="wait")
    editor.wait_for_saved()
    eventually(lambda: entries(editor.page) == [], what="an empty shelf")


def test_a_key_that_could_not_be_had_at_once_is_asked_for_again(service: Service, open_editor: OpenEditor) -> None:
    session_id = written_note(service, {"plan": "Stored before."})
    editor = open_editor()
    refuse_saves(editor.page)
    editor.page.route("**/unsaved-key", lambda route: route.abort())
    editor.visit(session_id)
    expect(editor.words("plan")).to_contain_text("Stored before.")
    editor.type_at_end("plan", " Waiting.")
    expect(editor.page.locator(".saving")).to_contain_text("Not saved yet")
    editor.page.unroute("**/unsaved-key")
    # What was typed before that is kept too.
    key = key_of(service.http)
    there = "indexedDB.databases().then((all) => all.some(({ name }) => name === 'casenote'))"
    eventually(lambda: editor.page.evaluate(there), what="a shelf")
    eventually(lambda: kept_texts(editor.page, key) == ["Stored before. Waiting."], what="the words on the shelf")


def test_words_of_a_closed_tab_meet_what_somebody_else_stored_meanwhile(
    service: Service, open_editor: OpenEditor
) -> None:
    session_id = written_note(service, {"plan": "Agreed on homework."})
    first = open_editor()
    leave_unsaved(service, first, session_id, "Agreed on homework.", " Mine.")
    second = Editor(first.page.context.new_page(), service.base)
    # The tab that has them lives: they are its own.
    second.visit(session_id)
    expect(second.words("plan")).to_contain_text("Agreed on homework.")
    assert second.text("plan") == "Agreed on homework."
    second.page.goto("about:blank")
    first.page.close()
    put(service, session_id, {"plan": "Theirs. Agreed on homework."})
    second.visit(session_id)
    conflict = second.section("plan").locator(".conflict")
    expect(conflict).to_contain_text("Agreed on homework. Mine.")
    conflict.get_by_role("button", name="Save both together").click()
    second.wait_for_saved()
    assert stored_text(service, session_id, "plan") == "Theirs. Agreed on homework. Mine."


def test_words_of_a_closed_tab_go_on_in_a_page_that_was_open_before(service: Service, open_editor: OpenEditor) -> None:
    session_id = written_note(service, {"plan": "Agreed."})
    closed = open_editor()
    leave_unsaved(service, closed, session_id, "Agreed.", " Left behind.")
    stays = Editor(closed.page.context.new_page(), service.base)
    stays.visit(session_id)
    expect(stays.words("plan")).to_contain_text("Agreed.")
    assert stays.text("plan") == "Agreed."
    closed.page.close()
    expect(stays.words("plan")).to_contain_text("Left behind.")
    stays.wait_for_saved()
    assert stored_text(service, session_id, "plan") == "Agreed. Left behind."
    eventually(lambda: entries(stays.page) == [], what="an empty shelf")


def test_what_two_dead_tabs_left_for_one_session_is_all_in_the_note_or_its_versions(
    service: Service, open_editor: OpenEditor
) -> None:
    session_id = written_note(service, {"plan": "Agreed."})
    first = open_editor()
    tabs = [first, Editor(first.page.context.new_page(), service.base)]
    for number, tab in enumerate(tabs):
        tab.visit(session_id)
        expect(tab.words("plan")).to_contain_text("Agreed.")
        refuse_saves(tab.page)
        tab.type_at_end("plan", f" Left{number}.")
    key = key_of(service.http)
    wanted = {"Agreed. Left0.", "Agreed. Left1."}
    eventually(lambda: set(kept_texts(first.page, key)) == wanted, what="the words of both tabs")
    last = Editor(first.page.context.new_page(), service.base)
    for tab in tabs:
        tab.page.close()
    last.visit(session_id)
    eventually(lambda: entries(last.page) == [], what="an empty shelf")
    everything = every_stored_text(service, session_id)
    assert "Left0." in everything
    assert "Left1." in everything


@pytest.fixture
def base(tmp_path: Path) -> Iterator[str]:
    with scripted_service(tmp_path, SCRIPT, casenote_auth="jwt", auth_jwt_secret=SECRET) as running:
        yield running


def sign_in(editor: Editor, subject: str) -> None:
    editor.page.get_by_label("Access token").fill(token_of(subject))
    editor.button("Sign in").click()
    expect(editor.button("Sign out")).to_be_visible()


def unsaved_words_of_anna(base: str, editor: Editor, words: str) -> int:
    """A note of hers in whose plan she typed ``words``, which the server refuses to store."""
    with httpx.Client(base_url=base, headers=bearer_of("anna"), trust_env=False) as http:
        session_id = int(http.post("/sessions/", json={"patient_id": 71}).json()["session"]["id"])
        http.put(f"/sessions/{session_id}/notes", json={"sections": {"plan": "Agreed."}})
    editor.visit()
    sign_in(editor, "anna")
    editor.visit(session_id)
    expect(editor.words("plan")).to_contain_text("Agreed.")
    refuse_saves(editor.page)
    editor.type_at_end("plan", words)
    eventually(lambda: len(entries(editor.page)) == 1, what="the words on the shelf")
    return session_id


def test_nobody_else_who_signs_in_gets_the_words_and_they_wait_for_their_owner(
    base: str, open_editor: OpenEditor
) -> None:
    first = open_editor(base)
    session_id = unsaved_words_of_anna(base, first, " Anna was here.")
    with httpx.Client(base_url=base, headers=bearer_of("anna"), trust_env=False) as http:
        eventually(lambda: kept_texts(first.page, key_of(http)) == ["Agreed. Anna was here."], what="all of her words")
    second = Editor(first.page.context.new_page(), base)
    first.page.close()
    second.page.context.clear_cookies()
    second.visit()
    sign_in(second, "bert")
    second.page.get_by_text("No sessions yet.").wait_for()
    assert len(entries(second.page)) == 1
    expect(second.page.locator("body")).not_to_contain_text("Anna was here.")
    second.page.context.clear_cookies()
    second.page.reload()
    sign_in(second, "anna")
    second.visit(session_id)
    expect(second.words("plan")).to_contain_text("Anna was here.")
    second.wait_for_saved()


def test_signing_out_asks_about_unsaved_words_and_leaves_nothing_behind(base: str, open_editor: OpenEditor) -> None:
    editor = open_editor(base)
    unsaved_words_of_anna(base, editor, " Not for the machine.")
    dialog = editor.page.get_by_role("dialog")
    editor.button("Sign out").click()
    expect(dialog).to_contain_text("The server does not have them yet")
    dialog.get_by_role("button", name="Cancel").click()
    expect(editor.words("plan")).to_contain_text("Not for the machine.")
    assert len(entries(editor.page)) == 1
    editor.button("Sign out").click()
    dialog.get_by_role("button", name="Sign out and drop them").click()
    expect(editor.page.get_by_label("Access token")).to_be_visible()
    assert entries(editor.page) == []


def test_a_sign_out_that_the_server_does_not_hear_drops_nothing(base: str, open_editor: OpenEditor) -> None:
    editor = open_editor(base)
    unsaved_words_of_anna(base, editor, " Still hers.")
    dialog = editor.page.get_by_role("dialog")
    editor.page.route("**/logout", lambda route: route.abort())
    editor.button("Sign out").click()
    dialog.get_by_role("button", name="Sign out and drop them").click()
    expect(editor.page.locator(".toast")).to_contain_text("You are still signed in.")
    expect(editor.words("plan")).to_contain_text("Still hers.")
    # What is typed from now on is kept too.
    editor.type_at_end("plan", " And more.")
    with httpx.Client(base_url=base, headers=bearer_of("anna"), trust_env=False) as http:
        wanted = ["Agreed. Still hers. And more."]
        eventually(lambda: kept_texts(editor.page, key_of(http)) == wanted, what="all of her words on the shelf")
    editor.page.unroute("**/logout")
    editor.button("Sign out").click()
    dialog.get_by_role("button", name="Sign out and drop them").click()
    expect(editor.page.get_by_label("Access token")).to_be_visible()
    assert entries(editor.page) == []


def test_a_page_that_nobody_is_signed_in_to_takes_nothing_over_before_somebody_is(
    base: str, open_editor: OpenEditor
) -> None:
    closed = open_editor(base)
    session_id = unsaved_words_of_anna(base, closed, " Anna left this.")
    stays = Editor(closed.page.context.new_page(), base)
    stays.visit(session_id)
    expect(stays.words("plan")).to_contain_text("Agreed.")
    stays.page.context.clear_cookies()
    stays.type_at_end("plan", " Typed.")
    expect(stays.page.get_by_role("dialog")).to_contain_text("Your sign-in has expired")
    closed.page.close()
    stays.page.keyboard.press("Escape")
    stays.page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(stays.words("plan")).to_contain_text("Typed.")
    expect(stays.page.locator("body")).not_to_contain_text("Anna left this.")
    stays.button("Not saved: sign in again").click()
    sign_in(stays, "anna")
    stays.wait_for_saved()
    eventually(lambda: entries(stays.page) == [], what="an empty shelf")
    with httpx.Client(base_url=base, headers=bearer_of("anna"), trust_env=False) as http:
        revisions = http.get(f"/sessions/{session_id}/notes/revisions").text
    assert "Anna left this." in revisions
    assert "Typed." in revisions


def test_another_person_who_signs_in_over_an_open_page_does_not_send_its_words(
    base: str, open_editor: OpenEditor
) -> None:
    editor = open_editor(base)
    unsaved_words_of_anna(base, editor, " Anna's own.")
    page = editor.page
    page.context.clear_cookies()
    page.unroute_all(behavior="wait")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("dialog")).to_contain_text("Your sign-in has expired")
    # Declined, it is asked for again by pressing what says so, and with the next word.
    page.keyboard.press("Escape")
    expect(page.locator(".saving")).to_have_text("Not saved: sign in again")
    editor.button("Not saved: sign in again").click()
    expect(page.get_by_role("dialog")).to_contain_text("Your sign-in has expired")
    page.keyboard.press("Escape")
    editor.type_at_end("plan", " And more.")
    expect(page.get_by_role("dialog")).to_contain_text("Your sign-in has expired")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method) if request.method == "PUT" else None)
    sign_in(editor, "bert")
    expect(page.get_by_text("There is no such session.")).to_be_visible()
    assert sent == []
    expect(page.locator("body")).not_to_contain_text("Anna's own.")


def second_tab(first: Editor, base: str, session_id: int, words: str) -> Editor:
    """Another tab of that browser on the note, which shows ``words`` of it."""
    tab = Editor(first.page.context.new_page(), base)
    tab.page.set_default_timeout(60_000)
    tab.visit(session_id)
    expect(tab.words("plan")).to_contain_text(words)
    return tab


def test_signing_out_in_one_tab_asks_about_the_words_of_another(base: str, open_editor: OpenEditor) -> None:
    typing = open_editor(base)
    session_id = unsaved_words_of_anna(base, typing, " Of the first tab.")
    leaving = second_tab(typing, base, session_id, "Agreed.")
    dialog = leaving.page.get_by_role("dialog")
    leaving.button("Sign out").click()
    expect(dialog).to_contain_text("here or in another tab")
    dialog.get_by_role("button", name="Cancel").click()
    expect(typing.words("plan")).to_contain_text("Of the first tab.")
    assert len(entries(typing.page)) == 1
    # What can be saved is, and nobody is asked.
    typing.page.unroute_all(behavior="wait")
    leaving.button("Sign out").click()
    for tab in (leaving, typing):
        expect(tab.page.get_by_label("Access token")).to_be_visible()
        expect(tab.page.locator("body")).not_to_contain_text("Agreed.")
    assert entries(leaving.page) == []
    with httpx.Client(base_url=base, headers=bearer_of("anna"), trust_env=False) as http:
        assert "Of the first tab." in http.get(f"/sessions/{session_id}/notes").text


def test_words_that_are_let_go_in_one_tab_are_gone_in_all(base: str, open_editor: OpenEditor) -> None:
    typing = open_editor(base)
    session_id = unsaved_words_of_anna(base, typing, " Of the first tab.")
    leaving = second_tab(typing, base, session_id, "Agreed.")
    leaving.button("Sign out").click()
    leaving.page.get_by_role("dialog").get_by_role("button", name="Sign out and drop them").click()
    for tab in (leaving, typing):
        expect(tab.page.get_by_label("Access token")).to_be_visible()
    assert entries(leaving.page) == []


def test_a_tab_whose_words_nobody_was_asked_about_keeps_them_unseen_for_whose_they_are(
    base: str, open_editor: OpenEditor
) -> None:
    editor = open_editor(base)
    session_id = unsaved_words_of_anna(base, editor, " Anna's own.")
    page = editor.page
    with httpx.Client(base_url=base, headers=bearer_of("anna"), trust_env=False) as http:
        eventually(lambda: kept_texts(page, key_of(http)) == ["Agreed. Anna's own."], what="all of her words")
    page.context.clear_cookies()
    # As a tab tells it that had no answer.
    page.evaluate(
        """() => {
          const news = { kind: "left", drop: false };
          new BroadcastChannel("casenote.tabs").postMessage({ subject: "anna", news });
        }"""
    )
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("You signed out in another tab")
    expect(page.locator("#app")).to_be_hidden()
    for _ in range(3):
        page.keyboard.press("Escape")
    expect(dialog).to_contain_text("You signed out in another tab")
    expect(page.locator("#app")).to_be_hidden()
    sign_in(editor, "bert")
    expect(page.get_by_text("There is no such session.")).to_be_visible()
    editor.button("Sign out").click()
    expect(dialog).to_have_count(0)
    page.unroute_all(behavior="wait")
    sign_in(editor, "anna")
    editor.visit(session_id)
    expect(editor.words("plan")).to_contain_text("Anna's own.")
    editor.wait_for_saved()
