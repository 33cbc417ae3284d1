"""Contract 6.4, 6.6, 6.8: what a model reads keeps its markers, its words and its order."""

from __future__ import annotations

import re
from collections import Counter

from clinical_texts import emitted, sessions
from clinical_texts import risk_words as risk_word
from hypothesis import given
from hypothesis import strategies as st

from models.chat import FAMILIES, ChatFormat
from models.clinical.markers import mark_risk, normalise_markers
from models.clinical.preprocess import preprocess, preprocess_turns
from models.prompts import note_prefix, patient_prefix
from models.transcript import Turn, normalise_whitespace, parse_transcript, render_transcript

_MARK = re.compile(r"\{\{RED:[^{}]+\}\}")
_SPELLINGS = ("{{{{RED}}}}{0}{{{{/RED}}}}", "{{{{RED}}}}{0}{{{{/REDC}}}}", "{{{{red:{0}}}}}", "{{{{RED:{0}}}}}")
chats = st.sampled_from(list(FAMILIES.values()))


@given(emitted)
def test_every_marker_survives_preprocessing(text: str) -> None:
    marked = mark_risk(text)
    before = Counter(normalise_whitespace(mark) for mark in _MARK.findall(marked))

    assert Counter(_MARK.findall(preprocess(marked))) == before


@given(
    st.lists(st.tuples(risk_word, st.sampled_from(_SPELLINGS)), min_size=1, max_size=6),
    st.text(alphabet="ab \n\t.", max_size=9),
)
def test_markers_of_every_spelling_survive_preprocessing(words: list[tuple[str, str]], between: str) -> None:
    text = f" {between} ".join(spelling.format(word) for word, spelling in words)

    assert _MARK.findall(preprocess(text)) == [f"{{{{RED:{word}}}}}" for word, _ in words]


@given(emitted)
def test_preprocessing_twice_changes_nothing_and_words_stay(text: str) -> None:
    once = preprocess(text)

    assert preprocess(once) == once
    assert re.sub(r"\s", "", once) == re.sub(r"\s", "", preprocess(normalise_markers(text)))


@given(sessions, chats)
def test_markers_reach_the_prompt(turns: tuple[Turn, ...], chat: ChatFormat) -> None:
    marked = preprocess_turns(Turn(turn.index, turn.speaker, mark_risk(turn.text)) for turn in turns)
    prompt = "".join(segment.text for segment in note_prefix(chat, marked))

    assert Counter(_MARK.findall(prompt)) == Counter(mark for turn in marked for mark in _MARK.findall(turn.text))


@given(sessions)
def test_a_transcript_that_was_written_is_read_back(turns: tuple[Turn, ...]) -> None:
    known = preprocess_turns(turn for turn in turns if turn.speaker in ("client", "therapist"))
    read = parse_transcript(render_transcript(known))

    assert [(turn.speaker, turn.text) for turn in read] == [(turn.speaker, turn.text) for turn in known]


@given(st.lists(st.text(alphabet="abcdefgh ", min_size=1, max_size=20), min_size=1, max_size=8, unique=True), chats)
def test_a_prompt_over_sessions_holds_each_once_in_order_with_the_latest_marked(
    texts: list[str], chat: ChatFormat
) -> None:
    labelled = [(f"session {number}", f"<{number}>{text}</{number}>") for number, text in enumerate(texts)]
    prompt = "".join(segment.text for segment in patient_prefix(chat, labelled))
    places = [prompt.index(text) for _, text in labelled]

    assert [prompt.count(text) for _, text in labelled] == [1] * len(labelled)
    assert places == sorted(places)
    assert prompt.count("Latest session") == 1
    assert prompt.index("Latest session") < places[0]
    assert prompt.count("Earlier session") == len(labelled) - 1
