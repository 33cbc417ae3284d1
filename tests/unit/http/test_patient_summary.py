"""The overview of a patient: latest session first, each claim with its session, nothing that no session holds."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from models.clinical.markers import mark_risk
from models.formats import load_formats
from models.transcript import Turn, parse_transcript
from server.notes import state, text
from server.notes.patient_summary import SessionText, summarise
from server.notes.state import Draft, Note
from tests.support.transcripts import SHORT_SESSION

FORMATS = load_formats()
NOW = datetime(2026, 3, 1, tzinfo=UTC)
HEADINGS = [
    "Latest Session", "Chief Complaint", "Emotional State", "Risk Assessment", "Intervention", "Progress", "Plan",
]  # fmt: skip


def note_of(sections: dict[str, str], summary: str = "", note_format: str = "progress") -> Note:
    draft = Draft(FORMATS[note_format], sections, summary, None, True, 0.1)
    return state.generated(None, draft, text.render, NOW)


def by_heading(summary: str) -> dict[str, str]:
    parts = re.split(r"^\*\*([^*]+):\*\* ", summary, flags=re.MULTILINE)[1:]
    return {heading: body.strip() for heading, body in zip(parts[::2], parts[1::2], strict=True)}


def test_every_heading_stands_once_and_in_order() -> None:
    summary = summarise([SessionText(1, None, parse_transcript(SHORT_SESSION))], FORMATS)

    assert list(by_heading(summary.text)) == HEADINGS


def test_the_latest_session_comes_first_and_each_claim_names_its_session() -> None:
    newer = note_of({"plan": "Keep a sleep diary.", "progress": "Sleep got better."}, "The client slept better.")
    older = note_of({"plan": "Breathe twice a day.", "progress": "No change."})
    sections = by_heading(summarise([SessionText(2, newer, ()), SessionText(1, older, ())], FORMATS).text)

    assert sections["Latest Session"] == "The client slept better (session 2)."
    assert sections["Plan"] == "Keep a sleep diary (session 2). Breathe twice a day (session 1)."
    assert sections["Progress"] == "Sleep got better (session 2). No change (session 1)."


def test_what_no_session_spoke_of_is_said_so() -> None:
    sections = by_heading(summarise([SessionText(1, note_of({"progress": "Some."}), ())], FORMATS).text)

    assert sections["Risk Assessment"] == "Not assessed in this session."
    assert sections["Plan"] == "None discussed."


def test_risk_of_every_session_is_kept_and_marked_once() -> None:
    notes = [note_of({"risk": f"{{{{RED:suicide}}}} was spoken of in week {n}."}) for n in range(12)]
    sessions = [SessionText(12 - n, note, ()) for n, note in enumerate(notes)]
    summary = summarise(sessions, FORMATS)
    risk = by_heading(summary.text)["Risk Assessment"]

    assert all(f"(session {n})" in risk for n in range(1, 13))
    assert risk.count("{{RED:suicide}}") == 12
    assert mark_risk(summary.text) == summary.text
    assert any("{{RED:suicide}}" in point for point in summary.key_points)


def test_the_same_claim_of_several_sessions_is_said_once_with_the_latest() -> None:
    same = note_of({"plan": "Keep a sleep diary."})
    plan = by_heading(summarise([SessionText(n, same, ()) for n in (3, 2, 1)], FORMATS).text)["Plan"]

    assert plan == "Keep a sleep diary (session 3)."


def test_a_note_of_another_format_is_read_by_its_topics() -> None:
    sections = {spec.id: f"Words of {spec.id}." for spec in FORMATS["soap"].sections}
    summary = summarise([SessionText(1, note_of(sections, note_format="soap"), ())], FORMATS)

    assert "Words of plan (session 1)." in by_heading(summary.text)["Plan"]


def test_a_note_without_headings_is_read_too() -> None:
    note = state.edited_text(None, FORMATS["progress"], "Spoke of an overdose. Slept badly.", text.parse, NOW)
    sections = by_heading(summarise([SessionText(4, note, ())], FORMATS).text)

    assert sections["Risk Assessment"] == "Spoke of an {{RED:overdose}} (session 4)."
    assert "Slept badly (session 4)." in sections["Chief Complaint"]


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
TURNS = st.lists(st.tuples(st.sampled_from(["therapist", "client"]), WORDS), max_size=6)


SECTIONS = st.none() | st.dictionaries(st.sampled_from(["risk", "plan"]), WORDS)


@given(sessions=st.lists(st.tuples(SECTIONS, TURNS), min_size=1, max_size=5))
def test_any_sessions_give_the_same_whole_overview_twice(
    sessions: list[tuple[dict[str, str] | None, list[tuple[str, str]]]],
) -> None:
    texts = [
        SessionText(
            number,
            note_of(sections) if sections is not None else None,
            tuple(Turn(i, speaker, words) for i, (speaker, words) in enumerate(turns)),
        )
        for number, (sections, turns) in enumerate(sessions, 1)
    ]
    first, second = summarise(texts, FORMATS), summarise(texts, FORMATS)

    assert first == second
    assert [heading for heading in by_heading(first.text) if heading in HEADINGS] == HEADINGS
    assert len(first.key_points) <= 5
    assert mark_risk(first.text) == first.text
    cited = {int(n) for n in re.findall(r"\(session (\d+)\)", first.text)}
    assert cited <= set(range(1, len(sessions) + 1))
