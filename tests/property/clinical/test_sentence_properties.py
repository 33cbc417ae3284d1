"""Contract 6.4 and the invariant that sentences joined are the text."""

from __future__ import annotations

import re

from clinical_texts import emitted
from hypothesis import given
from hypothesis import strategies as st

from models.clinical.sentences import split_sentences, word_count
from models.transcript import normalise_whitespace


@given(emitted)
def test_sentences_joined_give_the_normalised_text_back(text: str) -> None:
    assert " ".join(split_sentences(text)) == normalise_whitespace(text)


@given(emitted)
def test_no_sentence_is_empty(text: str) -> None:
    assert all(sentence.strip() for sentence in split_sentences(text))


@given(st.one_of(emitted, st.text()))
def test_normalising_white_space_trims_leaves_no_runs_and_is_idempotent(text: str) -> None:
    normalised = normalise_whitespace(text)

    assert normalised == normalised.strip()
    assert not re.search(r"\s\s|[^\S ]", normalised)
    assert normalise_whitespace(normalised) == normalised


@given(st.one_of(emitted, st.text()))
def test_normalising_white_space_loses_no_other_character(text: str) -> None:
    assert re.sub(r"\s", "", normalise_whitespace(text)) == re.sub(r"\s", "", text)


@given(st.lists(st.text(alphabet="abcdefgh", min_size=1, max_size=8), max_size=20))
def test_words_are_counted_as_runs_without_white_space(words: list[str]) -> None:
    assert word_count("  ".join(words)) == len(words)


@given(emitted, emitted)
def test_words_of_two_texts_add_up(first: str, second: str) -> None:
    assert word_count(f"{first} {second}") == word_count(first) + word_count(second)
