"""Contract 6.10 and 6.15: every risk word is marked, once; every spelling of a marker is read, one is written."""

from __future__ import annotations

import re

from clinical_texts import emitted
from clinical_texts import risk_words as risk_word
from hypothesis import example, given
from hypothesis import strategies as st

from models.clinical.markers import mark_risk, normalise_markers, risk_words, strip_markers

_NAMED = re.compile(
    r"(?<!\w)(?:suicid(?:e|al)s?|self[- ]harm(?:ed|ing|s)?|kill(?:s|ed|ing)?|hurt(?:ing)? myself"
    r"|violen(?:ce|t)|abus(?:e|ed|es|ive|ing)"
    r"|overdos(?:e|ed|es|ing))(?!\w)",
    re.IGNORECASE,
)
_MARK = re.compile(r"\{\{RED:([^{}]*)\}\}")


@given(emitted)
@example("{{RED:{{RED:kill}}}}")
@example("{{RED}}{{red:suicide}}{{/REDC}}")
@example("{{RED:sui")
def test_marking_twice_changes_nothing(text: str) -> None:
    once = mark_risk(text)

    assert mark_risk(once) == once


@given(emitted)
def test_every_risk_word_is_inside_exactly_one_marker(text: str) -> None:
    marked = mark_risk(text)

    assert _NAMED.search(_MARK.sub("\x00", marked)) is None
    assert all("{{RED:" not in inside for inside in _MARK.findall(marked))


@given(emitted)
def test_marking_loses_and_adds_no_other_character(text: str) -> None:
    assert strip_markers(mark_risk(text)) == strip_markers(text)


@given(st.text(alphabet="abc ,.\n", max_size=20), risk_word, st.text(alphabet="abc ,.\n", max_size=20))
def test_a_risk_word_is_marked_whole_with_its_case_kept(before: str, word: str, after: str) -> None:
    marked = mark_risk(f"{before} {word} {after}")

    assert f"{{{{RED:{word}}}}}" in marked


@given(st.text(alphabet="klipsuovd", min_size=1, max_size=8), risk_word)
def test_a_word_that_only_contains_a_risk_word_is_none(letters: str, word: str) -> None:
    assert _NAMED.search(letters + word) or "{{RED:" not in mark_risk(f"{letters}{word}z")[:6]
    assert mark_risk(f"z{word}") in (
        f"z{word}",
        *(f"z{word}".replace(part, f"{{{{RED:{part}}}}}") for part in risk_words(f"z{word}")),
    )


@given(
    st.text(alphabet="abcdefgh ,.'", max_size=20),
    st.text(alphabet="abcdefghé-", min_size=1, max_size=12),
    st.sampled_from(
        [
            "{{{{RED}}}}{0}{{{{/RED}}}}",
            "{{{{RED}}}}{0}{{{{/REDC}}}}",
            "{{{{red:{0}}}}}",
            "{{{{RED:{0}}}}}",
            "{{{{Red}}}}{0}{{{{/red}}}}",
        ]
    ),
)
def test_every_spelling_is_read_and_one_is_written(around: str, word: str, spelling: str) -> None:
    written = spelling.format(word)

    assert normalise_markers(f"{around}{written}{around}") == f"{around}{{{{RED:{word}}}}}{around}"


@given(emitted)
def test_normalising_markers_twice_changes_nothing(text: str) -> None:
    once = normalise_markers(text)

    assert normalise_markers(once) == once
    assert not re.search(r"\{\{/?(?:red|RED)C?\}\}\w+\{\{/", once)


@given(emitted)
def test_stripping_leaves_no_marker(text: str) -> None:
    assert _MARK.search(strip_markers(text)) is None
