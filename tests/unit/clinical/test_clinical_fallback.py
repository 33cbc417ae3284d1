"""The note without a model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from models.clinical.fallback import extractive_note
from models.clinical.grounding import check_section
from models.clinical.markers import strip_markers
from models.clinical.reported import report, report_quote
from models.clinical.risk_quotes import risk_quotes
from models.clinical.text import legacy_text
from models.formats import NoteFormat, load_format, load_formats
from models.transcript import Turn, parse_transcript

_SAMPLES = Path(__file__).parents[3] / "server" / "samples"


def sample(name: str) -> tuple[Turn, ...]:
    turns = json.loads((_SAMPLES / f"{name}.json").read_text(encoding="utf-8"))["turns"]
    return tuple(Turn(at, turn["speaker"], turn["text"], turn["start"]) for at, turn in enumerate(turns))


@pytest.mark.parametrize("name", ["sleep-after-layoff", "safety-plan", "panic-on-the-train"])
@pytest.mark.parametrize("note_format", load_formats().values(), ids=load_formats())
def test_a_sample_gets_a_note_that_keeps_every_rule_of_grounding(name: str, note_format: NoteFormat) -> None:
    turns = sample(name)
    note = extractive_note(note_format, turns)

    for section in note_format.sections:
        assert check_section(note[section.id], turns, section.gate, section.absent, section.words).removed == ()


def test_a_session_that_speaks_of_suicide_has_it_under_risk_as_a_quote() -> None:
    note = extractive_note(load_format(), sample("safety-plan"))

    assert "Have you had thoughts of {{RED:suicide}}?" in note["risk"]
    assert "I thought everybody would be better off without me." in note["risk"]


def test_what_the_session_is_silent_on_says_so() -> None:
    note = extractive_note(load_format(), parse_transcript("Client: The pears are ripe and I gave some away."))

    assert note["risk"] == "Not assessed in this session."
    assert note["plan"] == "None discussed."


def test_no_sentence_stands_under_two_headings() -> None:
    note = extractive_note(load_format(), sample("panic-on-the-train"))
    bodies = [body for section, body in note.items() if section != "summary"]

    assert len({body for body in bodies if "said" in body}) == len([body for body in bodies if "said" in body])


def test_a_session_without_roles_gets_a_note() -> None:
    turns = parse_transcript("it was a hard week\nmy brother left and I feel sad\nwe spoke about what helps")
    text = strip_markers(legacy_text(load_format(), extractive_note(load_format(), turns)))

    assert "my brother left and I feel sad" in text


@pytest.mark.parametrize(
    ("said", "reported"),
    [
        ("I'm tired.", "Patient reported that they are tired."),
        ("I am afraid of my boss.", "Patient reported that they are afraid of their boss."),
        (
            "Well, I was late and I've lost my keys.",
            "Patient reported that they were late and they have lost their keys.",
        ),
        ("I wasn't myself.", "Patient reported that they weren't themselves."),
        ("You make me angry.", 'Patient said: "You make me angry."'),
        ("I told him that he was wrong.", 'Patient said: "I told him that he was wrong."'),
        ("Why me?", 'Patient asked: "Why me?"'),
        ("Estoy cansada.", 'Patient said: "Estoy cansada."'),
        ('She said "go" to me.', "Patient said: \"She said 'go' to me.\""),
    ],
)
def test_what_the_client_said_is_reported_where_that_is_safe_and_quoted_where_not(said: str, reported: str) -> None:
    assert report(said, Turn(0, "client", said), 40) == reported


def test_a_quote_without_room_is_cut_and_says_so() -> None:
    said = "Let us look at the thought record that was written on Monday and on Tuesday together."

    assert report(said, Turn(0, "therapist", said), 10) == 'Therapist said: "Let us look at the thought record that…"'
    assert report(said, Turn(0, "therapist", said), 4) == ""


def test_quotes_of_danger_keep_their_budget() -> None:
    turns = parse_transcript(
        "\n".join(f"Client: Day {n}, I thought of suicide again and again all night." for n in range(30))
    )

    assert 0 < len(risk_quotes(turns, 45).split()) <= 45


@pytest.mark.parametrize("spoken", ["**Plan:** I will kill the plan.", "Well, **Risk:** none, she told me.", "****"])
def test_what_was_said_begins_no_heading(spoken: str) -> None:
    turn = Turn(0, "client", spoken, None)

    assert "**" not in report(spoken, turn, 40)
    assert "**" not in risk_quotes([turn], 40)


def test_what_holds_no_word_is_not_quoted() -> None:
    assert report("****", Turn(0, "client", "****", None), 40) == ""


def test_a_question_about_danger_is_not_quoted_without_its_answer() -> None:
    turns = parse_transcript(
        """Therapist: When you say nobody has trouble, are you thinking of not being here?
