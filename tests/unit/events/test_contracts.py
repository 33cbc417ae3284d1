from __future__ import annotations

import base64
import copy
import json
import os
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.contracts import (
    CLOSED_TYPE,
    MAX_TRANSCRIPT_CHARACTERS,
    SEGMENT_TYPE,
    UPDATED_TYPE,
    ClosedData,
    CloudEvent,
    NoteChange,
    NoteStatus,
    NoteUpdatedData,
    SegmentData,
    SegmentIn,
    UnreadableEventError,
    closed_subject,
    decode_event,
    encode_event,
    new_event,
    parse_session_subject,
    read_data,
    read_session_event,
    segment_subject,
)
from events.subjects import MAX_ID

ROUNDS = int(os.environ.get("EVENT_ROUNDS", "2000"))
STRUCTURED = {"content-type": "application/cloudevents+json"}

ids = st.integers(1, MAX_ID)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=200)
attributes = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60)
segments = st.builds(
    SegmentIn,
    index=st.integers(0, 1_000_000),
    speaker=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=64),
    text=texts,
    start=st.none() | st.floats(0, 1e9),
)
times = st.datetimes(timezones=st.just(UTC))
segment_data = st.builds(
    SegmentData,
    session_id=ids,
    patient_id=ids,
    therapist_id=st.none() | attributes,
    segments=st.lists(segments, min_size=1, max_size=5),
)
closed_data = st.builds(
    ClosedData,
    session_id=ids,
    patient_id=ids,
    therapist_id=st.none() | attributes,
    transcript=st.none() | texts,
    closed_at=times,
)
updated_data = st.builds(
    NoteUpdatedData,
    session_id=ids,
    patient_id=ids,
    version=st.integers(0, MAX_ID),
    status=st.none() | st.sampled_from(NoteStatus),
    change=st.sampled_from(NoteChange),
    is_ai_generated=st.booleans(),
    edited_from_ai=st.booleans(),
    model=st.none(),
    href=texts,
    text=st.none() | texts,
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(texts, children, max_size=3),
    max_leaves=8,
)


def closed_event(**changes: Any) -> dict[str, Any]:
    body = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/clinic",
        "type": CLOSED_TYPE,
        "data": {"session_id": 7, "patient_id": 3, "closed_at": "2026-11-23T10:00:00+01:00"},
    }
    return body | changes


def read_closed(body: Any, headers: dict[str, str] = STRUCTURED) -> ClosedData:
    data = read_session_event("sessions.7.closed", json.dumps(body).encode(), headers).data
    assert isinstance(data, ClosedData)
    return data


def reason_of(body: Any, headers: dict[str, str] = STRUCTURED) -> str:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(UnreadableEventError) as caught:
        read_session_event("sessions.7.closed", payload, headers)
    return caught.value.reason


@settings(max_examples=ROUNDS // 4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        segment_data.map(lambda data: (SEGMENT_TYPE, SegmentData, data)),
        closed_data.map(lambda data: (CLOSED_TYPE, ClosedData, data)),
        updated_data.map(lambda data: (UPDATED_TYPE, NoteUpdatedData, data)),
    ),
    attributes,
    st.none() | attributes,
)
def test_every_event_is_read_back_as_it_was_written(
    case: tuple[str, type, Any], source: str, trace: str | None
) -> None:
    type_, model, data = case
    event = new_event(type_, data, source=source, subject=str(data.session_id), sequence="001", traceparent=trace)

    payload, headers = encode_event(event)
    back = decode_event(payload, headers)

    assert back == event
    assert headers == {"content-type": "application/cloudevents+json", "Nats-Msg-Id": event.id}
    assert read_data(back, model) == data


