"""Finding what wants a look: what waits, sentences without a source, turns that left no trace, danger."""

from __future__ import annotations

from pathlib import Path

import httpx
from playwright.sync_api import Page, Route, expect

from models.clinical.markers import RISK_TERMS
from tests.browser.conftest import OpenEditor
from tests.browser.editor import Editor
from tests.browser.notes import put, put_by, stored_text, written_note
from tests.browser.scripted import scripted_service
from tests.support.api import SCRIPT
from tests.support.service import Service
from tests.support.transcripts import SHORT_SESSION

UNFOUNDED = "The patient collects rare stamps from Portugal."


def caret_sentence(page: Page) -> str:
    """The sentence that is marked as looked at."""
    return page.locator(".sentence-active").first.text_content() or ""


def test_home_shows_what_waits_by_what_is_to_be_done(service: Service, open_editor: OpenEditor) -> None:
    edited = written_note(service, {"plan": "Breathing twice a day."})
    signed = written_note(service)
    assert service.http.post(f"/sessions/{signed}/notes/sign", json={"name": "A"}).status_code == 200
    editor = open_editor()
    editor.visit()
    group = editor.page.locator(".waiting-group", has_text="Edited, to be signed")
    link = group.locator(f'a[href="#/sessions/{edited}"]')
    expect(link).to_be_visible()
    expect(editor.page.locator(f'.waiting-link[href="#/sessions/{signed}"]')).to_have_count(0)
    # What is signed elsewhere leaves the page while it is looked at.
    assert service.http.post(f"/sessions/{edited}/notes/sign", json={"name": "A"}).status_code == 200
    expect(link).to_have_count(0)


def test_keys_go_from_one_sentence_without_a_source_to_the_next(service: Service, open_editor: OpenEditor) -> None:
    session_id = written_note(service, {"risk": UNFOUNDED, "plan": f"{UNFOUNDED} And {UNFOUNDED[4:]}"})
    editor = open_editor()
    editor.visit(session_id)
    page = editor.page
    stops = page.locator(".note .next-stop:not(.next-suggestion)")
    expect(stops).to_be_visible()
    count = int((stops.text_content() or "").split()[0])
    assert count >= 3
    seen: list[str] = []
    before = ""
    for _ in range(count + 1):
        page.keyboard.press("Alt+Period")
        if before:
            expect(page.locator(".sentence-active").first).not_to_have_text(before)
        before = caret_sentence(page)
        expect(page.locator(".evidence:visible")).to_contain_text("Nothing in the session supports this sentence.")
        section = page.locator(".note-section:focus-within").get_attribute("data-section")
        seen.append(f"{section}: {caret_sentence(page)}")
    assert len(set(seen)) == count
    assert seen[count] == seen[0]
    # A corrected sentence is no stop any more, once the server has looked at it.
    editor.words("risk").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("The patient could not sleep this week.")
    editor.wait_for_saved()
    expect(stops).to_have_text(f"{count - 1} without a source")


def test_a_phone_leads_to_what_has_no_source_and_to_what_left_no_trace(
    service: Service, open_editor: OpenEditor
) -> None:
    session_id = written_note(service, {"risk": UNFOUNDED})
    editor = open_editor(width=360, height=740)
    editor.visit(session_id)
    page = editor.page
    page.locator(".note .next-stop:not(.next-suggestion)").click()
    expect(page.locator(".evidence:visible")).to_be_visible()
    editor.button("Transcript").click()
    page.locator(".transcript .next-stop").click()
    expect(page.locator(".turn:focus")).to_be_visible()


def test_all_of_a_section_is_typed_over_although_its_sentence_is_marked_meanwhile(
    service: Service, open_editor: OpenEditor
) -> None:
    session_id = written_note(service, {"risk": UNFOUNDED})
    editor = open_editor()
    editor.visit(session_id)
    risk = editor.words("risk")
    for wanted in ["The patient could not sleep.", UNFOUNDED] * 5:
        editor.words("plan").click()
        risk.click()
        editor.page.keyboard.press("Control+a")
        expect(risk.locator(".sentence-active").first).to_be_visible()
        editor.page.keyboard.type(wanted)
        editor.wait_for_saved()
        assert stored_text(service, session_id, "risk") == wanted


