"""Properties 17 and 18: authorship through any sequence of calls, and no text of a person is ever lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from models.clinical.markers import normalise_markers
from tests.support.api import RunningApi, eventually
from tests.support.models import ObedientEngine, Run
from tests.support.transcripts import SHORT_SESSION

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
EDIT = st.builds(lambda words: ("edit", words), WORDS | st.just("") | st.just("**Plan:** Call on Friday."))
SECTION = st.builds(lambda words: ("section", words), WORDS)
CALLS = st.one_of(
    EDIT,
    EDIT,
    SECTION,
    st.builds(lambda words: ("generate", words), WORDS),
    st.builds(lambda words: ("regenerate", words), WORDS),
    st.builds(lambda words: ("keep", words), WORDS),
    st.builds(lambda words: ("race", words), WORDS),
    st.just(("sign", "")),
    st.just(("fail", "")),
    st.just(("cancel", "")),
)


@dataclass(slots=True)
class Expected:
    """What contract 3.1 says of the note after the calls so far. ``written``: every text that a person stored."""

    text: str | None = None
    is_ai: bool = False
    edited: bool = False
    generations: int = 0
    written: list[str] = field(default_factory=list)


# 50 calls in a run where there is time for many runs.
STEPS = 50 if settings().max_examples > 1000 else 6


@given(calls=st.lists(CALLS, min_size=1, max_size=STEPS))
def test_authorship_follows_the_contract_and_no_text_of_a_person_is_lost(
    run: Run, calls: list[tuple[str, str]]
) -> None:
    async def example(api: RunningApi, engine: ObedientEngine) -> None:
        session_id = await api.create(original_transcription=SHORT_SESSION)
        expected = Expected()
        stamps: list[str] = []
        for name, words in calls:
            before = (await session_of(api, session_id)).copy()
            await CARRY_OUT[name](api, engine, session_id, words, expected)
            after = await session_of(api, session_id)
            check(after, expected)
            stamp = after["notes_metadata"]["generated_at"]
            if stamp is not None and stamp not in stamps:
                stamps.append(stamp)
            if name in ("fail", "cancel"):
                assert (after["notes"], after["notes_metadata"]) == (before["notes"], before["notes_metadata"])
        assert len(stamps) == expected.generations
        await check_nothing_lost(api, session_id, expected)

    run(example)


async def session_of(api: RunningApi, session_id: int) -> dict[str, Any]:
    session: dict[str, Any] = (await api.http.get(f"/sessions/{session_id}")).json()["session"]
    return session


def check(session: dict[str, Any], expected: Expected) -> None:
    metadata = session["notes_metadata"]
    assert session["notes"] == expected.text
    assert (metadata["is_ai_generated"], metadata["edited_from_ai"]) == (expected.is_ai, expected.edited)
    assert (metadata["generated_at"] is not None) == (expected.generations > 0)


async def check_nothing_lost(api: RunningApi, session_id: int, expected: Expected) -> None:
    revisions = (await api.http.get(f"/sessions/{session_id}/notes/revisions")).json()["revisions"]
    kept = [revision["text"] for revision in revisions]
    assert all(any(words in text for text in kept) for words in expected.written)
    assert [revision["version"] for revision in revisions] == list(range(1, len(revisions) + 1))


async def edit(api: RunningApi, _engine: ObedientEngine, session_id: int, words: str, expected: Expected) -> None:
    answer = await api.http.put(f"/sessions/{session_id}/notes", json={"notes": words, "is_ai_generated": False})
    assert answer.status_code == 200, answer.text
    stored = normalise_markers(words)
    if stored != expected.text:
        expected.edited = expected.is_ai
    expected.text = stored
    expected.written.append(stored)


async def section(api: RunningApi, _engine: ObedientEngine, session_id: int, words: str, expected: Expected) -> None:
    """A person's text for one section: the rest of what stood there stays."""
    before = (await api.http.get(f"/sessions/{session_id}/notes")).json()
    old = next((one["text"] for one in before.get("sections", []) if one["id"] == "plan"), None)
    answer = await api.http.put(f"/sessions/{session_id}/notes", json={"sections": {"plan": words}})
    assert answer.status_code == 200, answer.text
    stored = normalise_markers(words)
    if stored != old:
        expected.edited = expected.is_ai
    expected.text = (await session_of(api, session_id))["notes"]
    expected.written.append(stored)
    assert stored.strip() in (expected.text or "")


async def write(api: RunningApi, session_id: int, body: dict[str, Any]) -> Any:
    return await api.http.post(f"/sessions/{session_id}/generate-notes", json=body)


async def generate(api: RunningApi, engine: ObedientEngine, session_id: int, words: str, expected: Expected) -> None:
    engine.fails, engine.says = False, {"plan": f" {words}."}
    answer = await write(api, session_id, {"regenerate": False})
    if expected.text is not None and expected.text.strip():
        assert answer.status_code == 400
        assert answer.json()["detail"] == "Notes already exist. Set regenerate=true to overwrite."
        return
    generated(answer, expected)


