"""A client who affirms one thing and denies another: the note may deny only what was denied."""

from __future__ import annotations

import pytest

from models.clinical.grounding import check_section
from models.clinical.markers import strip_markers
from models.clinical.plan import plan_note, plan_summary
from models.clinical.writer import SectionWriter
from models.formats import Gate, load_format
from models.transcript import Turn, parse_transcript
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


SESSIONS = {
    "English": (
        "Therapist: Have you had thoughts of suicide?\nPatient: {}\n"
        "Therapist: Do you have a plan?\nPatient: No. My sister stays with me.",
        "Yes, on Monday night it was bad.",
        "No, none.",
    ),
    "German": (
        "Therapist: Haben Sie Suizidgedanken?\nPatient: {}\n"
        "Therapist: Haben Sie einen Plan?\nPatient: Nein. Meine Schwester bleibt bei mir.",
        "Ja, am Montag war es schlimm.",
        "Nein, gar nicht.",
    ),
    "Spanish": (
        "Therapist: ¿Ha pensado en suicidarse?\nPatient: {}\n"
        "Therapist: ¿Tiene un plan?\nPatient: No. Mi hermana se queda conmigo.",
        "Sí, el lunes fue muy malo.",
        "No, nunca.",
    ),
}
DENIALS = {
    "English": [
        *(
            "SI: denied.",
            "SI denied.",
            "Suicidal ideation: none.",
            "SI: none.",
            "SI absent.",
            "(-) SI.",
            "Not suicidal.",
        ),
        *("Suicidal thoughts: no.", "Negative for SI.", "Free of suicidal ideation.", "Suicidal ideation: negative."),
        *("Suicidal ideation was ruled out.", "Suicidal ideation was not endorsed.", "No evidence of suicidality."),
        *("Patient reports that suicidal thoughts are absent.", "Patient lacks suicidal ideation.", "Risk: none."),
        *(
            "Patient rejects suicide.",
            "Patient is not at risk of suicide.",
            "Patient denies suicidal ideation, intent or plan.",
        ),
        *(
            "Patient denies active suicidal ideation.",
            "No acute danger to self.",
            "No safety concerns.",
            "None reported.",
        ),
        *("Denies SI/intent.", "No SI/plan.", "Denies SI, plan or intent.", "No SI or intent.", "Denies plan or SI."),
        *("Nothing reported.", "Denies.", "Denies safety concerns.", "Suicide was not discussed.", "Low suicide risk."),
    ],
    "German": [
        *("Suizidalität wird verneint.", "Keine Suizidgedanken.", "Suizidalität: nein.", "Suizidalität: keine."),
        *("Von Suizidalität klar distanziert.", "Patientin ist nicht suizidal.", "Akute Suizidalität besteht nicht."),
        *("Kein Anhalt für Suizidalität.", "Suizidalität verneint.", "Patientin denkt nicht an Suizid.", "Keine."),
        "No suicidal ideation.",
    ],
    "Spanish": [
        *("Ideación suicida: no.", "La paciente no tiene ideas suicidas.", "Ideación suicida negada.", "Ninguna."),
        *("Se niega ideación suicida.", "Sin ideación suicida.", "Ideación suicida ausente.", "Descarta el suicidio."),
        "Denies suicidal ideation.",
    ],
}
CASES = [(language, denial) for language, denials in DENIALS.items() for denial in denials]


def written(output: str, turns: tuple[Turn, ...], section: str) -> str:
    """What readers have seen of a section when the model writes ``output``."""
    plans = {plan.id: plan for plan in (*plan_note(load_format(), turns), plan_summary(load_format(), turns))}
    writer = SectionWriter(plans[section], turns)
    seen = "".join(writer.feed(character) for character in output) + writer.finish()
    return strip_markers(seen)


@pytest.mark.parametrize("section", ["risk", "summary"])
@pytest.mark.parametrize(("language", "denial"), CASES)
def test_however_a_denial_is_put_nobody_sees_it_of_a_client_who_said_yes(
    language: str, denial: str, section: str
) -> None:
    talk, yes, _ = SESSIONS[language]

    assert denial.rstrip(".") not in written(denial, parse_transcript(talk.format(yes)), section)


@pytest.mark.parametrize(
    ("language", "denial"),
    [
        *(("English", text) for text in ("SI: none.", "SI denied.", "Suicidal ideation: negative.", "Not suicidal.")),
        *(("German", text) for text in ("Suizidalität wird verneint.", "Keine Suizidgedanken.", "Suizidalität: nein.")),
        *(("Spanish", text) for text in ("Ideación suicida: no.", "Sin ideación suicida.")),
    ],
)
def test_the_same_denial_stands_for_a_client_who_said_no(language: str, denial: str) -> None:
    talk, _, no = SESSIONS[language]

    assert written(denial, parse_transcript(talk.format(no)), "risk") == denial


@pytest.mark.parametrize(
    "sentence",
    [
        "Passive SI without plan or intent.",
        "Patient reports suicidal thoughts on Monday; no plan.",
        "Suicidal thoughts on Monday night, not acted on.",
        "Patient denied a suicide plan.",
        "Patient reports suicidal thoughts on Monday and does not want her sister to leave.",
    ],
)
def test_what_was_affirmed_stands_beside_what_was_denied(sentence: str) -> None:
    talk, yes, _ = SESSIONS["English"]

    assert written(sentence, parse_transcript(talk.format(yes)), "risk") == sentence


@pytest.mark.parametrize("answer", ["No intent or plan.", "No current intent."])
def test_a_no_to_a_part_denies_no_more_than_that_part(answer: str) -> None:
    turns = parse_transcript(f"Therapist: Any suicidal ideation this week?\nPatient: {answer}")

    assert answer in check_section("No suicidal ideation.", turns, Gate.RISK, words=45).text
    assert "suicidal ideation" not in written("No suicidal ideation.", turns, "summary")


def test_a_no_to_a_part_that_was_asked_about_is_a_no() -> None:
    turns = parse_transcript("Therapist: Any plan to kill yourself?\nPatient: No plan.")

    assert written("Denies a suicide plan.", turns, "risk") == "Denies a suicide plan."
