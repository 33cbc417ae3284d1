"""A section as it is written: what of the model's output readers may see now, and when it must end.

The result depends on the characters alone, never on how they were cut into tokens. Nothing that was returned is
taken back: what a rule finds after the fact is for ``grounding`` and a ``reset`` of the section.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.clinical.clean import Cleaner
from models.clinical.markers import could_become_risk, leading_risk, mark_risk
from models.clinical.plan import SUMMARY_ID, SectionPlan
from models.clinical.sentences import ends_sentence, starts_sentence, word_count
from models.clinical.watch import Watch
from models.transcript import Turn, speaker_label

# Fewer words than this make no sentence: with less room than that a section ends.
_SHORTEST_SENTENCE = 4
_ROOM = 0.9  # of an average sentence must be left to begin another
_LONGEST_WORD = 60
_LONGEST_SIGNS = 6


class SectionWriter:
    """Feed it what the model emits. ``done``: the section must end now. ``problem`` names the rule that was broken
    (``repetition``, ``copying``, ``role_play``, ``echo``, ``refusal``, ``preamble``); None when it ended well.
    ``ended_by`` names the end in any case: a problem, ``budget``, ``heading``, ``model``, or None while it goes on."""

    def __init__(self, plan: SectionPlan, turns: Sequence[Turn]) -> None:
        self.plan = plan
        self.done = False
        self.problem: str | None = None
        self.ended_by: str | None = None
        speakers = {name for turn in turns for name in (turn.speaker, speaker_label(turn.speaker))}
        self._clean = Cleaner(plan.heading, plan.headings, speakers, inline=plan.id != SUMMARY_ID)
        self._watch = Watch(turns, plan.instruction)
        self._marking = _Marking()
        self._sent: list[str] = []
        self._finished_words = 0
        self._sentences = 0
        self._token = ""  # the word being written
        self._sentence: list[str] = []  # words of the sentence being written
        self._space = False  # before the next character, if one may still come
        self._closed = False

    @property
    def text(self) -> str:
        """Everything that was returned, in order."""
        return "".join(self._sent)

    def feed(self, piece: str) -> str:
        """What may be sent to readers now, "" when all must be held."""
        out = ""
        for character in piece:
            if self.done:
                break
            out += self._take(self._clean.step(character))
            if self._clean.stop and not self.done:
                out += self._end_at_label(self._clean.stop)
        return self._send(out)

    def finish(self, complete: bool = True) -> str:
        """The rest, when the model has ended. ``complete`` False: it was cut off, so the last sentence may be half."""
        if self._closed:
            return ""
        self._closed = True
        out = ""
        if not self.done:
            out += self._take(self._clean.finish())
        if not self.done:
            self._end_sentence()
            self.done, self.ended_by = True, self.ended_by or "model"
        out += self._marking.flush()
        if complete and self.ended_by in ("model", "heading"):
            out += self._terminal(out)
        return self._send(out)

    def _send(self, out: str) -> str:
        if out:
            self._sent.append(out)
        return out

    def _take(self, clean: str) -> str:
        out = ""
        for character in clean:
            if not self._admit(character):
                break
            if character == " ":
                self._space = True
                continue
            if self._space:
                out += self._marking.step(" ")
                self._space = False
            out += self._marking.step(character)
        return out

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
        if self._finished_words + word_count(token) > self.plan.words:
            self._end("budget")
            return False
        if _endless(token):
            self._end("repetition", problem=True)
            return False
        self._token = token
        return True

    def _begins_sentence(self, character: str) -> bool:
        return ends_sentence(self._sentence[-1]) and starts_sentence(character)

    def _is_full(self) -> bool:
        average = self._finished_words / max(1, self._sentences)
        return self._finished_words + max(_SHORTEST_SENTENCE, _ROOM * average) > self.plan.words

    def _end_word(self) -> None:
        if not self._token:
            return
        self._finished_words += word_count(self._token)
        self._sentence.append(self._token)
        problem = self._watch.word(self._token)
        self._token = ""
        if problem:
            self._end(problem, problem=True)

    def _end_sentence(self) -> None:
        self._end_word()
        sentence = " ".join(self._sentence)
        self._sentence = []
        if self.done or not sentence:
            return
        self._sentences += 1
        problem = self._watch.sentence(sentence)
        if problem:
            self._end(problem, problem=True)

    def _end_at_label(self, reason: str) -> str:
        self._end_sentence()
        if not self.done:
            self._end(reason, problem=reason != "heading")
        return ""

    def _end(self, reason: str, *, problem: bool = False) -> None:
        self.done, self.ended_by = True, reason
        if problem:
            self.problem = reason

    def _terminal(self, rest: str) -> str:
        text = (self.text + rest).rstrip()
        return "." if text and (text[-1].isalnum() or text[-1] in ")}%") else ""


def _endless(token: str) -> bool:
    if len(token) > _LONGEST_WORD and word_count(token) == 1:
        return True
    tail = token[-_LONGEST_SIGNS - 1 :]
    return len(tail) > _LONGEST_SIGNS and len(set(tail)) == 1 and not tail[0].isalnum()


class _Marking:
    """Marks risk words in running text; holds back only what may still become one."""

    def __init__(self) -> None:
        self._held = ""
        self._in_word = False  # whether the last character that went out belongs to a word

    def step(self, character: str) -> str:
        self._held += character
        out = ""
        while self._held and not (not self._in_word and could_become_risk(self._held)):
            out += self._settle()
        return out

    def flush(self) -> str:
        out = ""
        while self._held:
            out += self._settle()
        return out

    def _settle(self) -> str:
        """Takes one risk word or one character off the front of what is held."""
        term = None if self._in_word else leading_risk(self._held)
        head = term or self._held[0]
        self._held = self._held[len(head) :]
        self._in_word = head[-1].isalnum() or head[-1] == "_"
        return mark_risk(head) if term else head
