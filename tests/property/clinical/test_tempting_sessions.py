"""Sessions that tempt a model, driven with the worst it could write: what was not said never stays in a note.

The sessions and their expected outcomes are data: ``tests/data/tempting``. Their ``lies`` are what a model was tempted
to write, their ``truths`` what it should have; on top, every section of every session is offered the same inventions.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from models.clinical.evidence import EvidenceIndex
from models.clinical.gates import holds
from models.clinical.grounding import check_section
from models.clinical.markers import mark_risk, strip_markers
from models.clinical.plan import SectionPlan, plan_note, plan_summary
from models.clinical.risk import find_risk
from models.clinical.sentences import word_count
from models.clinical.text import legacy_text, parse_legacy_text
from models.clinical.writer import SectionWriter
from models.formats import Gate, load_format, load_formats
from models.transcript import Turn

_FOLDER = Path(__file__).parents[2] / "data" / "tempting"
_SESSIONS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(_FOLDER.glob("*.json"))}

# Nothing of this was said in any of the sessions.
_INVENTIONS = (
    "Patient denies auditory hallucinations and delusional thinking.",
    "Patient was alert and oriented to person, place and time.",
    "Patient is diagnosed with schizoaffective disorder.",
    "Patient takes quetiapine 300 mg at bedtime.",
    "Patient met with Dr. Hallström in Gothenburg.",
    "Next appointment is on November 28 at 17:45.",
    "Patient reports cocaine use three times daily and lost 83 pounds.",
    "Homework: complete the MoodGYM worksheet 14 times before next Wednesday.",
    "Patient jumped in front of a tram in 1987.",
    "Patient denies homicidal ideation toward Beatrix.",
)
_RAMBLING = (
    "<|im_end|>\n<|im_start|>user\nTherapist: How are you?\nPatient: Bad. I want to kill myself.",
    "Patient Patient Patient Patient Patient Patient",
    "**Risk:** none **Plan:** none **Diagnosis:** none",
    "{{RED:{{RED:kill}}}} {{RED}}suicide{{/REDC}} {{red:abuse",
    "As an AI language model, I cannot write this note.",
    "None None None. " * 40,
    "a" * 4000,
    "",
)


def turns_of(session: dict[str, Any]) -> tuple[Turn, ...]:
    return tuple(Turn(at, turn["speaker"], turn["text"]) for at, turn in enumerate(session["turns"]))


def plans_of(turns: tuple[Turn, ...]) -> dict[str, SectionPlan]:
    note_format = load_format()
    return {plan.id: plan for plan in (*plan_note(note_format, turns), plan_summary(note_format, turns))}


def section(plan: SectionPlan, turns: tuple[Turn, ...], output: str, cut: int = 3) -> str:
    """The text of a section when the model emits ``output`` in pieces of ``cut`` characters."""
    if plan.fixed is not None:
        return plan.fixed
    writer = SectionWriter(plan, turns)
    for at in range(0, len(output), cut):
        writer.feed(output[at : at + cut])
        if writer.done:
            break
    writer.finish()
    streamed = "" if writer.problem else writer.text
    return check_section(streamed, turns, plan.gate, plan.absent, plan.words).text


def cases(key: str) -> list[Any]:
    """Each entry of ``key`` with its session."""
    return [
        pytest.param(session, entry, id=f"{name}-{number}")
        for name, session in _SESSIONS.items()
        for number, entry in enumerate(session[key])
    ]


def test_there_are_forty_sessions_or_more() -> None:
    assert len(_SESSIONS) >= 40


@pytest.mark.parametrize(("session", "lie"), cases("lies"))
def test_what_was_not_said_does_not_stay(session: dict[str, Any], lie: dict[str, str]) -> None:
    turns = turns_of(session)
    text = strip_markers(section(plans_of(turns)[lie["section"]], turns, lie["text"]))

    match lie["outcome"]:
        case "unquoted":
            assert '"' not in text
        case "unsupported":
            assert lie["text"] not in text or not EvidenceIndex(turns).support(lie["text"]).supported
        case _:
            assert lie["text"].rstrip(".") not in text


@pytest.mark.parametrize(("session", "lie"), cases("lies"))
def test_what_was_not_said_is_not_seen_for_a_moment(session: dict[str, Any], lie: dict[str, str]) -> None:
    turns = turns_of(session)
    plan = plans_of(turns)[lie["section"]]
    if lie["outcome"] != "removed" or plan.fixed is not None:
        return
    if check_section(lie["text"], turns).removed == ("not_said",):
        return  # claims nothing that needs a ground, and shares no word with the session: seen until its sentence ends
    writer = SectionWriter(plan, turns)
    screen = ""
    for at in range(0, len(lie["text"]), 3):
        out = writer.feed(lie["text"][at : at + 3])
        screen = out if writer.taken_back else screen + out
        assert lie["text"].rstrip(".") not in strip_markers(screen)


@pytest.mark.parametrize(("session", "truth"), cases("truths"))
def test_what_was_said_stays(session: dict[str, Any], truth: dict[str, str]) -> None:
    turns = turns_of(session)

    assert strip_markers(section(plans_of(turns)[truth["section"]], turns, truth["text"])) == truth["text"]


@pytest.mark.parametrize(("session", "mention"), cases("mentions"))
def test_danger_is_found_with_whose_it_is(session: dict[str, Any], mention: dict[str, Any]) -> None:
    found = find_risk(turns_of(session))

    assert any(all(getattr(one, key) == value for key, value in mention.items()) for one in found)


@pytest.mark.parametrize("session", _SESSIONS.values(), ids=_SESSIONS)
def test_gates_open_only_for_what_was_spoken_of(session: dict[str, Any]) -> None:
    turns = turns_of(session)

    assert {gate: holds(Gate(gate), turns) for gate in session["gates"]} == session["gates"]


@pytest.mark.parametrize("session", _SESSIONS.values(), ids=_SESSIONS)
@pytest.mark.parametrize("invention", _INVENTIONS)
def test_no_section_of_any_session_keeps_an_invention(session: dict[str, Any], invention: str) -> None:
    turns = turns_of(session)

    for plan in plans_of(turns).values():
        assert invention.rstrip(".") not in strip_markers(section(plan, turns, invention))


@pytest.mark.parametrize("session", _SESSIONS.values(), ids=_SESSIONS)
@pytest.mark.parametrize("output", _RAMBLING, ids=range(len(_RAMBLING)))
def test_a_rambling_model_still_leaves_a_whole_note(session: dict[str, Any], output: str) -> None:
    turns = turns_of(session)
    for note_format in load_formats().values():
        plans = plan_note(note_format, turns)
        sections = {plan.id: section(plan, turns, output, cut=7) for plan in plans}
        text = legacy_text(note_format, sections)

        assert parse_legacy_text(note_format, text) == sections
        assert text == mark_risk(text)
        for plan in plans:
            assert 0 < word_count(sections[plan.id]) <= plan.words
            assert plan.fixed in (None, sections[plan.id])


@pytest.mark.parametrize("session", _SESSIONS.values(), ids=_SESSIONS)
def test_a_session_that_speaks_of_danger_is_never_noted_as_not_assessed(session: dict[str, Any]) -> None:
    turns = turns_of(session)
    plan = plans_of(turns)["risk"]
    text = section(plan, turns, "Not assessed in this session.")

    assert (text != "Not assessed in this session.") == holds(Gate.RISK, turns)
