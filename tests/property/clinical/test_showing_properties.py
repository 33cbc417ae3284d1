"""What readers see while a section is written: never, not for a moment, a claim that the session does not bear out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from clinical_texts import cut, emitted
from hypothesis import given
from hypothesis import strategies as st

from models.clinical.changes import invented_change
from models.clinical.markers import strip_markers
from models.clinical.plan import SectionPlan, plan_note, plan_summary
from models.clinical.risk_rule import unspoken_risk
from models.clinical.rules import (
    contradicted_negation,
    invented_assurance,
    invented_date,
    invented_denial,
    invented_diagnosis,
    invented_medication,
    invented_name,
    invented_number,
    invented_plan,
)
from models.clinical.sentences import split_sentences
from models.clinical.session import session_of
from models.clinical.sieve import unquote
from models.clinical.writer import SectionWriter
from models.formats import load_format
from models.transcript import Turn

_CLAIMS = (
    unspoken_risk,
    invented_denial,
    invented_medication,
    invented_number,
    invented_date,
    invented_diagnosis,
    invented_change,
    invented_plan,
    contradicted_negation,
    invented_assurance,
    invented_name,
)
_TOPICS = (
    *("suicidal ideation", "thoughts of suicide", "self-harm", "homicidal ideation", "urges to hurt himself", "SI/HI"),
    *("hallucinations", "delusions", "alcohol use", "drug use", "sleep problems", "panic", "trauma", "side effects"),
)
_ASKED = ("thoughts of suicide", "self-harm", "hallucinations", "alcohol", "sleep", "panic", "thoughts of murder")
_ANSWERS = st.sampled_from(["No.", "Yes, last night.", "Hm. Let us talk of my job.", "No, never."])
_VERBS = ("denies", "denied", "does not endorse", "reports no", "has no", "was without", "reports", "endorses")
_LOG = "For next week, keep a mood log and call Robert. Do you take the sertraline, 50 mg?"
_SILENT_ON = {"denies", "denied", "deni", "den", "no", "not", "without", "suicidal", "homicidal", "suicide"}
_denials = st.builds(
    lambda who, verb, first, between, second: f"{who} {verb} {first}{between}{second}.",
    st.sampled_from(["Patient", "Client", "She", "The patient", "Mood low; he"]),
    st.sampled_from(_VERBS),
    st.sampled_from(_TOPICS),
    st.sampled_from([" and ", ", ", "/", " or any ", " but reports "]),
    st.sampled_from(_TOPICS),
)
_findings = st.sampled_from(
    [
        "No SI/HI.",
        "Risk is low.",
        "SI: none. Patient contracts for safety.",
        "Suicidal ideation was ruled out; feels safe at home.",
        "Patient met with Dr. Hallström in Gothenburg on Friday.",
        "Patient takes sertraline 50 mg and quetiapine 300 mg.",
        "Diagnosed with bipolar II disorder.",
        "Homework: a mood log three times a day.",
        "Patient will attend the group next week and call Robert.",
        'Patient said "I never said any such thing. Not once." to Maria.',
        "Oriented to person, place and time.",
        "Sleeps badly and worries about work.",
        "Lost 83 pounds since March.",
        "Sleep improved; anxiety decreased from 3 to 50.",
        "Client reports improved mood, reduced avoidance, and panic.",
        "Mood stable, and worry went from a two to a three.",
    ]
)
_outputs = st.lists(st.one_of(_denials, _denials, _findings, emitted), min_size=1, max_size=5).map(" ".join)


@st.composite
def _sessions(draw: st.DrawFn) -> tuple[Turn, ...]:
    """Questions with their answers, and talk between them."""
    spoken: list[tuple[str, str]] = [("client", "I sleep badly and worry about work, and I feel low since Friday.")]
    for topic in draw(st.lists(st.sampled_from(_ASKED), max_size=4, unique=True)):
        spoken.append(("therapist", f"Any {topic}?"))
        spoken.append(("client", draw(_ANSWERS)))
    if draw(st.booleans()):
        spoken.append(("therapist", _LOG))
    return tuple(Turn(at, who, text) for at, (who, text) in enumerate(spoken))


def _seen(plan: SectionPlan, turns: tuple[Turn, ...], pieces: list[str]) -> Iterator[str]:
    """All that a reader has on the screen, after each step that changes it."""
    writer = SectionWriter(plan, turns)
    screen = ""
    for step in [*pieces, None]:
        out = writer.finish() if step is None else writer.feed(step)
        if out or writer.taken_back:
            screen = out if writer.taken_back else screen + out
            yield screen
        if writer.done and step is not None:
            continue
    assert screen == writer.text


@given(_outputs, _sessions(), st.lists(st.integers(1, 9), max_size=5), st.data())
def test_nothing_that_a_reader_has_seen_claims_what_the_session_does_not_bear_out(
    output: str, turns: tuple[Turn, ...], sizes: list[int], data: st.DataObject
) -> None:
    note_format = load_format()
    open_plans = [plan for plan in (*plan_note(note_format, turns), plan_summary(note_format, turns)) if not plan.fixed]
    plan = data.draw(st.sampled_from(open_plans))
    session = session_of(turns)

    for screen in _seen(plan, turns, cut(output, sizes)):
        for sentence in split_sentences(strip_markers(screen)):
            assert [rule.__name__ for rule in _CLAIMS if rule(sentence, session)] == []
            assert unquote(sentence, session) == sentence


@given(_denials, st.lists(st.integers(1, 9), max_size=5), st.data())
def test_a_denial_is_never_seen_of_a_session_that_is_silent_on_it(
    denial: str, sizes: list[int], data: st.DataObject
) -> None:
    turns = (
        Turn(0, "client", "I painted the fence and my brother-in-law complained about the colour."),
        Turn(1, "therapist", "What did you tell him? For next week, write it down."),
    )
    plans = (*plan_note(load_format(), turns), plan_summary(load_format(), turns))
    plan = data.draw(st.sampled_from([plan for plan in plans if not plan.fixed]))

    for screen in _seen(plan, turns, cut(denial, sizes)):
        words = set(re.findall(r"[a-z]+", screen.lower()))
        assert not words & _SILENT_ON


@given(_outputs, _sessions(), st.lists(st.integers(1, 9), max_size=5))
def test_a_section_on_danger_is_never_taken_back_while_it_is_written(
    output: str, turns: tuple[Turn, ...], sizes: list[int]
) -> None:
    plan = next(plan for plan in plan_note(load_format(), turns) if plan.id == "risk")
    if plan.fixed:
        return
    writer = SectionWriter(plan, turns)
    for piece in cut(output, sizes):
        writer.feed(piece)
        assert not writer.taken_back
    writer.finish()
    assert not writer.taken_back
