"""Risk words as a reader sees them. The properties stand in ``tests/property/clinical``."""

from __future__ import annotations

import pytest

from models.clinical.markers import mark_risk, normalise_markers, risk_words, strip_markers

_WORDS = """
    suicide suicides suicidal Suicidality self-harm self-harmed self-harming SELF-HARM kill kills killed killing killer
    violence violent violently abuse abused abuser abusive overdose overdosed overdosing overdoses
"""


@pytest.mark.parametrize("word", _WORDS.split())
def test_a_risk_word_and_its_inflections_are_marked(word: str) -> None:
    assert mark_risk(f"Spoke of {word}, twice.") == f"Spoke of {{{{RED:{word}}}}}, twice."


@pytest.mark.parametrize("words", ["self harm", "hurt myself", "hurting himself", "Hurt  myself", "self‑harm"])
def test_a_risk_word_of_two_words_is_marked_as_one(words: str) -> None:
    assert mark_risk(f"I {words}.") == f"I {{{{RED:{words}}}}}."


@pytest.mark.parametrize(
    "word", ["skill", "skilled", "overkill", "painkiller", "killjoy", "abusage", "hurt my hand", "myself"]
)
def test_other_words_are_not(word: str) -> None:
    assert mark_risk(word) == word


def test_what_is_marked_already_stays_as_it_is() -> None:
    text = "{{RED:suicide}} and {{RED:a plan to kill}}"

    assert mark_risk(text) == text


@pytest.mark.parametrize(
    "spelling",
    ["{{RED}}abuse{{/RED}}", "{{RED}}abuse{{/REDC}}", "{{red:abuse}}", "{{ RED : abuse }}", "{{RED:{{RED:abuse}}}}"],
)
def test_older_spellings_become_the_one(spelling: str) -> None:
    assert normalise_markers(f"past {spelling}.") == "past {{RED:abuse}}."


def test_a_marker_around_nothing_is_dropped() -> None:
    assert normalise_markers("a {{RED:}}b{{RED}} {{/RED}}") == "a b "


def test_stripping_keeps_the_words() -> None:
    assert strip_markers("He {{RED:killed}} {{RED}}time{{/REDC}}.") == "He killed time."


def test_risk_words_are_listed_whether_marked_or_not() -> None:
    assert risk_words("{{RED:Suicide}} or self harm") == ("Suicide", "self harm")
