"""Which turns a sentence rests on; and the figures of ``docs/evidence.md`` measured anew."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import pytest

from models.clinical.evidence import EvidenceIndex
from models.transcript import Turn, parse_transcript

_ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(_ROOT / "tests" / "property" / "clinical"))

from labelled import auc, labelled_sentences, precision_recall  # noqa: E402

TURNS = parse_transcript(
    """Therapist: Hi, come in.
Client: Thanks.
Therapist: How did you sleep?
Client: Badly. I wake at four every night and worry about the rent.
Therapist: Mm-hm.
Client: My landlord raised it by two hundred dollars in May.
Therapist: Any thoughts of suicide?
Client: No, never.
Therapist: For next week, please keep a sleep diary.
Client: I will."""
)


@pytest.mark.parametrize(
    ("sentence", "turn"),
    [
        ("Patient wakes at four every night.", 3),
        ("The landlord raised the rent in May.", 5),
        ("Patient denied {{RED:suicidal}} thoughts.", 6),
        ("Homework: a sleep diary.", 8),
    ],
)
def test_a_sentence_that_was_said_names_its_turn(sentence: str, turn: int) -> None:
    evidence = EvidenceIndex(TURNS).support(sentence)

    assert evidence.supported
    assert turn in evidence.turns
    assert evidence.text == sentence


ANSWERS = parse_transcript(
    """Therapist: Did you sleep?
Client: No.
Therapist: Any thoughts of suicide?
Client: No.
Therapist: Never?
Client: Never. I walk with my sister."""
)


@pytest.mark.parametrize(
    ("text", "turns"),
    [
        ('Therapist asked: "Any thoughts of suicide?" Patient said: "No."', [(2,), (3,)]),
        ('Therapist asked: "Did you sleep?" Patient said: "No."', [(0,), (1,)]),
        ('Patient said: "Never."', [(5,)]),
        ('Thoughts of {{RED:suicide}}: "No."', [(2, 3)]),
    ],
)
def test_an_answer_of_one_word_rests_on_the_turn_that_gave_it(text: str, turns: list[tuple[int, ...]]) -> None:
    evidence = EvidenceIndex(ANSWERS).sentences(text)

    assert [one.turns for one in evidence] == turns
    assert all(one.supported for one in evidence)


@pytest.mark.parametrize(
    "sentence",
    [
        'Patient said: "Yes."',
        'Therapist said: "No."',
        'Patient said: "No."',  # which of the two, nothing here says
        'Medication: "Never."',
        'Thoughts of suicide: "Never."',  # that answered another question
        'Thoughts of suicide: "Yes."',
        'Thoughts of escape: "No."',
    ],
)
def test_an_answer_that_was_not_given_is_not_supported(sentence: str) -> None:
    assert not EvidenceIndex(ANSWERS).support(sentence).supported


@pytest.mark.parametrize(
    "sentence",
    [
        "Patient reports suicidal thoughts.",
        "The landlord raised the rent by five hundred dollars.",
        "Patient sleeps well.",
        "Patient adopted a dog with her girlfriend.",
        "...",
    ],
)
def test_a_sentence_that_was_not_said_is_not_supported(sentence: str) -> None:
    assert not EvidenceIndex(TURNS).support(sentence).supported


def test_a_fixed_sentence_is_supported_by_no_turn() -> None:
    evidence = EvidenceIndex(TURNS).support("Not assessed in this session.")

    assert (evidence.supported, evidence.support, evidence.turns) == (True, 1.0, ())


def test_an_empty_session_supports_nothing() -> None:
    assert not EvidenceIndex([]).support("Patient is sad.").supported


def test_turns_are_named_by_their_index() -> None:
    turns = [Turn(40, "client", "I lost my keys in the river.")]

    assert EvidenceIndex(turns).support("Patient lost the keys in the river.").turns == (40,)


def test_every_sentence_of_a_text_gets_its_evidence() -> None:
    found = EvidenceIndex(TURNS).sentences("Patient wakes at four. None discussed.")

    assert [one.text for one in found] == ["Patient wakes at four.", "None discussed."]


def test_a_note_of_a_long_session_is_evidenced_fast() -> None:
    turns = [
        Turn(at, "client", f"{turn.text} It was day {at} of the {at % 7} weeks.") for at, turn in enumerate(TURNS * 50)
    ]
    note = "Patient wakes at four every night and worries about the rent. " * 20
    EvidenceIndex(turns)
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        EvidenceIndex(turns).sentences(note)
        times.append(time.perf_counter() - begin)

    assert min(times) < 0.25  # 0.05 s is the aim on a quiet machine (docs/evidence.md); this one may be busy


def test_the_labelled_set_is_large_and_split_by_session() -> None:
    sentences = labelled_sentences()
    parts = {(one.session, one.part) for one in sentences}

    assert len(sentences) >= 300
    assert len(parts) == len({session for session, _ in parts})
    assert {one.label for one in sentences} == {"supported", "contradicted", "absent", "other_session"}


@pytest.mark.parametrize(
    ("language", "part", "row", "least"),
    [
        ("en", "development", "development", 0.85),
        ("en", "held_out", "held out", 0.85),
        ("de", "development", "German, development", 0.75),
        ("de", "held_out", "German, held out", 0.75),
        ("es", "development", "Spanish, development", 0.75),
        ("es", "held_out", "Spanish, held out", 0.75),
    ],
)
def test_support_parts_the_sentences_as_documented(language: str, part: str, row: str, least: float) -> None:
    sentences = [one for one in labelled_sentences(language) if one.part == part]
    supported = [one.support for one in sentences if one.label == "supported"]
    others = [one.support for one in sentences if one.label != "supported"]
    measured = auc(supported, others)
    precision, recall = precision_recall(sentences)
    page = (_ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    line = next(line for line in page.splitlines() if line.startswith(f"| {row} |"))
    documented = [float(number) for number in re.findall(r"\d\.\d+", line)]

    assert measured >= least
    assert documented[:3] == pytest.approx([measured, precision, recall], abs=0.006)
    assert line.endswith(f"| {len(sentences)} |")


QUOTING = parse_transcript(
    """Therapist: Any urges to hurt yourself?
