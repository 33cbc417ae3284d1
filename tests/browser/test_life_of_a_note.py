"""What can be done with a note that is there: suggestions, signature, unlocking, formats, versions, copies, print."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import OpenEditor
from tests.browser.editor import Editor
from tests.browser.notes import put, written_note
from tests.browser.scripted import scripted_service, slowly_scripted_session
from tests.support.api import SCRIPT
from tests.support.service import Service, eventually
from tests.support.transcripts import SHORT_SESSION, sample_transcript

OWN = "Breathing twice a day, and a call on Friday."


@pytest.fixture
def scripted(tmp_path: Path) -> object:
    with scripted_service(tmp_path, SCRIPT) as base, httpx.Client(base_url=base, timeout=60, trust_env=False) as http:
        yield http


def note_with_own_plan(http: httpx.Client, editor: Editor, plan: str = OWN) -> int:
    """A note by the model whose plan a person wrote, open in the editor."""
    body = {"patient_id": 81, "original_transcription": SHORT_SESSION}
    session_id = int(http.post("/sessions/", json=body).json()["session"]["id"])
    editor.visit(session_id)
    editor.button("Write the note").or_(editor.button("Close session and write the note")).first.click()
    editor.wait_for_note()
    editor.words("plan").click()
    editor.page.keyboard.press("Control+a")
    editor.page.keyboard.type(plan)
    editor.wait_for_saved()
    return session_id


def write_plan_anew(editor: Editor) -> None:
    editor.button("Write anew").click()
    dialog = editor.page.get_by_role("dialog")
    for box in dialog.get_by_role("checkbox").all():
        box.uncheck()
    dialog.get_by_label("Plan").check()
    dialog.get_by_role("button", name="Write anew").click()
    expect(editor.section("plan").locator(".suggestion")).to_be_visible()
    editor.wait_for_note()


def test_a_suggestion_is_compared_used_taken_back_and_declined(scripted: httpx.Client, open_editor: OpenEditor) -> None:
    editor = open_editor(str(scripted.base_url))
    session_id = note_with_own_plan(scripted, editor)
    write_plan_anew(editor)
    assert editor.text("plan") == OWN
    card = editor.section("plan").locator(".suggestion")
    card.get_by_role("button", name="Compare with mine").click()
    expect(card.locator("del").first).to_be_visible()
    expect(card.locator("ins").first).to_be_visible()
    card.get_by_role("button", name="Use this text").click()
    suggested = editor.text("plan")
    assert suggested != OWN
    expect(card).to_be_hidden()
    # Undo takes the suggestion out again and offers it again; it says what it undid.
    editor.page.keyboard.press("Control+z")
    assert editor.text("plan") == OWN
    expect(card).to_be_visible()
    expect(editor.status).to_contain_text("taken out again")
    card.get_by_role("button", name="Keep mine").click()
    expect(card).to_be_hidden()
    editor.wait_for_saved()
    answer = scripted.get(f"/sessions/{session_id}/notes").json()
    assert next(section["text"] for section in answer["sections"] if section["id"] == "plan") == OWN
    editor.button("Versions").click()
    expect(editor.page.locator(".version").first).to_contain_text("Suggestions settled, text unchanged")


def test_a_suggestion_is_settled_difference_by_difference_with_keys(
    scripted: httpx.Client, open_editor: OpenEditor
) -> None:
    # The model's plan: "The client will do the breathing twice a day and keep a sleep diary."
    own = "The client will do the breathing once a day and keep a sleep diary until Friday."
    editor = open_editor(str(scripted.base_url))
    session_id = note_with_own_plan(scripted, editor, own)
    write_plan_anew(editor)
    card = editor.section("plan").locator(".suggestion")
    # A key leads to it from anywhere, and it is counted above the note.
    expect(editor.button("1 suggestion")).to_be_visible()
    editor.words("risk").click()
    editor.page.keyboard.press("Alt+Comma")
    expect(card.locator("button").first).to_be_focused()
    # Texts that are alike are compared without asking for it.
    expect(card.locator("h4")).to_have_text("The model's version of this section, 2 differences from yours")
    take = card.get_by_role("button", name="Use: “twice” for “once”")
    take.focus()
    editor.page.keyboard.press("Enter")
    half = "The client will do the breathing twice a day and keep a sleep diary until Friday."
    assert editor.text("plan") == half
    # Undo knows whose words these were, and the difference is there again.
    editor.words("plan").click()
    editor.page.keyboard.press("Control+z")
    assert editor.text("plan") == own
    expect(editor.status).to_contain_text("taken out again")
    take.focus()
    editor.page.keyboard.press("Enter")
    # The next difference has the focus; declined, the last one closes the suggestion.
    expect(card.get_by_role("button", name="Use: “diary.” for “diary until Friday.”")).to_be_focused()
    editor.page.keyboard.press("Tab")
    editor.page.keyboard.press("Enter")
    expect(card).to_be_hidden()
    expect(editor.words("plan")).to_be_focused()
    expect(editor.page.locator(".next-suggestion")).to_be_hidden()
    editor.wait_for_saved()
    document = scripted.get(f"/sessions/{session_id}/notes").json()
    assert next(section["text"] for section in document["sections"] if section["id"] == "plan") == half
    # What was declined is not offered again when the note comes anew, nor when the page does.
    scripted.put(f"/sessions/{session_id}/notes", json={"sections": {"progress": "Changed elsewhere."}})
    expect(editor.words("progress")).to_contain_text("Changed elsewhere.")
    expect(card).to_be_hidden()
    editor.page.reload()
    expect(editor.words("progress")).to_contain_text("Changed elsewhere.")
    expect(card).to_be_hidden()


def test_what_is_open_of_a_suggestion_outlives_edits_and_the_page(
    scripted: httpx.Client, open_editor: OpenEditor
) -> None:
    editor = open_editor(str(scripted.base_url))
    note_with_own_plan(
        scripted, editor, "The client will do the breathing once a day and keep a sleep diary until Friday."
    )
    write_plan_anew(editor)
    card = editor.section("plan").locator(".suggestion")
    expect(card.locator("h4")).to_contain_text("2 differences")
    card.get_by_role("button", name="Keep mine here: “once”, not “twice”").click()
    expect(card.locator("h4")).to_contain_text("1 difference from yours")
    editor.words("plan").click()
    editor.page.keyboard.press("Control+End")
    editor.page.keyboard.type(" By phone.")
    editor.wait_for_saved()
    editor.page.reload()
    expect(editor.words("plan")).to_contain_text("By phone.")
    expect(card.locator("h4")).to_be_visible()
    assert not card.get_by_role("button", name="twice").count()


def test_undo_never_takes_back_what_the_model_wrote(scripted: httpx.Client, open_editor: OpenEditor) -> None:
    editor = open_editor(str(scripted.base_url))
    note_with_own_plan(scripted, editor)
    drafted = editor.text("progress")
    assert drafted
    editor.type_at_end("progress", " Mine.")
    for _ in range(5):
        editor.page.keyboard.press("Control+z")
    assert editor.text("progress") == drafted


def test_words_that_came_too_late_for_a_signature_go_into_an_addendum(
    service: Service, open_editor: OpenEditor
) -> None:
    session_id = written_note(service, {"plan": "Signed plan."})
    editor = open_editor()
    editor.visit(session_id)
    expect(editor.words("plan")).to_contain_text("Signed plan.")
    editor.page.context.set_offline(True)
    editor.type_at_end("plan", " Too late.")
    answer = service.http.post(f"/sessions/{session_id}/notes/sign", json={"name": "Dr. Amira Lund"})
    assert answer.status_code == 200, answer.text
    editor.page.context.set_offline(False)
    late = editor.section("plan").locator(".late-words")
    expect(late).to_contain_text("Signed plan. Too late.")
    assert editor.text("plan") == "Signed plan."
    late.get_by_role("button", name="Add them as an addendum").click()
    editor.page.get_by_role("dialog").get_by_role("button", name="Add to the note").click()
    expect(editor.page.locator(".addendum")).to_contain_text("Too late.")
    expect(late).to_be_hidden()
    editor.button("Versions").click()
    dialog = editor.page.get_by_role("dialog")
    expect(dialog.locator("ins")).to_contain_text("Too late.")
    expect(dialog.locator(".version-mark")).to_have_text("Signed")


def test_an_addendum_whose_answer_is_lost_is_added_once(service: Service, open_editor: OpenEditor) -> None:
    session_id = written_note(service)
    assert service.http.post(f"/sessions/{session_id}/notes/sign", json={"name": "A"}).status_code == 200
    editor = open_editor()
    editor.visit(session_id)
    dialog = editor.page.get_by_role("dialog")

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    def addenda() -> list[str]:
        document = service.note(session_id)
        assert document is not None
        return [addendum["text"] for addendum in document["addenda"]]

    editor.page.route("**/addenda", lose)
    editor.button("Add addendum").click()
    dialog.get_by_label("Addendum").fill("Called the patient.")
    dialog.get_by_role("button", name="Add to the note").click()
    expect(dialog).to_have_count(0)
    expect(editor.page.locator(".addendum")).to_have_count(1)
    # Nor is it where the note cannot be asked at once, and it is sent again.
    refused = "**/notes"
    editor.page.route(refused, lambda route: route.abort() if route.request.method == "GET" else route.fallback())
    editor.button("Add addendum").click()
    dialog.get_by_label("Addendum").fill("She called back.")
    dialog.get_by_role("button", name="Add to the note").click()
    expect(editor.page.locator(".toast")).to_contain_text("cannot be reached")
    assert addenda() == ["Called the patient.", "She called back."]
    editor.page.unroute_all(behavior="wait")
    dialog.get_by_role("button", name="Add to the note").click()
    expect(dialog).to_have_count(0)
    assert addenda() == ["Called the patient.", "She called back."]


def test_a_signed_note_is_unlocked_with_a_reason_that_its_versions_keep(
    service: Service, open_editor: OpenEditor
) -> None:
    session_id = written_note(service)
    assert service.http.post(f"/sessions/{session_id}/notes/sign", json={"name": "A"}).status_code == 200
    editor = open_editor()
    editor.visit(session_id)
    editor.button("Unlock").click()
    dialog = editor.page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("The date of the next session is wrong.")
    dialog.get_by_role("button", name="Unlock").click()
    expect(editor.button("Sign")).to_be_visible()
    editor.type_at_end("plan", " Corrected.")
    editor.wait_for_saved()
    editor.button("Versions").click()
    expect(dialog.locator(".version")).to_have_count(4)
    expect(dialog.locator(".version").nth(1)).to_contain_text("The date of the next session is wrong.")
    expect(dialog.locator("ins")).to_contain_text("Corrected.")


def test_a_note_is_written_in_another_format(scripted: httpx.Client, open_editor: OpenEditor) -> None:
    formats = [entry for entry in scripted.get("/formats").json()["formats"] if entry["id"] != "progress"]
    other = formats[0]
    editor = open_editor(str(scripted.base_url))
    note_with_own_plan(scripted, editor)
    editor.button("Write anew").click()
    dialog = editor.page.get_by_role("dialog")
    dialog.get_by_label("Format").select_option(other["id"])
    dialog.get_by_role("button", name="Write anew").click()
    for section in other["sections"]:
        expect(editor.section(section["id"])).to_be_visible()
    editor.wait_for_note()
    # The plan that a person wrote is still there, in whatever place.
    expect(editor.page.locator("#note")).to_contain_text(OWN)


def test_the_first_note_is_written_as_wished_and_written_anew_alike(
    scripted: httpx.Client, open_editor: OpenEditor
) -> None:
    site = scripted.get("/formats").json()
    other = next(entry for entry in site["formats"] if entry["id"] != site["default"])
    density = site["options"]["density"]
    wished = next(choice for choice in density["choices"] if choice != density["default"])
    body = {"patient_id": 81, "original_transcription": SHORT_SESSION}
    session_id = int(scripted.post("/sessions/", json=body).json()["session"]["id"])
    editor = open_editor(str(scripted.base_url))
    editor.visit(session_id)
    dialog = editor.page.get_by_role("dialog")
    editor.button("Format and style").click()
    dialog.get_by_label("Format").select_option(other["id"])
    dialog.get_by_label("Length").select_option(wished)
    dialog.get_by_role("button", name="Close session and write the note").click()
    editor.wait_for_note()
    for section in other["sections"]:
        expect(editor.section(section["id"])).to_be_visible()
    editor.button("Write anew").click()
    expect(dialog.get_by_label("Format")).to_have_value(other["id"])
    expect(dialog.get_by_label("Length")).to_have_value(wished)
    listed = scripted.get("/sessions").json()["sessions"][0]
    assert (listed["id"], listed["session_status"]) == (session_id, "closed")
    # One note was written, the wished one.
    assert scripted.get(f"/sessions/{session_id}/notes").json()["version"] == 1


def test_a_note_is_copied_as_plain_text(service: Service, open_editor: OpenEditor) -> None:
    session_id = written_note(service, {"risk": "She denied being {{RED:suicidal}}."})
    editor = open_editor(permissions=["clipboard-read", "clipboard-write"])
    editor.visit(session_id)
    editor.button("Copy").click()
    editor.page.get_by_role("dialog").get_by_role("button", name="Copy the note").click()
    expect(editor.status).to_have_text("The note copied.")
    copied: str = editor.page.evaluate("navigator.clipboard.readText()")
    assert "Risk\nShe denied being suicidal." in copied
    assert copied.startswith("[Edited, not signed]\n")
    assert "{{" not in copied
    assert "**" not in copied


def test_only_the_note_is_printed(service: Service, open_editor: OpenEditor) -> None:
    session_id = written_note(service)
    editor = open_editor()
    editor.visit(session_id)
    expect(editor.words("plan")).to_contain_text("First words")
    editor.page.emulate_media(media="print")
    expect(editor.words("plan")).to_be_visible()
    for hidden in (".topbar", ".sessions", ".transcript", ".toolbar", ".section-tools"):
        expect(editor.page.locator(hidden).first).to_be_hidden()


def test_a_change_by_a_legacy_client_appears_in_the_open_note(service: Service, open_editor: OpenEditor) -> None:
    session_id = written_note(service)
    editor = open_editor()
    editor.visit(session_id)
    expect(editor.words("plan")).to_contain_text("First words")
    put(service, session_id, {"plan": "Changed elsewhere."})
    expect(editor.words("plan")).to_contain_text("Changed elsewhere.")


def test_who_selects_everything_means_what_the_model_writes_next_too(service: Service, open_editor: OpenEditor) -> None:
    session_id = written_note(service, {"plan": "First."})
    editor = open_editor()
    editor.visit(session_id)
    expect(editor.words("plan")).to_contain_text("First.")
    editor.words("plan").click()
    editor.page.keyboard.press("Control+a")
    put(service, session_id, {"plan": "First. And what came after."})
    expect(editor.words("plan")).to_contain_text("what came after")
    editor.page.keyboard.type("Mine alone.")
    assert editor.text("plan") == "Mine alone."


def test_who_selects_everything_before_the_first_word_means_the_words_that_come(
    open_editor: OpenEditor, tmp_path: Path
) -> None:
    with slowly_scripted_session(tmp_path, SCRIPT) as (base, session_id):
        editor = open_editor(base)
        editor.visit(session_id)
        editor.button("Write the note").or_(editor.button("Close session and write the note")).first.click()
        plan = editor.words("plan")
        plan.click()
        assert editor.text("plan") == ""
        editor.page.keyboard.press("Control+a")
        expect(plan).to_contain_text(SCRIPT["plan"].split()[0], timeout=60_000)
        editor.page.keyboard.type(OWN)

        expect(plan).to_have_text(OWN)
        editor.wait_for_note()
        assert editor.text("plan") == OWN


def test_nothing_is_signed_that_the_person_has_not_before_them(service: Service, open_editor: OpenEditor) -> None:
    session_id = written_note(service)
    editor = open_editor()
    page = editor.page
    editor.visit(session_id)
    editor.wait_for_saved()
    # Words that cannot be stored would not stand above the name.
    page.route(
        "**/sessions/*/notes",
        lambda route: route.fulfill(status=500, body="") if route.request.method == "PUT" else route.continue_(),
    )
    editor.type_at_end("plan", " Mine.")
    expect(page.locator(".saving")).to_contain_text("Not saved yet")
    editor.button("Sign").click()
    expect(page.locator(".toast")).to_contain_text("not stored yet")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.unroute("**/sessions/*/notes")
    page.keyboard.press("Control+s")
    editor.wait_for_saved()
    # Nor does what somebody else writes while the question is open.
    editor.button("Sign").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("Dr. Lee")
    dialog.get_by_role("checkbox").check()
    put(service, session_id, {"risk": "Somebody else's words."})
    expect(editor.words("risk")).to_contain_text("Somebody else's words.")
    dialog.get_by_role("button", name="Sign and lock").click()
    expect(dialog.get_by_role("alert")).to_contain_text("read it again")
    dialog.get_by_role("button", name="Cancel").click()
    assert service.note_of(session_id)["status"] == "edited"
    editor.button("Sign").click()
    dialog.get_by_role("textbox").fill("Dr. Lee")
    dialog.get_by_role("checkbox").check()
    dialog.get_by_role("button", name="Sign and lock").click()
    expect(editor.button("Add addendum")).to_be_visible()


def test_writing_anew_says_that_a_section_has_to_be_chosen(service: Service, open_editor: OpenEditor) -> None:
    editor = open_editor()
    editor.visit(written_note(service))
    editor.button("Write anew").click()
    dialog = editor.page.get_by_role("dialog")
    for section in dialog.get_by_role("checkbox").all():
        section.uncheck()
    dialog.get_by_role("button", name="Write anew").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Choose a section")


def test_what_is_tried_again_is_what_was_asked_for(service: Service, open_editor: OpenEditor) -> None:
    session_id = written_note(service)
    editor = open_editor()
    page = editor.page
    refusal = json.dumps({"title": "Unavailable", "status": 503, "detail": "No model answers now."})
    page.route(
        "**/generate-notes",
        lambda route: route.fulfill(status=503, content_type="application/problem+json", body=refusal),
    )
    editor.visit(session_id)
    editor.button("Write anew").click()
    dialog = page.get_by_role("dialog")
    for section in dialog.get_by_role("checkbox").all():
        section.set_checked(section.evaluate("box => box.closest('label').textContent.startsWith('Risk')"))
    with page.expect_request("**/generate-notes") as first:
        dialog.get_by_role("button", name="Write anew").click()
    expect(page.locator(".banner-problem:visible")).to_contain_text("No model answers now.")
    with page.expect_request("**/generate-notes") as again:
        editor.button("Try again").click()
    assert again.value.post_data_json == first.value.post_data_json
    assert again.value.post_data_json["sections"] == ["risk"]


@pytest.mark.timeout(900)
def test_a_note_that_is_stopped_leaves_what_was_there_and_can_be_written_again(
    service: Service, open_editor: OpenEditor
) -> None:
    session_id = service.create(sample_transcript(), patient_id=83)
    put(service, session_id, {"progress": "Written by hand."})
    editor = open_editor()
    editor.visit(session_id)
    expect(editor.words("progress")).to_contain_text("Written by hand.")
    editor.button("Write anew").click()
    editor.page.get_by_role("dialog").get_by_role("button", name="Write anew").click()
    editor.wait_for_writing()
    editor.button("Stop").click()
    expect(editor.page.locator(".banner-problem:visible")).to_contain_text("cancelled")
    expect(editor.words("progress")).to_contain_text("Written by hand.")
    assert editor.text("risk") == ""
    editor.button("Try again").click()
    editor.wait_for_writing()
    editor.wait_for_note()
    expect(editor.words("progress")).to_contain_text("Written by hand.")
    assert editor.text("risk") != ""


def test_whether_the_clinic_trains_on_a_session_is_said_and_taken_back_in_the_editor(
    service: Service, open_editor: OpenEditor
) -> None:
    session_id = written_note(service)
    editor = open_editor()
    editor.visit(session_id)
    where = f"/sessions/{session_id}/training-consent"
    for wanted in (True, False):
        editor.button("Training on this session").click()
        dialog = editor.page.get_by_role("dialog")
        agreed = dialog.get_by_role("checkbox", name="The patient agreed")
        expect(agreed).to_be_checked(checked=not wanted)
        agreed.set_checked(wanted)
        dialog.get_by_role("button", name="Keep").click()
        expect(dialog).to_be_hidden()
        assert service.http.get(where).json()["consent"] is wanted


def test_words_for_a_section_that_another_format_took_away_stand_beside_the_note_and_hold_nothing_up(
    scripted: httpx.Client, open_editor: OpenEditor
) -> None:
    editor = open_editor(str(scripted.base_url))
    session_id = note_with_own_plan(scripted, editor)
    editor.page.route("**/notes", lambda route: route.abort() if route.request.method == "PUT" else route.fallback())
    editor.type_at_end("emotional_state", " Typed in a gap of the line.")
    answer = scripted.post(
        f"/sessions/{session_id}/generate-notes",
        json={"regenerate": True, "format": "soap"},
        headers={"prefer": "respond-async"},
    )
    assert answer.status_code < 300, answer.text
    card = editor.section("emotional_state").locator(".late-words")
    expect(card).to_contain_text("The note is without these words of yours")
    expect(card).to_contain_text("Typed in a gap of the line.")
    editor.page.unroute_all(behavior="wait")
    editor.type_at_end("subjective", " Typed in the new format.")

    def stored() -> bool:
        return "Typed in the new format." in scripted.get(f"/sessions/{session_id}/notes").text

    eventually(stored, what="the later words in the stored note")
    expect(editor.words("emotional_state")).to_be_hidden()
    card.get_by_role("button", name="Drop them").click()
    editor.wait_for_saved()
    expect(editor.section("emotional_state")).to_have_count(0)
