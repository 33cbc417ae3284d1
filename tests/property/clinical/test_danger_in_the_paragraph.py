"""The paragraph beside the sections tells of danger, whatever was said and whatever the model wrote."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from models.clinical.markers import strip_markers
from models.clinical.omitted import omitted_danger
from models.clinical.sentences import word_count
from models.clinical.session import session_of
from models.clinical.summary import fit_summary
from models.transcript import Turn, parse_transcript

_ASKED = st.sampled_from(
    [
        "How was the week?",
        "Any suicidal ideation?",
        "Any urges to self-harm?",
        "Have you thought of hurting your brother?",
        "And last week?",
        "None at all?",
        "Did the grounding help?",
        "Any thoughts of suicide, and how did you sleep, since the manager called and the reports were late?",
        "Haben Sie Suizidgedanken?",
        "¿Ha pensado en suicidarse?",
        "Let us try box breathing and a thought record.",
        "We'll refine the safety plan.",
    ]
)
_SAID = st.sampled_from(
    [
        "No.",
        "Yes, every night.",
        "Fleeting, no intent.",
        "No intent or plan.",
        "What do you mean?",
        "I want to kill my husband tonight.",
        "I cut myself on Sunday.",
        "I can't go a day without wanting to die.",
        "My brother died by suicide.",
        "It was hard. I did not sleep. My mother called. And yes, I thought of suicide.",
        "It has been a long week with the manager and the reports and my mother calling every evening to ask whether I"
        " had eaten, and so on Thursday night I wanted to end my life.",
        "Nein.",
        "Sí, el lunes.",
        "漢字" * 20,
        "x" * 200,
    ]
)
_WRITTEN = st.sampled_from(
    [
        "Client presented with low mood.",
        "Interventions: thought record, grounding, and grounding.",
        "Interventions: pause plan; sister called.",
        "Denied suicidal plan.",
        "Client's brother died by suicide.",
        "Affect anxious; thoughts racing about work.",
        "Homework: daily walks, one call.",
        "Plan: continue CBT and a safety plan for suicidal crises.",
        "No SI/HI.",
        "漢字" * 30,
        f"{' '.join(['word'] * 40)}.",
    ]
)
_sessions = st.lists(st.tuples(st.sampled_from(["Therapist", "Counselor"]), _ASKED, _SAID), max_size=8).map(
    lambda talk: (
        parse_transcript("".join(f"{who}: {asked}\nClient: {said}\n" for who, asked, said in talk)) if talk else ()
    )
)
_texts = st.lists(_WRITTEN, max_size=6).map(" ".join)


@given(_texts, _sessions)
def test_suicide_that_was_affirmed_is_told_and_telling_changes_nothing_twice(
    text: str, turns: tuple[Turn, ...]
) -> None:
    summary = fit_summary(text, turns)
    plain = strip_markers(summary)

    assert word_count(plain) <= 70
    assert word_count(plain) < 30 or fit_summary(summary, turns) == summary
    assert "suicide" not in omitted_danger(plain, session_of(turns))[1]
