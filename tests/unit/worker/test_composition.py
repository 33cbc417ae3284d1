"""What an evaluation takes for the stored note is what the worker's composition stores."""

from __future__ import annotations

from typing import Any

import pytest

from models.clinical.plan import plan_note, plan_summary
from models.formats.format import load_format
from server.worker.composition import Composition
from training.checked import after_checks
from training.data import SessionRecord

SESSION = SessionRecord(
    "a",
    "Therapist: What brings you in?\n"
    "Patient: I sleep four hours a night since the divorce, and I worry about work all day.\n"
    "Therapist: Any thoughts of suicide?\nPatient: No, none.\n"
    "Therapist: Let's try a thought record, and a fixed time to get up. We meet next Tuesday.\n"
    "Patient: I can do that. I feel a little hopeful.",
    "Client sleeps four hours.",
)
PARAGRAPH = (
    "Client sleeps four hours a night since the divorce and worries about work. Client hears voices. "
    "No suicidal ideation. Interventions: thought record. Homework: fixed time to get up, yoga. Plan: meet Tuesday."
)


@pytest.mark.parametrize("cut_off", [False, True])
@pytest.mark.parametrize(
    "texts",
    [
        {"summary": PARAGRAPH},
        {"summary": PARAGRAPH + " Client will"},
        {"chief_complaint": "Patient sleeps four hours a night.", "progress": "", "summary": PARAGRAPH},
        {"emotional_state": "Patient is angry at the landlord.", "risk": "Patient denies suicidal thoughts."},
        {"intervention": "", "plan": "Thought record, a fixed time to get up, meeting next Tuesday and yoga."},
    ],
)
def test_an_evaluation_checks_texts_as_the_worker_does(texts: dict[str, str], cut_off: bool) -> None:
    shape = load_format()
    plans = [
        plan for plan in (*plan_note(shape, SESSION.turns), plan_summary(shape, SESSION.turns)) if plan.id in texts
    ]
    said: list[tuple[str, dict[str, Any]]] = []
    bounds = (shape.summary_min_words, shape.summary_max_words)
    composition = Composition(plans, SESSION.turns, 1, lambda kind, data: said.append((kind, data)), bounds)
    composition.write_fixed()
    for plan in composition.open_parts:
        composition.feed(plan.id, texts[plan.id])
        composition.end(plan.id, cut_off=cut_off)
    for part, text in composition.checked().items():
        composition.rewrite(part, text, "grounding")
    stored = {**composition.texts(), **({"summary": composition.summary} if "summary" in texts else {})}

    keys = {("a", part): text for part, text in texts.items()}
    assert composition.problems() == {}
    assert after_checks([SESSION], keys, keys if cut_off else ()) == {
        ("a", part): text for part, text in stored.items()
    }