def test_the_closest_turns_of_an_unsupported_sentence_are_not_called_its_source(
    service: Service, open_editor: OpenEditor
) -> None:
    session_id = written_note(service, {"plan": "The patient could not sleep for forty nights in Portugal."})
    editor = open_editor()
    editor.visit(session_id)
    expect(editor.words("plan").locator(".unsupported")).to_be_visible()
    editor.words("plan").click()
    strip = editor.section("plan").locator(".evidence")
    expect(strip).to_contain_text("Nothing in the session supports this sentence.")
    closest = editor.page.locator(".turn.is-closest")
    if closest.count():
        expect(closest.first.locator(".turn-flag-source")).to_be_hidden()
        expect(closest.first.locator(".turn-flag-closest")).to_be_visible()


def test_turns_that_left_no_trace_are_gone_through(service: Service, open_editor: OpenEditor) -> None:
    session_id = written_note(service, {"plan": UNFOUNDED})
    editor = open_editor()
    editor.visit(session_id)
    button = editor.page.locator(".transcript .next-stop")
    expect(button).to_contain_text("not in the note")
    places: list[str | None] = []
    for _ in range(3):
        button.click()
        places.append(editor.page.locator(".turn:focus").get_attribute("id"))
    assert len(set(places)) == 3
    editor.page.keyboard.press("Alt+g")
    assert editor.page.locator(".turn:focus").get_attribute("id") not in places
    assert editor.page.locator(".turn:focus.is-gap").count() == 1


def test_every_word_that_the_server_marks_is_marked_on_the_page(service: Service, open_editor: OpenEditor) -> None:
    session_id = written_note(service, {"plan": "; ".join(RISK_TERMS)})
    editor = open_editor()
    editor.visit(session_id)
    marked = editor.words("plan").locator(".risk-word")
    expect(marked).to_have_count(len(RISK_TERMS))
    assert marked.all_text_contents() == list(RISK_TERMS)


def test_a_risk_word_leads_to_its_turn(service: Service, open_editor: OpenEditor) -> None:
    session_id = written_note(service)
    editor = open_editor()
    editor.visit(session_id)
    link = editor.page.locator(".risk-list .quote-link").first
    turn = int((link.text_content() or "").removeprefix("turn "))
    link.click()
    expect(editor.page.locator(f"#turn-{turn - 1}")).to_be_focused()


def test_an_overview_leads_to_the_sessions_it_names(service: Service, open_editor: OpenEditor) -> None:
    ids = [service.create(SHORT_SESSION, patient_id=7771) for _ in range(2)]
    for number, session_id in enumerate(ids, start=1):
        put(service, session_id, {"plan": f"Plan of session {number} is a walk before breakfast."})
    editor = open_editor()
    editor.page.goto(f"{editor.base}/#/patients/7771")
    link = editor.page.locator(".patient-summary a", has_text="session 1").first
    expect(link).to_have_attribute("href", f"#/sessions/{ids[0]}")
    link.click()
    expect(editor.words("plan")).to_contain_text("Plan of session 1")


def test_a_link_of_a_patient_keeps_the_focus_while_sessions_change(service: Service, open_editor: OpenEditor) -> None:
    session_id = service.create(SHORT_SESSION, patient_id=7773)
    put(service, session_id, {"plan": "A walk before breakfast."})
    editor = open_editor()
    editor.page.goto(f"{editor.base}/#/patients/7773")
    link = editor.page.locator(".patient-sessions a")
    link.focus()
    entry = editor.page.locator(".patient-sessions li")
    expect(entry).to_contain_text("Edited")
    assert service.http.post(f"/sessions/{session_id}/notes/sign", json={"name": "A"}).status_code == 200
    expect(entry).to_contain_text("Signed")
    expect(link).to_be_focused()


