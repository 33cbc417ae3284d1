"""Property 13: legacy responses match contract 3.1 exactly, for any stored data."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.support.api import RunningApi
from tests.support.models import ObedientEngine, Run

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=200)
RISKY = st.sampled_from(
    ["{{RED:suicide}}", "{{RED}}abuse{{/REDC}}", "**Risk:** none", "{{red:kill}}", "**Plan:**", "\n"]
)
NOTES = st.lists(TEXT | RISKY, max_size=6).map("".join)
INTEGER = st.integers(0, 2**63 - 1)
FIELDS = st.fixed_dictionaries(
    {"patient_id": st.integers(1, 2**63 - 1)},
    optional={
        "session_date": st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)).map(datetime.isoformat),
        "duration": st.none() | INTEGER,
        "language": st.none() | TEXT,
        "original_transcription": st.none() | TEXT,
        "translated_transcription": st.none() | TEXT,
        "translation_language": st.none() | TEXT,
        "audio_file_path": st.none() | TEXT,
        "audio_file_size": st.none() | INTEGER,
        "notes": st.none() | NOTES,
        "diagnosis": st.none() | TEXT,
        "treatment_plan": st.none() | TEXT,
        "is_completed": st.booleans(),
    },
)
TEXTS = (
    "language", "original_transcription", "translated_transcription", "translation_language", "audio_file_path",
    "notes", "diagnosis", "treatment_plan",
)  # fmt: skip


def is_time(value: object) -> bool:
    return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None


def check_session(session: dict[str, Any]) -> None:
    """Members and types of a session of contract 3.1, no more and no fewer."""
    assert set(session) == {
        "id", "patient_id", "session_number", "session_date", "duration", "language", "original_transcription",
        "translated_transcription", "translation_language", "audio_file_path", "audio_file_size", "notes",
        "diagnosis", "treatment_plan", "is_completed", "created_at", "updated_at", "notes_metadata",
    }  # fmt: skip
    assert all(type(session[name]) is int for name in ("id", "patient_id", "session_number"))
    assert all(session[name] is None or type(session[name]) is int for name in ("duration", "audio_file_size"))
    assert all(session[name] is None or type(session[name]) is str for name in TEXTS)
    assert all(is_time(session[name]) for name in ("session_date", "created_at", "updated_at"))
    assert type(session["is_completed"]) is bool
    metadata = session["notes_metadata"]
    assert set(metadata) == {"is_ai_generated", "edited_from_ai", "generated_at", "last_edited_at"}
    assert type(metadata["is_ai_generated"]) is bool
    assert type(metadata["edited_from_ai"]) is bool
    assert all(metadata[name] is None or is_time(metadata[name]) for name in ("generated_at", "last_edited_at"))


@given(fields=FIELDS, edit=NOTES)
def test_sessions_have_the_legacy_shape_and_what_was_stored(run: Run, fields: dict[str, Any], edit: str) -> None:
    async def example(api: RunningApi, _engine: ObedientEngine) -> None:
        created = await api.http.post("/sessions/", json=fields)
        assert created.status_code == 200, created.text
        assert set(created.json()) == {"success", "message", "session"}
        session = created.json()["session"]
        check_session(session)
        for name, value in fields.items():
            if name == "session_date":
                assert datetime.fromisoformat(session[name]) == datetime.fromisoformat(value).replace(tzinfo=UTC)
            elif name != "notes":
                assert session[name] == value
        read = (await api.http.get(f"/sessions/{session['id']}")).json()
        assert read == {"success": True, "session": session}
        await check_patient(api, session)
        await check_edit(api, session["id"], edit)
        await check_summary(api, session["patient_id"])

    run(example)


async def check_patient(api: RunningApi, session: dict[str, Any]) -> None:
    body = (await api.http.get(f"/sessions/patient/{session['patient_id']}")).json()
    assert set(body) == {"success", "count", "sessions"}
    assert body["count"] == len(body["sessions"])
    assert session in body["sessions"]
    dates = [datetime.fromisoformat(one["session_date"]) for one in body["sessions"]]
    assert dates == sorted(dates, reverse=True)


async def check_edit(api: RunningApi, session_id: int, edit: str) -> None:
    answer = await api.http.put(f"/sessions/{session_id}/notes", json={"notes": edit})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert set(body) - {"version"} == {"success", "session_id", "notes", "updated_at", "notes_metadata"}
    assert set(body["notes_metadata"]) == {"is_ai_generated", "edited_from_ai"}
    assert is_time(body["updated_at"])
    read = (await api.http.get(f"/sessions/{session_id}")).json()["session"]
    check_session(read)
    assert (read["notes"], read["updated_at"]) == (body["notes"], body["updated_at"])


async def check_summary(api: RunningApi, patient_id: int) -> None:
    answer = await api.http.post("/summarize-sessions", json={"patient_id": patient_id})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert set(body) == {"success", "summary", "session_count", "key_points"}
    assert type(body["session_count"]) is int
    assert len(body["key_points"]) <= 5
    assert re.findall(r"^\*\*([^*\n]+):\*\*", body["summary"], re.MULTILINE) == [
        "Latest Session", "Chief Complaint", "Emotional State", "Risk Assessment", "Intervention", "Progress", "Plan",
    ]  # fmt: skip
    assert all(type(point) is str for point in body["key_points"])


@given(text=TEXT | TEXT.map(lambda words: f"Patient: {words}\n" * 8), fails=st.booleans())
def test_generating_has_the_legacy_shape_for_any_transcription(run: Run, text: str, fails: bool) -> None:
    async def example(api: RunningApi, engine: ObedientEngine) -> None:
        engine.says, engine.fails = {"risk": " Something was said.", "plan": text}, fails
        session_id = await api.create(original_transcription=text)
        answer = await api.http.post(f"/sessions/{session_id}/generate-notes", json={"regenerate": False})
        if len(text.strip()) < 50:
            assert answer.status_code == 400
            assert answer.json()["detail"] == "Session transcription is too short for summarization"
            return
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert set(body) == {"success", "session_id", "generated_notes", "can_edit", "inference_time"}
        assert (body["success"], body["session_id"], body["can_edit"]) == (True, session_id, True)
        assert type(body["generated_notes"]) is str
        assert type(body["inference_time"]) is float

    run(example)
