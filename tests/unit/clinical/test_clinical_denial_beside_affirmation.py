"""A client who affirms one thing and denies another: the note may deny only what was denied."""

from __future__ import annotations

import pytest

from models.clinical.grounding import check_section
from models.formats import Gate
from models.transcript import parse_transcript
from tests.support.transcripts import sample_turns

AFFIRMED_BUT_NO_ATTEMPT = parse_transcript(
    """Therapist: Have you had thoughts of suicide?
Patient: Yes, on Monday night it was bad.
Therapist: Have you ever tried to end your life? Do you have a plan?
Patient: No, never. And no plan."""
)


@pytest.mark.parametrize(
    "sentence",
    [
        "Patient denied thoughts of suicide.",
        "Patient denies suicidal ideation.",
        "No suicidal ideation.",
        "Patient denied thoughts of suicide, saying that she never did anything.",
    ],
)
def test_affirmed_thoughts_of_suicide_are_never_denied(sentence: str) -> None:
    for turns in (AFFIRMED_BUT_NO_ATTEMPT, sample_turns("safety-plan")):
        grounded = check_section(sentence, turns, Gate.RISK, absent="Not assessed in this session.", words=45)

        assert "risk_contradicted" in grounded.removed
        assert "denie" not in grounded.text
        assert "Yes" in grounded.text


@pytest.mark.parametrize("sentence", ["Patient denied suicidal intent.", "Patient denied a past suicide attempt."])
def test_what_was_denied_beside_it_may_be_noted(sentence: str) -> None:
    grounded = check_section(sentence, AFFIRMED_BUT_NO_ATTEMPT, Gate.RISK, words=45)

    assert "risk_contradicted" not in grounded.removed
