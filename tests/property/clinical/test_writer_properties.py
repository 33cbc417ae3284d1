"""Contract 6.10 and 6.11 on the stream: what readers see is whole, within budget, however tokens are cut."""

from __future__ import annotations

import re

from clinical_texts import cut, emitted, formats, sessions
from hypothesis import assume, example, given
from hypothesis import strategies as st

from models.clinical.claims import begins_claim
from models.clinical.markers import mark_risk, strip_markers
from models.clinical.plan import SectionPlan, plan_note, plan_summary
from models.clinical.sentences import word_count
from models.clinical.session import session_of
from models.clinical.writer import SectionWriter
from models.formats.format import NoteFormat
from models.transcript import Turn, normalise_whitespace

_PLAN = SectionPlan("progress", "Progress", 40, None, 120, headings=("Summary", "Risk", "Progress", "Plan"))
_SESSION = (
    Turn(0, "therapist", "How was the week?"),
    Turn(1, "client", "I can't stop working and I am tired of it all day."),
)
sizes = st.lists(st.integers(1, 9), max_size=5)


def write(plan: SectionPlan, turns: tuple[Turn, ...], pieces: list[str]) -> tuple[SectionWriter, list[str]]:
    """The writer and what readers have of it after each step, as a list of pieces since the last taking back."""
    writer = SectionWriter(plan, turns)
    seen: list[str] = []
    for step in [*pieces, None]:
        if step is not None and writer.done:
            continue
        out = writer.finish() if step is None else writer.feed(step)
        seen = [*([] if writer.taken_back else seen), out]
    return writer, seen


@given(emitted, sizes)
def test_any_cutting_of_the_same_text_gives_the_same_section(text: str, sizes: list[int]) -> None:
    whole, _ = write(_PLAN, _SESSION, [text])
    in_pieces, _ = write(_PLAN, _SESSION, cut(text, sizes))

    assert (in_pieces.problem, in_pieces.ended_by) == (whole.problem, whole.ended_by)
    assert whole.problem is not None or in_pieces.text == whole.text  # with a problem it is written anew


@given(emitted, sizes)
@example("work;stop. Dr. **Plan:**", [1])  # what is taken back last is returned last
def test_the_text_is_what_was_returned(text: str, sizes: list[int]) -> None:
    writer, seen = write(_PLAN, _SESSION, cut(text, sizes))

    assert "".join(seen) == writer.text
    assert writer.done


@given(emitted, sizes)
def test_no_reader_sees_half_a_marker(text: str, sizes: list[int]) -> None:
    _, seen = write(_PLAN, _SESSION, cut(text, sizes))

    for returned in seen:
        assert re.sub(r"\{\{RED:[^{}]+\}\}", "", returned).count("{") == 0
        assert re.sub(r"\{\{RED:[^{}]+\}\}", "", returned).count("}") == 0


@given(emitted, sizes)
def test_every_risk_word_of_a_streamed_section_is_marked_once(text: str, sizes: list[int]) -> None:
    writer, _ = write(_PLAN, _SESSION, cut(text, sizes))

    assert writer.text == mark_risk(strip_markers(writer.text))


@given(emitted, formats, sessions, st.data())
def test_no_section_exceeds_its_budget(
    text: str, note_format: NoteFormat, turns: tuple[Turn, ...], data: st.DataObject
) -> None:
    plan = data.draw(st.sampled_from([*plan_note(note_format, turns), plan_summary(note_format, turns)]))
    writer, _ = write(plan, turns, [text * 5])

    assert word_count(writer.text) <= plan.words


@given(emitted)
def test_a_streamed_section_is_one_line_without_markup(text: str) -> None:
    writer, _ = write(_PLAN, _SESSION, [text])

    assert writer.problem or writer.text == normalise_whitespace(writer.text)  # with a problem it is written anew
    assert not re.search(r"<\|im_end\|>|</s>|\*\*|`", writer.text)


@given(st.lists(st.text(alphabet="abcdefghij", min_size=1, max_size=9), min_size=2, max_size=20, unique=True))
def test_words_leave_as_they_come(words: list[str]) -> None:
    assume(not any(begins_claim(" ".join(words[:n]), session_of(_SESSION)) for n in range(1, len(words) + 1)))
    writer = SectionWriter(_PLAN, _SESSION)
    for number, word in enumerate(words):
        writer.feed(f" {word}")
        if writer.done:
            break
        held = " ".join(words[: number + 1])[len(writer.text) :]
        assert len(held) <= len(word) + 1