Client: I don't know. Sometimes I think everybody would be lighter without me.
Therapist: Have you thought about how you would end your life?
Client: I looked at the bridge on the way home on Tuesday. I kept walking.
Therapist: And did you ever try to kill yourself before?
Client: No."""
    )

    quoted = strip_markers(risk_quotes(turns, 45))

    assert quoted.endswith('Patient said: "I looked at the bridge on the way home on Tuesday. I kept walking."')
    assert "end your life" not in quoted
    assert "before" not in quoted


def test_homework_that_was_refused_is_not_told_without_the_refusal() -> None:
    turns = parse_transcript(
        """Therapist: Would you keep an anger log until next Thursday?
Client: No thanks. I hate logs.
Therapist: All right. We meet again on Thursday the 14th at 4 pm.
Client: Fine.
Therapist: Could you try to walk before work?
Client: On Fridays, maybe."""
    )

    assert extractive_note(load_format(), turns)["plan"] == (
        'Therapist asked: "Would you keep an anger log until next Thursday?" Patient said: "No thanks. I hate logs."'
        ' Therapist said: "We meet again on Thursday the 14th at 4 pm."'
        ' Therapist asked: "Could you try to walk before work?"'
        ' Patient said: "On Fridays, maybe."'
    )


def test_a_quotation_that_is_cut_after_a_sentence_says_that_more_follows() -> None:
    said = "It crossed my mind on Monday evening. I made no plan."

    assert report_quote(Turn(0, "client", said), said, 9) == 'Patient said: "It crossed my mind on Monday evening…"'


def test_of_two_speakers_without_a_role_the_one_who_asks_intervenes() -> None:
    turns = parse_transcript(
        """Speaker 1: What happened on Friday?
Speaker 2: My boss fired me. I thought, what's the point of trying anything?
Speaker 1: What is the evidence for that thought? Let's write it down.
Speaker 2: I feel sad when I write."""
    )
    note = extractive_note(load_format(), turns)

    assert "Speaker 2" not in note["intervention"]
    assert note["emotional_state"] == 'Speaker 2 said: "I feel sad when I write."'


def test_an_answer_about_danger_is_quoted_as_far_as_it_denies() -> None:
    turns = parse_transcript(
        """Therapist: Any suicidal ideation?
Client: A flash on the bridge. I kept walking and called my husband. No plan, no intent now."""
    )

    assert risk_quotes(turns, 45).endswith('No plan, no intent now."')


def test_a_question_about_danger_stands_in_no_other_section() -> None:
    turns = parse_transcript(
        """Therapist: Any thoughts of hurting yourself?
Client: I feel sad, not that.
Therapist: Let's notice the thought and write it down."""
    )
    note = extractive_note(load_format(), turns)

    assert "hurting" in note["risk"]
    assert note["intervention"] == 'Therapist said: "Let\'s notice the thought and write it down."'


def test_what_was_said_turns_no_direction_of_writing() -> None:
    said = "They call me \u202elive\u202c all day"

    assert report_quote(Turn(0, "client", said), said, 20) == 'Patient said: "They call me live all day"'


BY_NAME = """Therapist: What would you like to work on, Maria, given that work has been so stressful?
Maria: I lie awake till three.
Therapist: I remember you felt anxious and hopeless, and that the pain in your back made it worse at work.
Maria: It is better since Sunday, and I felt calm."""


def test_a_client_with_a_name_is_told_apart_from_the_therapist() -> None:
    note = extractive_note(load_formats()["progress"], parse_transcript(BY_NAME))

    for section in ("chief_complaint", "emotional_state", "progress"):
        assert "Therapist" not in note[section]
    assert "Maria said" not in note["intervention"]
    assert "It is better since Sunday" in note["progress"]


def test_a_client_who_is_alone_does_no_intervention() -> None:
    turns = parse_transcript("Client: I try to notice my thoughts, and let's say that I practise breathing every day.")

    assert extractive_note(load_formats()["progress"], turns)["intervention"] == "None discussed."
