"""The parts of one note while they are being written: rules between the model's tokens and the readers.

``Composition`` turns the engine's events into the events of the stream, and keeps the text that readers have seen:
what it holds at the end is what is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.clinical.finished import as_stored
from models.clinical.plan import SUMMARY_ID, SectionPlan
from models.clinical.writer import SectionWriter
from models.transcript import Turn

Emit = Callable[[str, dict[str, Any]], None]


@dataclass(slots=True)
class _Part:
    plan: SectionPlan
    writer: SectionWriter
    begun: bool = False
    text: str = ""
    problem: str | None = None
    complete: bool = field(default=False)


class Composition:
    """The sections of a note and its summary, by id. ``emit`` takes the stream's events."""

    def __init__(
        self, plans: Sequence[SectionPlan], turns: Sequence[Turn], attempt: int, emit: Emit, words: tuple[int, int]
    ) -> None:
        self._turns = turns
        self._attempt = attempt
        self._emit = emit
        self._summary_words = words
        self._parts = {plan.id: _Part(plan, SectionWriter(plan, turns)) for plan in plans}

    def write_fixed(self) -> None:
        """Writes the sections that no model is asked for."""
        for part in self._parts.values():
            if part.plan.fixed is not None:
                self._say(part, part.plan.fixed)
                part.complete = True

    @property
    def open_parts(self) -> list[SectionPlan]:
        """The sections that a model still has to write, in order."""
        return [part.plan for part in self._parts.values() if not part.complete]

    def feed(self, section: str, piece: str) -> bool:
        """Takes text from the model. False once the section wants no more."""
        part = self._parts[section]
        self._hear(part, part.writer.feed(piece))
        return not part.writer.done

    def end(self, section: str, *, cut_off: bool) -> None:
        """The model has ended a section; ``cut_off`` when it ran out of its budget."""
        part = self._parts[section]
        if part.complete:
            return
        self._hear(part, part.writer.finish(not cut_off))
        part.problem = part.writer.problem
        part.complete = True

    def checked(self) -> dict[str, str]:
        """Holds every finished section against the session: by section what may not stand, said again. Changes
        nothing."""
        found: dict[str, str] = {}
        used: set[tuple[int, str]] = set()
        for part in self._parts.values():
            if part.plan.fixed is None and part.complete and part.problem is None:
                text = as_stored(part.plan, part.text, self._turns, used, self._summary_words)
                if text != part.text:
                    found[part.plan.id] = text
        return found

    def problems(self) -> dict[str, str]:
        """Sections that broke a rule while they were written, and which."""
        return {part.plan.id: part.problem for part in self._parts.values() if part.problem is not None}

    def retry(self, section: str) -> None:
        """Takes a section back so that the model may write it again."""
        part = self._parts[section]
        self._take_back(part, part.problem or "retry")
        part.writer, part.problem, part.complete = SectionWriter(part.plan, self._turns), None, False

    def rewrite(self, section: str, text: str, reason: str) -> None:
        """Replaces a section's text, for readers as well; what is only added to it takes nothing back."""
        part = self._parts[section]
        if text.startswith(part.text):
            self._say(part, text[len(part.text) :])
        else:
            self._take_back(part, reason)
            self._say(part, text)
        part.problem, part.complete = None, True

    def texts(self) -> dict[str, str]:
        """The sections as readers have seen them, the summary left out."""
        return {part.plan.id: part.text for part in self._parts.values() if not part.plan.is_summary}

    @property
    def summary(self) -> str:
        part = self._parts.get(SUMMARY_ID)
        return part.text if part else ""

    def _hear(self, part: _Part, text: str) -> None:
        if part.writer.taken_back:
            self._take_back(part, "grounding")
        self._say(part, text)

    def _take_back(self, part: _Part, reason: str) -> None:
        if part.begun:
            self._emit("reset", {"attempt": self._attempt, "section": part.plan.id, "reason": reason})
        part.begun, part.text = False, ""

    def _say(self, part: _Part, text: str) -> None:
        if not part.begun and (text or part.plan.fixed is None):
            part.begun = True
            self._emit("section", {"section": part.plan.id, "heading": part.plan.heading})
        if text:
            part.text += text
            self._emit("token", {"section": part.plan.id, "text": text})
