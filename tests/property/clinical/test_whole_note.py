"""Contract 6.9, 6.10, 6.11 and 6.16 over a note as the service writes it: the real drafting, whatever is emitted, in
any format, density and session; and what readers of the stream saw is what is stored."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from clinical_texts import emitted, formats, sessions
from hypothesis import given
from hypothesis import strategies as st

from models.clinical.markers import mark_risk
from models.clinical.plan import SUMMARY_ID
from models.clinical.sentences import word_count
from models.engine.api import EngineFailure
from models.engine.scripted import ScriptedEngine
from models.formats import Density, NoteFormat, NoteOptions, load_format, with_options
from models.transcript import Turn, parse_transcript
from server.notes import merging, text
from server.notes.state import Draft, WrittenBy
from server.worker.drafting import Drafting, Task
from server.worker.reading import Reader

MODEL = WrittenBy("scripted", "", None, "1")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
# Every part may be written twice: a part that breaks a rule is asked for again.
outputs = st.lists(emitted, min_size=1, max_size=6)


class Readers:
    """What readers of the stream see at the end."""

    attempt = 1

    def __init__(self) -> None:
        self.seen: dict[str, str] = {}

    def add(self, event: str, data: dict[str, Any]) -> None:
        if event == "reset":
            for section in [data["section"]] if data.get("section") else list(self.seen):
                self.seen.pop(section, None)
        elif event == "token":
            self.seen[data["section"]] = self.seen.get(data["section"], "") + data["text"]

    def flush(self) -> None: ...


async def written(
    note_format: NoteFormat, turns: tuple[Turn, ...], said: list[str], *, fails: bool = False
) -> tuple[Draft, Readers]:
    turn = iter(range(1000))
    failures = dict.fromkeys(range(1, 99), EngineFailure.DECODE) if fails else None
    engine = ScriptedEngine(lambda _request, _branch: said[next(turn) % len(said)], failures=failures)
    await engine.start()
    readers: Any = Readers()
    task = Task("g", 1, 1, turns, note_format, None, True)
    draft = await Drafting(engine, Reader(engine), task, readers, parallel=True, deadline=60.0, model=MODEL).write()
    await engine.stop()
    return draft, readers


def check(draft: Draft, readers: Readers, note_format: NoteFormat, turns: tuple[Turn, ...]) -> None:
    note = merging.generated(None, draft, text.render, NOW)
    assert re.findall(r"^\*\*([^*\n]+):\*\*", note.text, re.MULTILINE) == [
        section.heading for section in note_format.sections
    ]
    for spec, section in zip(note_format.sections, note.sections, strict=True):
        assert (section.id, section.text) == (spec.id, readers.seen[spec.id])
        assert section.text.strip()
        assert word_count(section.text) <= spec.words
    assert note.text == mark_risk(note.text)
    assert note.summary == readers.seen[SUMMARY_ID]
    spoken = sum(len(said.split()) for said in {turn.text for turn in turns})
    assert word_count(note.summary) <= 70
    assert len(note.summary.split()) >= 30 or spoken < 30


@given(formats, st.sampled_from(Density), sessions.filter(bool), outputs)
async def test_a_note_is_whole_whatever_the_model_emits(
    note_format: NoteFormat, density: Density, turns: tuple[Turn, ...], said: list[str]
) -> None:
    wished = with_options(note_format, NoteOptions(density))
    draft, readers = await written(wished, turns, said)

    check(draft, readers, wished, turns)
    assert draft.fallback is False


@given(formats, sessions.filter(bool), outputs)
async def test_a_model_that_fails_leaves_a_whole_note_that_says_so(
    note_format: NoteFormat, turns: tuple[Turn, ...], said: list[str]
) -> None:
    draft, readers = await written(note_format, turns, said, fails=True)

    check(draft, readers, note_format, turns)
    note = merging.generated(None, draft, text.render, NOW)
    assert (note.fallback, note.model) == (True, None)
    assert note.text.endswith(text.FALLBACK_LINE)


async def test_a_plan_that_the_talk_holds_is_told_in_its_words_where_nothing_of_the_models_may_stand() -> None:
    turns = parse_transcript(
        "Therapist: Would you keep a log until next Thursday?\nClient: No thanks. I hate logs.\n"
        "Therapist: All right. We meet on Thursday at four.\nClient: I feel sad about it."
    )
    draft, readers = await written(load_format(), turns, ["Homework: yoga with Beatrix 14 times."])

    assert (
        draft.sections["plan"]
        == readers.seen["plan"]
        == (
            'Therapist asked: "Would you keep a log until next Thursday?" Patient said: "No thanks. I hate logs."'
            ' Therapist said: "We meet on Thursday at four."'
        )
    )
    assert draft.sections["emotional_state"] == "Patient reported that they feel sad about it."
    assert draft.sections["progress"] == "None discussed."