Client: I had urges. No intent. I used ice instead.
Therapist: I am glad. We keep the plan."""
)


def test_a_quotation_of_several_sentences_is_one_sentence_and_rests_on_its_turn() -> None:
    found = EvidenceIndex(QUOTING).sentences(
        'Patient said: "I had urges. No intent." Therapist said: "We keep the plan."'
    )

    assert [(one.supported, one.support, one.turns) for one in found] == [(True, 1.0, (1,)), (True, 1.0, (2,))]


def test_a_quotation_is_not_supported_when_somebody_else_said_it() -> None:
    found = EvidenceIndex(QUOTING).support('Therapist said: "I had urges. No intent."')

    assert found.support < 1.0


@pytest.mark.parametrize("sentence", ["La patiente ne dort pas.", "La patiente dort bien.", "Patient sleeps badly."])
def test_nothing_is_called_supported_in_a_language_that_is_not_known(sentence: str) -> None:
    turns = parse_transcript(
        "Therapist: Comment dormez-vous cette semaine ?\nClient: Je ne dors pas, je pense à mon travail et je pleure."
    )

    assert not EvidenceIndex(turns).support(sentence).supported


def test_a_note_in_english_finds_its_turns_in_a_german_session() -> None:
    turns = parse_transcript(
        "Therapist: Wie war die Woche?\nClient: Ich schlafe schlecht und habe Angst vor der Arbeit.\n"
        "Therapist: Haben Sie Suizidgedanken?\nClient: Nein, gar nicht."
    )
    index = EvidenceIndex(turns)

    assert 1 in index.support("Patient reports poor sleep and anxiety about work.").turns
    assert index.support("Patient denied suicidal thoughts.").turns[0] in (2, 3)
    assert not index.support("Patient reports suicidal thoughts.").supported


def test_a_quotation_of_a_speaker_with_a_name_is_that_speakers() -> None:
    index = EvidenceIndex(
        parse_transcript("Speaker 1: Did you think of suicide?\nSpeaker 2: I thought of it for a minute on Friday.")
    )

    assert index.support('Speaker 1 asked: "Did you think of {{RED:suicide}}?"').turns == (0,)
    assert index.support('Speaker 1 asked: "Did you think of {{RED:suicide}}?"').supported
    assert not index.support('Speaker 1 said: "I thought of it for a minute on Friday."').supported


def test_a_quotation_of_a_speaker_that_nobody_named_is_supported() -> None:
    index = EvidenceIndex(parse_transcript("Did you want to die?\nYes. I sat there for an hour on Sunday."))

    assert index.support('Speaker asked: "Did you want to die?"').supported


def test_in_a_session_that_holds_nothing_nothing_is_supported() -> None:
    sentence = "Plan: walk the neighbour's dog daily, eat a warm breakfast at home"

    assert EvidenceIndex(()).support(sentence).support == 0.0
