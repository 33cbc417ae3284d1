"""In which language a text is, and what its words and numbers are there."""

from __future__ import annotations

import pytest

from models.clinical.language import language_of
from models.clinical.words import numbers, vocabulary


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The patient sleeps badly and worries about work.", "en"),
        ("Die Patientin schläft schlecht und hat Angst vor der Arbeit.", "de"),
        ("La paciente no duerme bien y discute con su marido.", "es"),
        ("La patiente ne dort pas et elle pleure avec son mari.", None),
        ("La paziente non dorme e ha paura del lavoro.", None),
        ("Nie śpię i jest mi smutno, ale nie wiem co robić.", None),
    ],
)
def test_a_text_tells_its_language(text: str, language: str | None) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize("expected", ["en", "de", "es"])
def test_a_text_that_is_too_short_to_tell_is_in_the_language_that_was_expected(expected: str) -> None:
    assert language_of("No.", expected) == language_of("", expected) == expected


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("ninety-four days and 2.5 mg", "en", ["94", "2.5"]),
        ("two hundred and fifty dollars", "en", ["250"]),
        ("one of them, a hundred times", "en", []),
        ("fünfundzwanzig Minuten, einundzwanzig Tage", "de", ["25", "21"]),
        ("treinta y cinco miligramos a las once", "es", ["35", "11"]),
    ],
)
def test_numbers_are_read_as_they_are_spelled(text: str, language: str, found: list[str]) -> None:
    assert numbers(text, language) == found


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("schläft", "geschlafen", "de"),
        ("weint", "geweint", "de"),
        ("duerme", "dormir", "es"),
        ("walked", "walks", "en"),
    ],
)
def test_inflections_share_a_stem(one: str, other: str, language: str) -> None:
    known = vocabulary(language)

    assert known.stem(one) == known.stem(other)


@pytest.mark.parametrize(("word", "language"), [("schlaflosigkeit", "de"), ("insomnio", "es")])
def test_a_word_means_nearly_what_one_of_another_language_does(word: str, language: str) -> None:
    ours, theirs = vocabulary(), vocabulary(language)

    assert set(theirs.groups(theirs.stem(word))) & set(ours.groups(ours.stem("sleep")))
