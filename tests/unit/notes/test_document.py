"""What the document of a note says of its sentences."""

from __future__ import annotations

from datetime import UTC, datetime

from models.formats import load_formats
from models.transcript import parse_transcript
from server.notes import merging, text
from server.notes.document import evidence_of
from server.notes.state import Draft

TURNS = parse_transcript(
    """Therapist: Did you sleep?
Client: No.
Therapist: Any thoughts of suicide?
Client: No."""
)


def test_an_answer_of_one_word_rests_on_the_turn_that_answered_the_question_before_it() -> None:
    told = 'Therapist asked: "Any thoughts of suicide?" Patient said: "No."'
    draft = Draft(load_formats()["progress"], {"risk": told}, told, None, True, 0.1)
    note = merging.generated(None, draft, text.render, datetime(2026, 3, 1, tzinfo=UTC))

    found = evidence_of(note, TURNS)

    for sentences in (found["summary_sentences"], found["sentences"]["risk"]):
        assert [(one["turns"], one["supported"]) for one in sentences] == [([2], True), ([3], True)]
