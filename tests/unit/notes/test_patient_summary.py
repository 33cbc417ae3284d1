"""The overview of a patient: latest session first, each claim with its session, nothing that no session holds."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from models.clinical.markers import mark_risk
from models.formats import load_formats
from models.transcript import Turn, parse_transcript
from server.notes import merging, state, text
from server.notes.digest import digest_of, from_json, to_json
from server.notes.patient_summary import PatientSummary, summarise
from server.notes.state import Draft, Note
from tests.support.transcripts import SHORT_SESSION

FORMATS = load_formats()
NOW = datetime(2026, 3, 1, tzinfo=UTC)
HEADINGS = [
    "Latest Session", "Chief Complaint", "Emotional State", "Risk Assessment", "Intervention", "Progress", "Plan",
]  # fmt: skip


def note_of(sections: dict[str, str], summary: str = "", note_format: str = "progress") -> Note:
    draft = Draft(FORMATS[note_format], sections, summary, None, True, 0.1)
    return merging.generated(None, draft, text.render, NOW)


def overview(*sessions: tuple[int, Note | None, tuple[Turn, ...]]) -> PatientSummary:
    """The overview of sessions, newest first: their number, note and turns."""
    return summarise([(number, digest_of(note, turns, FORMATS)) for number, note, turns in sessions])


def by_heading(summary: str) -> dict[str, str]:
    parts = re.split(r"^\*\*([^*]+):\*\* ", summary, flags=re.MULTILINE)[1:]
    return {heading: body.strip() for heading, body in zip(parts[::2], parts[1::2], strict=True)}


def test_every_heading_stands_once_and_in_order() -> None:
    summary = overview((1, None, parse_transcript(SHORT_SESSION)))

    assert list(by_heading(summary.text)) == HEADINGS


def test_the_latest_session_comes_first_and_each_claim_names_its_session() -> None:
    newer = note_of({"plan": "Keep a sleep diary.", "progress": "Sleep got better."}, "The client slept better.")
    older = note_of({"plan": "Breathe twice a day.", "progress": "No change."})
    sections = by_heading(overview((2, newer, ()), (1, older, ())).text)

    assert sections["Latest Session"] == "The client slept better (session 2)."
    assert sections["Plan"] == "Keep a sleep diary (session 2). Breathe twice a day (session 1)."
    assert sections["Progress"] == "Sleep got better (session 2). No change (session 1)."


def test_what_no_session_spoke_of_is_said_so() -> None:
    sections = by_heading(overview((1, note_of({"progress": "Some."}), ())).text)

    assert sections["Risk Assessment"] == "Not assessed in this session."
    assert sections["Plan"] == "None discussed."


def test_risk_of_every_session_is_kept_and_marked_once() -> None:
    notes = [note_of({"risk": f"{{{{RED:suicide}}}} was spoken of in week {n}."}) for n in range(12)]
    summary = overview(*((12 - n, note, ()) for n, note in enumerate(notes)))
    risk = by_heading(summary.text)["Risk Assessment"]

    assert all(f"(session {n})" in risk for n in range(1, 13))
    assert risk.count("{{RED:suicide}}") == 12
    assert mark_risk(summary.text) == summary.text
    assert any("{{RED:suicide}}" in point for point in summary.key_points)


def test_the_same_claim_of_several_sessions_is_said_once_with_the_latest() -> None:
    same = note_of({"plan": "Keep a sleep diary."})
    plan = by_heading(overview(*((n, same, ()) for n in (3, 2, 1))).text)["Plan"]

    assert plan == "Keep a sleep diary (session 3)."


def test_a_note_of_another_format_is_read_by_its_topics() -> None:
    sections = {spec.id: f"Words of {spec.id}." for spec in FORMATS["soap"].sections}
    summary = overview((1, note_of(sections, note_format="soap"), ()))

    assert "Words of plan (session 1)." in by_heading(summary.text)["Plan"]


def test_a_note_without_headings_is_read_too() -> None:
    note = state.edited_text(None, FORMATS["progress"], "Spoke of an overdose. Slept badly.", text.parse, NOW)
    sections = by_heading(overview((4, note, ())).text)

    assert sections["Risk Assessment"] == "Spoke of an {{RED:overdose}} (session 4)."
    assert "Slept badly (session 4)." in sections["Chief Complaint"]


def edited(note: Note, **texts: str) -> Note:
    return state.edited_sections(note, FORMATS["progress"], texts, text.render, NOW)


def test_a_paragraph_that_a_persons_correction_left_behind_is_not_told() -> None:
    note = edited(note_of({"progress": "Sleep got worse."}, "The client slept better."), progress="Sleep got better.")
    sections = by_heading(overview((1, note, ())).text)

    assert "slept better" not in sections["Latest Session"]
    assert sections["Latest Session"] == "Sleep got better (session 1)."


def test_a_paragraph_that_a_person_wrote_is_told_though_they_changed_sections_too() -> None:
    note = edited(note_of({"progress": "Worse."}, "The client slept."), progress="Better.", summary="Slept well.")

    assert by_heading(overview((1, note, ())).text)["Latest Session"] == "Slept well (session 1)."


def test_a_signed_note_and_its_addenda_are_told() -> None:
    signed = state.signed(note_of({"plan": "Call on Friday."}), "t1", NOW)
    note = state.with_addendum(signed, "The call was moved to Monday.", "t1", NOW)
    sections = by_heading(overview((1, note, ())).text)

    assert sections["Plan"] == "Call on Friday (session 1)."
    assert sections["Progress"] == "The call was moved to Monday (session 1)."


def test_the_plan_is_the_notes_and_not_what_was_only_said() -> None:
    said = parse_transcript("Therapist: For homework, please keep a diary until next week.\nClient: I will do that.")
    written = note_of({"plan": "Call on Friday."})

    assert by_heading(overview((2, None, said), (1, written, ())).text)["Plan"] == "Call on Friday (session 1)."
    assert "diary" in by_heading(overview((2, None, said)).text)["Plan"]


def test_a_session_that_holds_nothing_yet_is_not_the_latest() -> None:
    note = note_of({"progress": "Some."}, "The client slept better.")

    assert by_heading(overview((3, None, ()), (2, note, ())).text)["Latest Session"].endswith("(session 2).")


def test_the_words_of_200_sessions_stay_few_and_none_of_the_danger_is_cut_unseen() -> None:
    notes = [
        note_of({"risk": f"Spoke of suicide in week {n} and made a plan to stay safe.", "plan": f"Exercise {n} daily."})
        for n in range(200, 0, -1)
    ]
    summary = overview(*((200 - place, note, ()) for place, note in enumerate(notes)))
    sections = by_heading(summary.text)
    told = re.findall(r"\(session (\d+)\)", sections["Risk Assessment"])

    assert len(summary.text.split()) < 600
    assert told[0] == "200"
    named = re.search(r"sessions ([\d, ]+) and (\d+) earlier ones", sections["Risk Assessment"])
    assert named is not None
    assert len(told) + len(named[1].split(",")) + int(named[2]) == 200


def test_what_a_clinician_marked_stays_marked() -> None:
    note = state.edited_text(None, FORMATS["progress"], "**Plan:** Lock away the {{red:tablets}}.", text.parse, NOW)

    assert by_heading(overview((1, note, ())).text)["Plan"] == "Lock away the {{RED:tablets}} (session 1)."


def test_one_endless_sentence_does_not_fill_the_overview() -> None:
    note = state.edited_text(None, FORMATS["progress"], "word " * 5000, text.parse, NOW)

    assert len(overview((1, note, ())).text.split()) < 300


def test_the_key_point_on_danger_is_one_that_was_affirmed() -> None:
    later = note_of({"risk": "Patient denied suicidal thoughts. The brother tried to kill himself."})
    earlier = note_of({"risk": 'Therapist asked: "Do you think of suicide?" Patient reported cutting herself.'})
    points = overview((2, later, ()), (1, earlier, ())).key_points

    assert points[0] == "Patient reported cutting herself (session 1)."
    assert overview((2, later, ())).key_points[0].startswith("Patient denied")


def test_danger_in_an_addendum_or_under_another_heading_is_told_as_danger() -> None:
    note = state.signed(
        note_of({"risk": "Not assessed in this session.", "plan": "Spoke of abuse. Call on Friday."}), "t", NOW
    )
    note = state.with_addendum(note, "The patient rang: an overdose last night.", "t", NOW)

    assert by_heading(overview((1, note, ())).text)["Risk Assessment"] == (
        "Spoke of {{RED:abuse}} (session 1). The patient rang: an {{RED:overdose}} last night (session 1)."
    )


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
TURNS = st.lists(st.tuples(st.sampled_from(["therapist", "client"]), WORDS), max_size=6)


SECTIONS = st.none() | st.dictionaries(st.sampled_from(["risk", "plan"]), WORDS)


@given(sessions=st.lists(st.tuples(SECTIONS, TURNS), min_size=1, max_size=5))
def test_any_sessions_give_a_whole_overview_and_the_same_from_what_was_kept(
    sessions: list[tuple[dict[str, str] | None, list[tuple[str, str]]]],
) -> None:
    read = [
        (
            number,
            digest_of(
                note_of(sections) if sections is not None else None,
                tuple(Turn(i, speaker, words) for i, (speaker, words) in enumerate(turns)),
                FORMATS,
            ),
        )
        for number, (sections, turns) in enumerate(sessions, 1)
    ]
    kept = [(number, from_json(json.loads(json.dumps(to_json(digest))))) for number, digest in read]
    first, second = summarise(read), summarise(kept)

    assert first == second
    assert [heading for heading in by_heading(first.text) if heading in HEADINGS] == HEADINGS
    assert len(first.key_points) <= 5
    assert mark_risk(first.text) == first.text
    cited = {int(n) for n in re.findall(r"\(session (\d+)\)", first.text)}
    assert cited <= set(range(1, len(sessions) + 1))


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=8), min_size=1, max_size=6, unique=True))
def test_an_overview_holds_what_each_session_says_once_newest_first_with_the_latest_marked(names: list[str]) -> None:
    said = [f"Told of <{name}>." for name in names]
    newest = len(said)
    notes = [note_of({"progress": one}, one) for one in said]
    sections = by_heading(overview(*((newest - place, note, ()) for place, note in enumerate(notes))).text)

    claims = [f"{one.rstrip('.')} (session {newest - place})." for place, one in enumerate(said)]
    assert sections["Latest Session"] == claims[0]
    assert sections["Progress"] == " ".join(claims)


ASKED, AGAIN = 'Therapist asked: "Any thoughts of suicide?"', 'Therapist asked: "Do you want to kill yourself?"'


def risk_of(*told: str) -> PatientSummary:
    """The overview of notes, newest first, whose section on danger says that."""
    sessions = [(len(told) - place, note_of({"risk": text}), ()) for place, text in enumerate(told)]
    return overview(*sessions)


def test_a_question_about_danger_stays_with_its_answer_where_another_session_answered_otherwise() -> None:
    summary = risk_of(f'{ASKED} Patient said: "No."', f'{ASKED} Patient said: "Yes, every night."')

    assert by_heading(summary.text)["Risk Assessment"] == mark_risk(
        f'{ASKED} Patient said: "No." (session 2). {ASKED} Patient said: "Yes, every night." (session 1).'
    )
    assert mark_risk(f'{ASKED} Patient said: "Yes, every night." (session 1).') in summary.key_points


def test_an_equal_answer_to_another_question_is_not_taken_for_the_same() -> None:
    told = by_heading(risk_of(f'{ASKED} Patient said: "No."', f'{AGAIN} Patient said: "No."').text)["Risk Assessment"]

    assert told.count('Patient said: "No."') == 2


def test_a_key_point_on_danger_holds_the_answer() -> None:
    points = risk_of(
        f'{ASKED} Patient said: "No." Therapist asked: "None at all?" Patient said: "At night."'
    ).key_points

    assert mark_risk(f'{ASKED} Patient said: "No."') in points[0]
    assert points[0].endswith('Patient said: "At night." (session 1).')


def test_an_affirmed_answer_behind_its_label_is_the_key_point() -> None:
    points = risk_of('Suicidal ideation: "No."', 'Suicidal ideation: "Yes, every night."').key_points

    assert points[0] == mark_risk('Suicidal ideation: "Yes, every night." (session 1).')


def test_a_danger_that_a_quotation_illustrates_is_the_key_point() -> None:
    endorsed = 'Client endorsed active suicidal ideation with a plan: "The pills are in my drawer."'

    assert risk_of("Denied suicidal ideation.", endorsed).key_points[0] == mark_risk(f"{endorsed} (session 1).")


def test_a_denial_between_speakers_without_a_role_takes_no_ones_place() -> None:
    denied = 'Speaker asked: "Any suicidal thoughts?" Speaker said: "No."'
    affirmed = "Client reported suicidal ideation with plan."

    assert risk_of(denied, affirmed).key_points[0] == mark_risk(f"{affirmed[:-1]} (session 1).")
