from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from events.asyncapi import asyncapi_document
from events.cloudevent import STRUCTURED, decode_event, encode_event, new_event
from events.contracts import (
    SEGMENT_TYPE,
    UPDATED_TYPE,
    NoteUpdatedData,
    SegmentData,
    SegmentIn,
    closed_subject,
    dead_subject,
    read_data,
    read_session_event,
    segment_subject,
    updated_subject,
)

DOCUMENT = asyncapi_document("1.2.3")
MESSAGES: dict[str, Any] = DOCUMENT["components"]["messages"]


def examples(message: str) -> list[dict[str, Any]]:
    return list(MESSAGES[message]["examples"])


def schema_of(message: str) -> dict[str, Any]:
    """The payload's schema, with the document's schemas where its references look for them."""
    return {**MESSAGES[message]["payload"], "components": DOCUMENT["components"]}


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for child in node.values():
            yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)


def resolve(reference: str) -> Any:
    node: Any = DOCUMENT
    for name in reference.removeprefix("#/").split("/"):
        node = node[name]
    return node


@pytest.mark.parametrize("message", ["segment", "closed", "updated"])
def test_every_example_is_valid_under_its_own_schema(message: str) -> None:
    for example in examples(message):
        jsonschema_rs.validate(schema_of(message), example["payload"])


@pytest.mark.parametrize(("message", "subject_of"), [("segment", segment_subject), ("closed", closed_subject)])
def test_every_example_of_an_input_is_read_by_the_product(message: str, subject_of: Any) -> None:
    for example in examples(message):
        payload = json.dumps(example["payload"]).encode()
        subject = subject_of(example["payload"]["data"]["session_id"])
        assert read_session_event(subject, payload, example["headers"]).event.id == example["headers"]["Nats-Msg-Id"]


def test_the_example_of_the_output_is_read_by_the_model_that_writes_it() -> None:
    [example] = examples("updated")
    event = decode_event(json.dumps(example["payload"]).encode(), example["headers"])
    assert read_data(event, NoteUpdatedData).version == 1


def test_what_the_product_writes_is_valid_under_the_published_schemas() -> None:
    segment = SegmentData(session_id=1, patient_id=2, segments=[SegmentIn(index=0, speaker="client", text="Fine.")])
    failed = NoteUpdatedData(
        session_id=1,
        patient_id=2,
        version=0,
        status=None,
        change="failed",
        is_ai_generated=False,
        edited_from_ai=False,
        model=None,
        href="/sessions/1/notes",
    )
    for message, type_, data in (("segment", SEGMENT_TYPE, segment), ("updated", UPDATED_TYPE, failed)):
        payload, _ = encode_event(new_event(type_, data, source="/casenote", subject="1"))
        jsonschema_rs.validate(schema_of(message), json.loads(payload))


@pytest.mark.parametrize("wrong", [{"session_id": "1"}, {"session_id": 0}, {"closed_at": None}])
def test_the_schema_refuses_what_the_product_refuses(wrong: dict[str, Any]) -> None:
    [example, *_] = examples("closed")
    body = {**example["payload"], "data": {**example["payload"]["data"], **wrong}}
    assert not jsonschema_rs.is_valid(schema_of("closed"), body)


def test_every_reference_leads_somewhere() -> None:
    found = list(references(DOCUMENT))
    assert len(found) > 10
    for reference in found:
        assert resolve(reference) is not None


def test_the_addresses_are_the_subjects_of_the_product() -> None:
    addresses = {channel["address"] for channel in DOCUMENT["channels"].values()}
    made = {make(7).replace("7", "{sessionId}") for make in (segment_subject, closed_subject, updated_subject)}
    assert addresses == made | {dead_subject("sessions.{sessionId}.{event}")}


def test_every_channel_has_an_operation_and_says_its_content_type() -> None:
    used = {operation["channel"]["$ref"].rpartition("/")[2] for operation in DOCUMENT["operations"].values()}
    assert used == set(DOCUMENT["channels"])
    assert DOCUMENT["defaultContentType"] == STRUCTURED
    assert DOCUMENT["asyncapi"].startswith("3.")
    assert DOCUMENT["info"]["version"] == "1.2.3"


def test_credentials_of_the_server_are_left_out() -> None:
    text = json.dumps(asyncapi_document("1", "nats://clinic:secretword@10.0.0.5:4333"))
    assert "secretword" not in text
    assert '"host": "10.0.0.5:4333"' in text