@settings(max_examples=ROUNDS // 4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(json_values, st.dictionaries(st.text("abcdefghij", min_size=1), st.integers(0, 9) | st.booleans() | attributes))
def test_any_json_data_and_any_extension_survive_the_round_trip(data: Any, extensions: dict[str, Any]) -> None:
    known = set(CloudEvent.model_fields)
    event = CloudEvent(
        id="1", source="s", type="t", data=data, **{k: v for k, v in extensions.items() if k not in known}
    )

    payload, headers = encode_event(event)

    assert decode_event(payload, headers).model_dump() == event.model_dump()


@settings(max_examples=ROUNDS, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.binary(max_size=200), st.dictionaries(st.sampled_from(["content-type", "ce-specversion", "ce-id"]), attributes)
)
def test_no_payload_does_more_than_be_refused(payload: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(UnreadableEventError):
        read_session_event("sessions.7.closed", payload, headers)


CANARY = "CanaryWord"


def refusal(payload: bytes) -> str:
    """Why the payload was refused; a dash when it was not."""
    try:
        read_session_event("sessions.7.closed", payload, STRUCTURED)
    except UnreadableEventError as error:
        return error.reason
    return "-"


@st.composite
def hostile_bodies(draw: st.DrawFn) -> Any:
    """An event that is wrong in one to three places, with a canary in what is wrong."""
    body = closed_event()
    body["data"] = dict(body["data"])
    junk = st.sampled_from(
        [CANARY, [CANARY], {CANARY: CANARY}, {"a": {CANARY: [CANARY]}}, f"{CANARY}\x00", -1, 2.5, None]
    )
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from([body, body["data"]])) if isinstance(body["data"], dict) else body
        place[draw(st.sampled_from([*place, CANARY, f"{CANARY} two", "transcript", "therapist_id"]))] = copy.deepcopy(
            draw(junk)
        )
    return body


@settings(max_examples=ROUNDS, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(hostile_bodies())
def test_a_refusal_never_quotes_what_was_sent(body: Any) -> None:
    reason = refusal(json.dumps(body).encode())

    assert CANARY not in reason
    assert reason.isprintable()
    assert len(reason) < 500


def test_a_structured_event_is_read() -> None:
    data = read_closed(closed_event())

    assert data.session_id == 7
    assert data.closed_at == datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_fields_and_attributes_that_are_unknown_are_no_mistake() -> None:
    body = closed_event(partitionkey="north", retries=3)
    body["data"]["ward"] = "north"

    assert read_closed(body).patient_id == 3
    assert decode_event(json.dumps(body).encode(), STRUCTURED).model_extra == {"partitionkey": "north", "retries": 3}


def test_binary_mode_is_read() -> None:
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "e-1",
        "ce-source": "/clinic%20north",
        "ce-type": CLOSED_TYPE,
        "Content-Type": "application/json; charset=utf-8",
    }
    payload = json.dumps(closed_event()["data"]).encode()

    event = read_session_event("sessions.7.closed", payload, headers)

    assert event.event.source == "/clinic north"
    assert event.data.session_id == 7


def test_a_structured_event_without_content_type_is_read() -> None:
    assert read_closed(closed_event(), headers={}).session_id == 7


def test_data_in_base64_is_read() -> None:
    body = closed_event()
    body["data_base64"] = base64.b64encode(json.dumps(body.pop("data")).encode()).decode()

    assert read_closed(body).session_id == 7


def test_a_therapist_may_be_a_number_or_text() -> None:
    body = closed_event()
    body["data"]["therapist_id"] = 12
    assert read_closed(body).therapist_id == "12"
    body["data"]["therapist_id"] = "auth0|5"
    assert read_closed(body).therapist_id == "auth0|5"


def test_a_time_without_offset_is_utc() -> None:
    body = closed_event()
    body["data"]["closed_at"] = "2026-11-23T10:00:00"
    assert read_closed(body).closed_at == datetime(2026, 11, 23, 10, tzinfo=UTC)


def test_what_is_absent_is_not_sent_and_what_is_unknown_is_null() -> None:
    data = NoteUpdatedData(
        session_id=1,
        patient_id=2,
        version=3,
        change=NoteChange.FAILED,
        is_ai_generated=False,
        edited_from_ai=False,
        href="/sessions/1/notes",
    )
    body = json.loads(encode_event(new_event(UPDATED_TYPE, data, source="/casenote", subject="1"))[0])["data"]

    assert body["model"] is None
    assert body["status"] is None
    assert "text" not in body
    assert "summary" not in body


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"session_id": 0}, "data.session_id"),
        ({"session_id": "7"}, "data.session_id: Input should be a valid integer"),
        ({"session_id": 2**63}, "data.session_id"),
        ({"session_id": 8}, "data.session_id is not the session of the subject"),
        ({"session_id": True}, "data.session_id"),
        ({"patient_id": 1.0}, "data.patient_id"),
        ({"closed_at": 1_700_000_000}, "data.closed_at"),
        ({"closed_at": "yesterday"}, "data.closed_at: Value error, must be a date and time in ISO 8601"),
        ({"closed_at": "9999-12-31T23:59:59-12:00"}, "data.closed_at: Value error, must be a date and time"),
        ({"closed_at": "0001-01-01T00:00:00+12:00"}, "data.closed_at: Value error, must be a date and time"),
        ({"transcript": "a\x00b"}, "data.transcript: Value error, must not hold the NUL character"),
        ({"transcript": "x" * (MAX_TRANSCRIPT_CHARACTERS + 1)}, "data.transcript: String should have at most 2000000"),
    ],
)
def test_data_that_cannot_be_is_refused_by_name(change: dict[str, Any], reason: str) -> None:
    body = closed_event()
    body["data"] |= change
    assert reason in reason_of(body)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "the payload is not JSON in UTF-8"),
        (b"\xff\xfe", "the payload is not JSON in UTF-8"),
        (b"[" * 100_000, "the payload is not JSON in UTF-8"),
        (b'{"a": NaN}', "the payload is not JSON in UTF-8"),
        (b'{"a": "\\ud800"}', "the payload is not JSON in UTF-8"),
        (b"[]", "the payload is JSON but no object"),
        (b"{}", "event.id: Field required"),
        (b" " * (8 * 1024 * 1024 + 1), "more than 8388608"),
    ],
)
def test_a_payload_that_is_no_event_is_refused(payload: bytes, reason: str) -> None:
    assert reason in reason_of(payload)


