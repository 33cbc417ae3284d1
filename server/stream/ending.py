"""The end of a note's stream where it is taken from the database, because the worker's last frames never came.

What came before may be lost, and some readers have seen more of it than is left. So the whole text is told anew unless
it was told already: the texts of a section, in order, are always the section's text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from events.frames import Position, StreamEvent
from models.prompts import SUMMARY_ID

Told = tuple[str, Mapping[str, Any]]

# Numbers beyond all of a worker's, so that these events come after all that anybody has seen.
_TOLD_ANEW = 10**9
_END = 2 * 10**9


def is_partial(position: Position) -> bool:
    """Whether a reader left in the middle of a text that was told anew: another replica may know nothing of it."""
    return _TOLD_ANEW <= position.number < _END


def failed_end(generation: str, attempt: int, problem: Mapping[str, Any]) -> StreamEvent:
    return StreamEvent(generation, Position(attempt, _END), "error", dict(problem))


def written_end(
    generation: str, attempt: int, told: Iterable[Told], document: Mapping[str, Any]
) -> Iterator[StreamEvent]:
    """What is left to tell of a stored note when the events ``told`` (name, data) have been."""
    sections = [(one["id"], one["heading"], one["text"]) for one in document["sections"]]
    sections.append((SUMMARY_ID, "Summary", document["summary"]))
    if texts_of(told) != {section: text for section, _, text in sections if text}:
        events: list[Told] = [("reset", {"attempt": attempt, "reason": "lost"})]
        for section, heading, text in sections:
            events.append(("section", {"section": section, "heading": heading}))
            if text:
                events.append(("token", {"section": section, "text": text}))
        for number, (name, data) in enumerate(events, _TOLD_ANEW):
            yield StreamEvent(generation, Position(attempt, number), name, dict(data))
    yield StreamEvent(generation, Position(attempt, _END), "note", dict(document))


def texts_of(told: Iterable[Told]) -> dict[str, str]:
    """The text of each section that has one, as a reader of these events holds it."""
    texts: dict[str, str] = {}
    for name, data in told:
        if name == "token":
            texts[data["section"]] = texts.get(data["section"], "") + data["text"]
        elif name == "reset" and data.get("section") is None:
            texts.clear()
        elif name == "reset":
            texts.pop(data["section"], None)
    return {section: text for section, text in texts.items() if text}
