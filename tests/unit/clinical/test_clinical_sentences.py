"""Where sentences end."""

from __future__ import annotations

import pytest

from models.clinical.sentences import split_sentences, word_count


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("She slept. He did not.", ("She slept.", "He did not.")),
        ("Seen by Dr. Lee at 3 p.m. on Monday.", ("Seen by Dr. Lee at 3 p.m. on Monday.",)),
        ("Coping skills, e.g. breathing. It helps.", ("Coping skills, e.g. breathing.", "It helps.")),
        ('He said, "I am done." Then he left.', ('He said, "I am done."', "Then he left.")),
        ("Really?! Yes… No.", ("Really?!", "Yes…", "No.")),
        ("It cost 2.50 today. fine", ("It cost 2.50 today. fine",)),
        ("{{RED:Suicide}} was denied. {{RED:Abuse}} too.", ("{{RED:Suicide}} was denied.", "{{RED:Abuse}} too.")),
        ("Thinks of {{RED:hurting. Herself}} now.", ("Thinks of {{RED:hurting. Herself}} now.",)),
        ("Goals:\n- sleep more\n- call Ana", ("Goals:", "- sleep more", "- call Ana")),
        ("1. Walk. 2. Rest.", ("1. Walk.", "2. Rest.")),
        ("¿Duerme? Sí. ¡Bien!", ("¿Duerme?", "Sí.", "¡Bien!")),
        ("First part\n\nsecond part", ("First part", "second part")),
        ("   ", ()),
    ],
)
def test_a_text_is_split_where_a_reader_would(text: str, sentences: tuple[str, ...]) -> None:
    assert split_sentences(text) == sentences


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), (" a  b\nc ", 3), ("{{RED:hurt myself}}", 2), ("今日は疲れた。", 3)]
)
def test_words_are_counted(text: str, count: int) -> None:
    assert word_count(text) == count


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Fell from 8 to 4. Then rest.", ("Fell from 8 to 4.", "Then rest.")),
        ("1. Sleep diary.\n2. Walks.", ("1. Sleep diary.", "2. Walks.")),
        ("Nächster Termin am 4. Mai. Gut.", ("Nächster Termin am 4. Mai.", "Gut.")),
        ('Client said: "No. Never." Slept.', ('Client said: "No. Never."', "Slept.")),
        ("Klient sagt: „Nein. Nie.“ Schläft.", ("Klient sagt: „Nein. Nie.“", "Schläft.")),
        ('Said "No. Never. Slept.', ('Said "No.', "Never.", "Slept.")),
    ],
)
def test_numbers_end_sentences_and_quotations_hold_theirs_together(text: str, sentences: tuple[str, ...]) -> None:
    assert split_sentences(text) == sentences