def test_an_event_of_another_type_than_its_subject_is_refused() -> None:
    assert "type must be casenote.session.closed.v1" in reason_of(closed_event(type=SEGMENT_TYPE))


def test_a_batch_is_refused() -> None:
    assert "batch" in reason_of([closed_event()], {"content-type": "application/cloudevents-batch+json"})


def test_data_that_is_not_json_is_refused() -> None:
    assert "datacontenttype" in reason_of(closed_event(datacontenttype="text/plain"))


@pytest.mark.parametrize(
    "subject", ["sessions.0.closed", "sessions.07.closed", "sessions.7.opened", "sessions.x.closed", "notes.7.closed"]
)
def test_a_subject_that_names_no_session_event_is_refused(subject: str) -> None:
    with pytest.raises(UnreadableEventError, match="the subject is not"):
        read_session_event(subject, json.dumps(closed_event()).encode(), STRUCTURED)


def test_a_turn_beyond_its_limits_is_refused_by_its_place() -> None:
    body = closed_event(type=SEGMENT_TYPE)
    turns = [{"index": 0, "speaker": "client", "text": "fine"}, {"index": 1, "speaker": "client", "text": "x" * 20_001}]
    body["data"] = {"session_id": 7, "patient_id": 3, "segments": turns}

    with pytest.raises(UnreadableEventError) as caught:
        read_session_event(segment_subject(7), json.dumps(body).encode(), STRUCTURED)

    assert caught.value.reason == "data.segments.1.text: String should have at most 20000 characters"


def test_new_ids_sort_by_time() -> None:
    made = [new_event("t", {}, source="s", subject="1").id for _ in range(100)]
    assert made == sorted(made)
    assert len(set(made)) == 100


@given(ids)
def test_subjects_are_read_back(session_id: int) -> None:
    assert parse_session_subject(segment_subject(session_id)) == (session_id, "segment")
    assert parse_session_subject(closed_subject(session_id)) == (session_id, "closed")
