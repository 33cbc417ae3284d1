"""A note without a model: what was said, picked by topic and reported, under the headings of the format.

It is readable and grounded, in any language, and says nothing that was not said; whoever stores it says that it is one.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.clinical.extract import Spoken, spoken_sentences, telling
from models.clinical.lexicon import NO_ANSWER
from models.clinical.markers import mark_risk
from models.clinical.plan import SUMMARY_ID, SectionPlan, plan_note
from models.clinical.reported import report, report_quote
from models.clinical.risk_quotes import risk_quotes
from models.clinical.sentences import split_sentences, word_count
from models.clinical.summary import fit_summary
from models.formats.format import NoteFormat, Topic
from models.transcript import Turn

# A section of quotes is read by nobody to the end: a few telling ones are.
_SENTENCES_IN_SECTION = 3
_WORDS_IN_SENTENCE = 26
_WORDS_IN_ANSWER = 16
# No sentence stands in two sections: the topics that fewest sentences speak of choose first.
_PICKS_FIRST = (
    Topic.RISK,
    Topic.PLAN,
    Topic.MENTAL_STATUS,
    Topic.PROGRESS,
    Topic.EMOTION,
    Topic.INTERVENTION,
    Topic.PRESENTATION,
)


def extractive_note(note_format: NoteFormat, turns: Sequence[Turn]) -> dict[str, str]:
    """Section id (and ``summary``) to text, every section of the format present, budgets and gates kept."""
    spoken = spoken_sentences(turns)
    used: set[tuple[int, str]] = set()
    note: dict[str, str] = {}
    sections = list(zip(note_format.sections, plan_note(note_format, turns), strict=True))
    for section, plan in sorted(sections, key=lambda pair: _PICKS_FIRST.index(pair[0].topic)):
        body = plan.fixed or _section(section.topic, spoken, turns, plan.words, used) or plan.absent
        note[section.id] = mark_risk(body)
    note = {section.id: note[section.id] for section in note_format.sections}
    wished = (note_format.summary_min_words + note_format.summary_max_words) // 2
    note[SUMMARY_ID] = fit_summary("", turns, wished, note_format.summary_max_words)
    return note


def what_was_said(plan: SectionPlan, turns: Sequence[Turn], used: set[tuple[int, str]]) -> str:
    """What the talk surely holds for a section of which nothing that the model wrote may stand, "" where it holds
    nothing: that nothing was discussed would be no truer than what was taken out. ``used`` keeps what is told."""
    return mark_risk(_section(plan.topic, spoken_sentences(turns), turns, plan.words, used, surely=True))


def _section(
    topic: Topic,
    spoken: Sequence[Spoken],
    turns: Sequence[Turn],
    words: int,
    used: set[tuple[int, str]],
    *,
    surely: bool = False,
) -> str:
    if topic is Topic.RISK:
        return risk_quotes(turns, words)
    chosen: list[tuple[int, str]] = []
    room = words
    for one in telling(topic, spoken, turns, surely=surely):
        if (one.place, one.text) in used:
            continue
        sentence = _reported(one, topic, turns, room)
        if sentence:
            used.add((one.place, one.text))
            chosen.append((one.place, sentence))
            room -= word_count(sentence)
        if len(chosen) == _SENTENCES_IN_SECTION:
            break
    return " ".join(sentence for _, sentence in sorted(chosen, key=lambda entry: entry[0]))


def _reported(one: Spoken, topic: Topic, turns: Sequence[Turn], room: int) -> str:
    """One sentence of the talk as one of the note. What was proposed is no plan without what was answered to it, where
    that was asked for or was a no."""
    answer = _answer(one, turns) if topic in (Topic.PLAN, Topic.MENTAL_STATUS) else ""
    told = report(one.text, one.turn, min(room - word_count(answer), _WORDS_IN_SENTENCE))
    return f"{told} {answer}".strip() if told else ""


def _answer(one: Spoken, turns: Sequence[Turn]) -> str:
    after = turns[one.place + 1] if one.place + 1 < len(turns) else None
    if after is None or after.speaker == one.turn.speaker or one.turn.speaker == "client":
        return ""
    last = split_sentences(one.turn.text)[-1:] == (one.text,)
    asked = last and one.text.rstrip("\"'”").endswith("?")
    if not asked and not NO_ANSWER.match(after.text):
        return ""
    return report_quote(after, " ".join(split_sentences(after.text)[:2]), _WORDS_IN_ANSWER)
