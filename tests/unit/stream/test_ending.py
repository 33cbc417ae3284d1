"""The end of a stream that comes from the database: nothing is told twice, and nothing is left out."""

from __future__ import annotations

from typing import Any

from server.stream.ending import is_partial, texts_of, written_end

NOTE: dict[str, Any] = {
    "sections": [
        {"id": "risk", "heading": "Risk", "text": "None discussed."},
        {"id": "plan", "heading": "Plan", "text": ""},
    ],
    "summary": "A short one.",
}
TOLD: list[tuple[str, dict[str, Any]]] = [
    ("section", {"section": "risk", "heading": "Risk"}),
    ("token", {"section": "risk", "text": "None"}),
    ("token", {"section": "risk", "text": " discussed."}),
    ("token", {"section": "summary", "text": "A short one."}),
]


def test_what_was_told_whole_only_ends() -> None:
    [end] = written_end("g", 1, TOLD, NOTE)

    assert (end.event, end.data) == ("note", NOTE)


def test_what_was_told_in_part_is_told_anew() -> None:
    events = list(written_end("g", 2, TOLD[:2], NOTE))

    assert events[0].event == "reset"
    assert events[0].data["attempt"] == 2
    assert texts_of([*TOLD[:2], *((one.event, one.data) for one in events)]) == {
        "risk": "None discussed.",
        "summary": "A short one.",
    }
    assert [one.position for one in events] == sorted(one.position for one in events)
    assert [is_partial(one.position) for one in events] == [True] * (len(events) - 1) + [False]


def test_a_text_that_was_taken_back_does_not_count_as_told() -> None:
    taken_back = [*TOLD, ("reset", {"attempt": 1, "section": "risk", "reason": "copying"})]

    assert texts_of(taken_back) == {"summary": "A short one."}
    assert texts_of([*TOLD, ("reset", {"attempt": 2, "reason": "restarted"})]) == {}
