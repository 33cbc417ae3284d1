"""What a note puts between quotation marks."""

from __future__ import annotations

import pytest

from models.clinical.grounding import check_section
from models.clinical.quotes import whole_quote
from models.clinical.session import session_of
from models.clinical.sieve import unquote
from models.transcript import parse_transcript

TURNS = parse_transcript(
    """Therapist: What does the voice say?
Client: That I’m only lovable when I excel. I feel guilty for not ‘moving on’ with it.
Therapist: And then?
Client: I can never rest. I can rest if the house is clean. I hate the noise and I stay."""
)
SAID = [turn.text for turn in TURNS]


@pytest.mark.parametrize(
    ("quoted", "whole"),
    [
        ("I'm only lovable", "I’m only lovable when I excel"),
        ("moving on", "not ‘moving on’"),
        ("I feel guilty", "I feel guilty"),
        ("rest", "rest"),  # a word alone says nothing of how it was meant
        ("the noise", "the noise"),
    ],
)
def test_a_quotation_is_not_cut_where_that_turns_its_meaning(quoted: str, whole: str) -> None:
    sentence = f"Client identified the belief “{quoted}” about guilt."

    assert check_section(sentence, TURNS).text == f"Client identified the belief “{whole}” about guilt."


def test_the_stop_of_a_quotation_stays_where_it_was() -> None:
    noted = "Client feels guilty and hears the voice: “I’m only lovable.”"

    assert check_section(noted, TURNS).text.endswith("“I’m only lovable when I excel.”")


def test_what_was_also_said_without_a_condition_is_quoted_so() -> None:
    assert whole_quote("I can rest", [*SAID, "I can rest, now."]) == "I can rest"


def test_more_than_a_few_words_are_not_added() -> None:
    long = "I can rest if the house is clean and the children sleep and nobody calls me at all"

    assert whole_quote("I can rest", [long]) == "I can rest"


@pytest.mark.parametrize(
    ("said", "noted"),
    [
        ("I'm not wanting to hurt myself.", 'Client denied "wanting to hurt myself".'),
        ("I don't want to die.", 'Client stated that he does not "want to die".'),
        ("I'm not good enough at work.", 'Client does not feel "good enough" at work.'),
        ("My wife says 'you never listen' when I'm late.", 'Client hears "you never listen" from his wife.'),
        ("Believe it or not I enjoy my work.", 'Client said "I enjoy my work".'),
    ],
)
def test_a_quotation_is_not_made_longer_where_nothing_turns(said: str, noted: str) -> None:
    session = session_of(parse_transcript(f"Therapist: How was it?\nClient: {said}"))

    assert unquote(noted, session) == noted
