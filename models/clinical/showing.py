"""What readers may see of a section while its sentences are still being written.

Words leave as they come. From where a sentence begins to claim what needs a ground in the session (``claims``), and
all through a section on danger, its words wait until it ends and was held against the session (``sieve``).
"""

from __future__ import annotations

from models.clinical.claims import begins_claim, may_claim
from models.clinical.markers import could_become_risk, leading_risk, mark_risk
from models.clinical.sentences import split_sentences, word_count
from models.clinical.session import Session
from models.clinical.sieve import Sieve


class Showing:
    """Of one section. ``cautious``: whole sentences only; ``framed``: as in ``Sieve``. ``take`` what may leave after
    each step."""

    def __init__(self, session: Session, *, cautious: bool, framed: bool = False) -> None:
        self._session = session
        self._cautious = cautious
        self._sieve = Sieve(session, framed=framed)
        self._marking = _Marking()
        self._standing: list[str] = []  # whole sentences that may stand, without markers
        self._shown = 0  # characters of the sentence that is being written that left
        self._waits = cautious  # its rest does
        self._out = ""
        self.text = ""
        self.taken_back = False

    @property
    def sentences(self) -> int:
        """How many stand."""
        return len(self._standing)

    @property
    def words(self) -> int:
        """Words of the sentences that stand."""
        return sum(map(word_count, self._standing))

    def take(self) -> str:
        """What left since the last call; all that stands when ``taken_back``."""
        out, self._out = self._out, ""
        return out

    def grow(self, sentence: list[str], token: str) -> None:
        """The sentence that is being written has these whole words by now, and ``token`` of one that is not whole."""
        words = [*sentence, token] if token else sentence
        so_far = " ".join(words)
        if self._waits or len(so_far) <= self._shown:
            return
        if begins_claim(so_far, self._session, self._shown):
            self._waits = True
            so_far = "".join(f"{word} " for word in words[:-1])
            if begins_claim(so_far, self._session, self._shown):
                return
        elif token and may_claim(token, first=not sentence):
            so_far = "".join(f"{word} " for word in sentence)
        if len(so_far) > self._shown:
            self._write(so_far[self._shown :], apart=not self._shown)
            self._shown = len(so_far)

    def settle(self, sentence: str) -> None:
        """The sentence is whole: what may stand of it leaves."""
        allowed = [found for one in split_sentences(sentence) if (found := self._sieve.sentence(one))]
        self._standing.extend(allowed)
        self._leave(" ".join(allowed), sentence)

    def drop(self, sentence: str) -> None:
        """The sentence, of which some may have left, will not be finished."""
        self._leave("", sentence)

    def end(self) -> None:
        """Nothing more will come."""
        self._send(self._marking.flush())

    def _leave(self, allowed: str, sentence: str) -> None:
        if allowed.startswith(sentence[: self._shown]):
            self._write(allowed[self._shown :], apart=not self._shown)
        else:
            self.text, self._out, self._marking = "", "", _Marking()
            self.taken_back = True
            self._write(" ".join(self._standing), apart=False)
        self._shown, self._waits = 0, self._cautious

    def _write(self, plain: str, *, apart: bool) -> None:
        """Sends ``plain`` with its risk words marked; ``apart``: a space before it, unless it is the first."""
        if apart and plain and (self.text or self._marking.held):
            plain = f" {plain}"
        self._send("".join(self._marking.step(character) for character in plain))

    def _send(self, out: str) -> None:
        self.text += out
        self._out += out


class _Marking:
    """Marks risk words in running text; holds back only what may still become one."""

    def __init__(self) -> None:
        self.held = ""
        self._in_word = False  # whether the last character that went out belongs to a word

    def step(self, character: str) -> str:
        self.held += character
        out = ""
        while self.held and not (not self._in_word and could_become_risk(self.held)):
            out += self._settle()
        return out

    def flush(self) -> str:
        out = ""
        while self.held:
            out += self._settle()
        return out

    def _settle(self) -> str:
        """Takes one risk word or one character off the front of what is held."""
        term = None if self._in_word else leading_risk(self.held)
        head = term or self.held[0]
        self.held = self.held[len(head) :]
        self._in_word = head[-1].isalnum() or head[-1] == "_"
        return mark_risk(head) if term else head