async def regenerate(api: RunningApi, engine: ObedientEngine, session_id: int, words: str, expected: Expected) -> None:
    engine.fails, engine.says = False, {"plan": f" {words}."}
    generated(await write(api, session_id, {"regenerate": True}), expected)


def generated(answer: Any, expected: Expected) -> None:
    assert answer.status_code == 200, answer.text
    expected.text = answer.json()["generated_notes"]
    expected.is_ai, expected.edited = True, False
    expected.generations += 1


async def keep(api: RunningApi, engine: ObedientEngine, session_id: int, words: str, expected: Expected) -> None:
    """Writing anew while keeping what a person touched: their sections stand to the letter."""
    engine.fails, engine.says = False, {"plan": f" {words}."}
    before = (await api.http.get(f"/sessions/{session_id}/notes")).json().get("sections", [])
    touched = {one["id"]: one["text"] for one in before if one["author"] != "ai" and one["text"]}
    stamp = (await session_of(api, session_id))["notes_metadata"]["generated_at"]
    answer = await write(api, session_id, {"regenerate": True, "force": False})
    assert answer.status_code == 200, answer.text
    document = (await api.http.get(f"/sessions/{session_id}/notes")).json()
    after = {one["id"]: one["text"] for one in document["sections"]}
    assert touched.items() <= after.items()
    expected.text = answer.json()["generated_notes"]
    authors = {one["author"] for one in document["sections"]}
    assert document["authorship"]["is_ai_generated"] == (expected.is_ai or "ai" in authors)
    expected.is_ai = document["authorship"]["is_ai_generated"]
    expected.edited = document["authorship"]["edited_from_ai"]
    assert expected.edited == (expected.is_ai and bool(authors - {"ai"}))
    expected.generations += document["authorship"]["generated_at"] != stamp


async def race(api: RunningApi, engine: ObedientEngine, session_id: int, words: str, expected: Expected) -> None:
    """A person types while the note is being written: whichever is stored last, nothing is lost, and a first note
    never takes the place of what was typed."""
    engine.fails, engine.says = False, {"plan": " Written by the model."}
    had_text = bool(expected.text and expected.text.strip())
    headers = {"Prefer": "respond-async"}
    body = {"regenerate": had_text}
    asked = await api.http.post(f"/sessions/{session_id}/generate-notes", json=body, headers=headers)
    typed = await api.http.put(f"/sessions/{session_id}/notes", json={"notes": words})
    assert (asked.status_code, typed.status_code) == (202, 200)
    stored = normalise_markers(words)
    expected.written.append(stored)
    document = await written(api, session_id)
    author = document["authorship"]
    revisions = (await api.http.get(f"/sessions/{session_id}/notes/revisions")).json()["revisions"]
    if document["text"] == stored:
        assert author["edited_from_ai"] == author["is_ai_generated"]
    else:
        assert had_text or stored.strip() == ""
        assert (author["is_ai_generated"], author["edited_from_ai"]) == (True, False)
    expected.text = document["text"]
    expected.is_ai, expected.edited = author["is_ai_generated"], author["edited_from_ai"]
    stamps = {revision["authorship"]["generated_at"] for revision in revisions} - {None}
    expected.generations = len(stamps)


async def written(api: RunningApi, session_id: int) -> dict[str, Any]:
    """The note once nothing is being written any more."""

    async def quiet() -> dict[str, Any] | None:
        document: dict[str, Any] = (await api.http.get(f"/sessions/{session_id}/notes")).json()
        return document if document["generation"] is None else None

    document = await eventually(quiet)
    assert document is not None
    return document


async def sign(api: RunningApi, engine: ObedientEngine, session_id: int, _words: str, expected: Expected) -> None:
    """Signed, the note does not change, whoever asks; opened with a reason, it is as it was."""
    path = f"/sessions/{session_id}/notes"
    signed = await api.http.post(f"{path}/sign")
    if expected.text is None:
        assert signed.status_code == 404
        return
    assert signed.status_code == 200
    engine.fails = False
    assert (await api.http.put(path, json={"notes": "Changed."})).status_code == 423
    refused = await write(api, session_id, {"regenerate": True})
    assert refused.status_code == 423
    assert (await api.http.post(f"{path}/unlock", json={"reason": "Wrong date"})).status_code == 200


async def fail(api: RunningApi, engine: ObedientEngine, session_id: int, _words: str, _expected: Expected) -> None:
    engine.fails = True
    answer = await write(api, session_id, {"regenerate": True, "allow_fallback": False})
    assert answer.status_code == 503


async def cancel(api: RunningApi, engine: ObedientEngine, session_id: int, _words: str, _expected: Expected) -> None:
    """Nothing runs between the calls: there is nothing to cancel, and nothing changes."""
    engine.fails = False
    assert (await api.http.delete(f"/sessions/{session_id}/notes/stream")).status_code == 404


CARRY_OUT = {
    "edit": edit,
    "section": section,
    "generate": generate,
    "regenerate": regenerate,
    "keep": keep,
    "race": race,
    "sign": sign,
    "fail": fail,
    "cancel": cancel,
}