def test_half_an_overview_does_not_stand_as_a_whole_one(service: Service, open_editor: OpenEditor) -> None:
    put(service, service.create(SHORT_SESSION, patient_id=7772), {"plan": "A walk before breakfast."})
    editor = open_editor()
    half = (
        'id: 1\nevent: section\ndata: {"section": "plan", "heading": "Plan"}\n\n'
        'id: 2\nevent: token\ndata: {"section": "plan", "text": "A walk"}\n\n'
    )
    editor.page.route(
        "**/summarize-sessions",
        lambda route: route.fulfill(status=200, content_type="text/event-stream", body=half),
    )
    editor.page.goto(f"{editor.base}/#/patients/7772")
    expect(editor.page.locator(".patient-summary").get_by_role("alert")).to_contain_text("broke off")
    expect(editor.page.locator(".patient-summary")).not_to_contain_text("A walk")
    editor.page.unroute("**/summarize-sessions")
    editor.button("Read again").click()
    expect(editor.page.locator(".patient-summary")).to_contain_text("A walk")


def test_a_search_without_a_match_says_so_where_the_matches_would_stand(
    service: Service, open_editor: OpenEditor
) -> None:
    written_note(service)
    editor = open_editor()
    editor.visit()
    editor.page.locator(".session-link").first.wait_for()
    entries = editor.page.locator(".session-entries").bounding_box()
    editor.page.get_by_role("searchbox").fill("nothing of the kind")
    said = editor.page.get_by_text("No session matches.")
    expect(said).to_be_visible()
    place = said.bounding_box()
    assert entries is not None
    assert place is not None
    assert place["y"] - entries["y"] < 60


def test_sessions_that_changed_long_ago_are_found_and_wait_on_the_first_page(
    open_editor: OpenEditor, tmp_path: Path
) -> None:
    with (
        scripted_service(tmp_path, SCRIPT) as base,
        httpx.Client(base_url=base, timeout=60, trust_env=False) as http,
    ):

        def created(patient_id: int) -> int:
            return int(http.post("/sessions/", json={"patient_id": patient_id}).json()["session"]["id"])

        signed, edited = created(41), created(42)
        for session_id in (signed, edited):
            put_by(http, session_id, {"plan": "A walk before breakfast."})
        assert http.post(f"/sessions/{signed}/notes/sign", json={"name": "A"}).status_code == 200
        for _ in range(110):
            created(43)
        editor = open_editor(base)
        editor.visit()
        group = editor.page.locator(".waiting-group", has_text="Edited, to be signed")
        expect(group.locator(f'a[href="#/sessions/{edited}"]')).to_be_visible()
        search = editor.page.get_by_role("searchbox")
        search.fill("patient 41 signed")
        expect(editor.page.locator(f'.session-link[href="#/sessions/{signed}"]')).to_be_visible()
        search.fill("patient 999")
        expect(editor.page.get_by_text("No session matches.")).to_be_visible()


def sign_warnings(editor: Editor) -> str:
    editor.button("Sign").click()
    return editor.page.get_by_role("dialog").text_content() or ""


def test_what_is_danger_or_unfounded_is_said_before_a_name_goes_under_it(
    service: Service, open_editor: OpenEditor
) -> None:
    session_id = written_note(service, {"plan": UNFOUNDED})
    editor = open_editor()
    editor.visit(session_id)
    expect(editor.words("plan")).to_contain_text("stamps")
    said = sign_warnings(editor)
    assert UNFOUNDED in said
    assert "Risk words in the session:" in said
    assert "suicide" in said


def test_a_session_shows_what_was_planned_the_last_time(service: Service, open_editor: OpenEditor) -> None:
    first = service.create(SHORT_SESSION, patient_id=7781)
    put(service, first, {"plan": "A walk before breakfast, {{RED:suicide}} line on the fridge.", "risk": "Not here."})
    second = service.create(patient_id=7781)
    editor = open_editor()
    # That there is no note yet is known last.
    held: list[Route] = []
    editor.page.route(f"**/sessions/{second}/notes", lambda route: held.append(route))
    editor.visit(second)
    last_time = editor.page.locator(".last-time")
    expect(last_time.locator("summary")).to_contain_text("Last time: session 1")
    for route in held:
        route.continue_()
    editor.page.unroute_all()
    expect(last_time).to_contain_text("A walk before breakfast, suicide line on the fridge.")
    expect(last_time).not_to_contain_text("Not here.")
    last_time.get_by_role("link", name="Open session 1").click()
    expect(editor.words("plan")).to_contain_text("A walk before breakfast")
    # The first session has none before it.
    expect(last_time).to_be_hidden()
