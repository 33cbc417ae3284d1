"""A section as it is written: what of the model's output readers may see now, and when it must end.

The text depends on the characters alone, never on how they were cut into tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.clinical.clean import Cleaner
from models.clinical.plan import SectionPlan
from models.clinical.sentences import ends_sentence, in_quotation, starts_sentence, word_count
from models.clinical.session import session_of
from models.clinical.showing import Showing
from models.clinical.watch import Watch
from models.formats.format import Gate
from models.transcript import Turn, speaker_label

# Fewer words than this make no sentence: with less room than that a section ends.
_SHORTEST_SENTENCE = 4
_ROOM = 0.9  # of an average sentence must be left to begin another
_LONGEST_WORD = 60
_LONGEST_SIGNS = 6


class SectionWriter:
    """Feed it what the model emits. ``done``: the section must end now. ``problem`` names the rule that was broken
    (``repetition``, ``copying``, ``role_play``, ``echo``, ``refusal``, ``preamble``); None when it ended well.
    ``ended_by`` names the end in any case: a problem, ``budget``, ``heading``, ``model``, or None while it goes on.

    ``taken_back`` is True after a call that found a sentence untenable whose first words readers have seen: what was
    returned before is void then, and the call returned the whole text that stands instead."""

    def __init__(self, plan: SectionPlan, turns: Sequence[Turn]) -> None:
        self.plan = plan
        self.done = False
        self.problem: str | None = None
        self.ended_by: str | None = None
        speakers = {name for turn in turns for name in (turn.speaker, speaker_label(turn.speaker))}
        self._clean = Cleaner(plan.heading, plan.headings, speakers, inline=not plan.is_summary)
        self._watch = Watch(turns, plan.instruction, plans=plan.gate is Gate.PLAN)
        session = session_of(turns)
        # Where somebody tells the writer what to write, no words of it shall be seen either.
        cautious = plan.gate is Gate.RISK or bool(session.instructions)
        self._showing = Showing(session, cautious=cautious, framed=plan.is_summary)
        self._token = ""  # the word being written
        self._sentence: list[str] = []  # words of the sentence being written
        self._words = 0  # that stand or are being written, without the last one
        self._closed = False

    @property
    def text(self) -> str:
        """Everything that stands of what was returned, in order."""
        return self._showing.text

    @property
    def taken_back(self) -> bool:
        return self._showing.taken_back

    def feed(self, piece: str) -> str:
        """What may be sent to readers now, "" when all must wait."""
        self._showing.taken_back = False
        for character in piece:
            if self.done:
                break
            self._take(self._clean.step(character))
            if self._clean.stop and not self.done:
                self._end_at_label(self._clean.stop)
        if not self.done:
            self._showing.grow(self._sentence, self._token)
        return self._showing.take()

    def finish(self, complete: bool = True) -> str:
        """The rest, when the model has ended. ``complete`` False: it was cut off, so the last sentence may be half."""
        self._showing.taken_back = False
        if self._closed:
            return ""
        self._closed = True
        if not self.done:
            self._take(self._clean.finish())
        if not self.done and complete:
            self._end_sentence(last=True)
        if not self.done:
            self.done, self.ended_by = True, "model"
        if self.problem is None:
            self._end_half()
        self._showing.end()
        return self._showing.take()

    def _take(self, clean: str) -> None:
        for character in clean:
            if not self._admit(character):
                break

    def _admit(self, character: str) -> bool:
        """Whether a clean character may still be written; ends the section else."""
        if character == " ":
            self._end_word()
            return not self.done
        if not self._token and self._sentence and self._begins_sentence(character):
            self._end_sentence()
            if not self.done and self._is_full():
                self._end("budget")
        if self.done:
            return False
        token = self._token + character
        if self._words + word_count(token) > self.plan.words:
            self._end("budget")
            return False
        if _endless(token):
            self._end("repetition", problem=True)
            return False
        self._token = token
        return True

    def _begins_sentence(self, character: str) -> bool:
        before = self._sentence[-2] if len(self._sentence) > 1 else None
        ended = ends_sentence(self._sentence[-1], before) and starts_sentence(character)
        return ended and not in_quotation(self._sentence)

    def _is_full(self) -> bool:
        average = self._words / max(1, self._showing.sentences)
        return self._words + max(_SHORTEST_SENTENCE, _ROOM * average) > self.plan.words

    def _end_word(self) -> None:
        if not self._token:
            return
        self._sentence.append(self._token)
        self._words += word_count(self._token)
        problem = self._watch.word(self._token)
        self._token = ""
        if problem:
            self._end(problem, problem=True)

    def _end_sentence(self, *, last: bool = False) -> None:
        self._end_word()
        sentence = " ".join(self._sentence)
        if self.done or not sentence:
            return
        problem = self._watch.sentence(sentence)
        if problem:
            self._end(problem, problem=True)
            return
        self._showing.settle(sentence + ("." if last and (sentence[-1].isalnum() or sentence[-1] in ")%") else ""))
        self._sentence, self._words = [], self._showing.words

    def _end_at_label(self, reason: str) -> None:
        self._end_sentence(last=reason == "heading")
        if not self.done:
            self._end(reason, problem=reason != "heading")

    def _end_half(self) -> None:
        """What is left of a sentence that was cut off: it goes where others stand, and is all there is else."""
        self._end_word()
        half = " ".join(self._sentence)
        if self.problem is not None or not half:
            return
        if self._showing.sentences and not ends_sentence(self._sentence[-1]):
            self._showing.drop(half)
        else:
            self._showing.settle(half)

    def _end(self, reason: str, *, problem: bool = False) -> None:
        self.done, self.ended_by = True, reason
        if problem:
            self.problem = reason


def _endless(token: str) -> bool:
    if len(token) > _LONGEST_WORD and word_count(token) == 1:
        return True
    tail = token[-_LONGEST_SIGNS - 1 :]
    return len(tail) > _LONGEST_SIGNS and len(set(tail)) == 1 and not tail[0].isalnum()
