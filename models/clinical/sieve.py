"""One sentence of a note after the other, held against the session: each comes back as it may stand, or not at all.

The same sieve serves a section as it is written and a whole one: what readers saw is what a later look leaves.
"""

from __future__ import annotations

import re

from models.clinical.frequency import without_unsaid_frequency
from models.clinical.homework import as_assigned
from models.clinical.lexicon import COMING, DENIAL, NEGATION
from models.clinical.markers import strip_markers
from models.clinical.mending import mend
from models.clinical.plan import ABSENT_SENTENCES
from models.clinical.quotes import QUOTE, contains, quoted, whole_quote
from models.clinical.repeats import without_repeats
from models.clinical.rules import RULES, unheard_of
from models.clinical.sentences import QUOTE_MARKS, ends_sentence
from models.clinical.session import Session
from models.clinical.watch import plain_words
from models.clinical.words import content_stems

_CLAUSES = re.compile(r"(; |\s?—\s?)")
_CLAUSES_BESIDE_QUOTES = re.compile(r"(; )")
_NO_BEGINNING = " :;,"  # of a section: a colon there would be read as its heading's
_LABELLED = re.compile(r"^\s*(?:risk(?: assessment)?|safety): (?![\"“„«])", re.IGNORECASE)
_FEWEST_WORDS = 3  # of a clause that may be said twice in a section
_FEWEST_STEMS = 4  # a clause beside others that has fewer words of meaning may say in others what was said


class Sieve:
    """Over one section. ``removed`` names the rule behind each change so far, in order. ``framed``: the text
    may frame what was said in words of its own, as a summary does."""

    def __init__(self, session: Session, *, framed: bool = False) -> None:
        self._session = session
        self._strictly = not framed
        self._kept: list[str] = []
        self._told: set[tuple[str, ...]] = set()  # the words of each clause kept, without its label
        self._assigned = ""  # the sentence that lists the homework as the therapist gave it
        self.removed: list[str] = []

    def sentence(self, sentence: str) -> str:
        """``sentence``, without markers, as it may stand: "" when nothing of it may."""
        if not self._kept:
            sentence = sentence.lstrip(_NO_BEGINNING)
        found = self._without_broken(sentence)
        if found and (verbatim := unquote(found, self._session)) != found:
            self.removed.append("quote")
            found = self._without_broken(verbatim)  # its words stand closer together now
        if (unsaid := without_unsaid_frequency(found, self._session)) != found:
            self.removed.append("frequency")
            found = self._without_broken(unsaid)
        if (once := without_repeats(found)) != found:
            self.removed.append("repetition")
            found = self._without_broken(once)
        found = self._with_assigned(found, sentence)
        if found:
            self._kept.append(found)
            self._told |= {_bare_words(clause) for clause in _CLAUSES.split(found)[::2]}
        return found

    def _with_assigned(self, found: str, sentence: str) -> str:
        """``found``, what stands of ``sentence``, with the homework that the therapist listed, once in a section."""
        if self._assigned:
            if COMING.match(found) and set(content_stems(found)) <= set(content_stems(self._assigned)):
                self.removed.append("repetition")
                return ""
            return found
        self._assigned = as_assigned(found or sentence, self._session, stands=bool(found)) or ""
        if self._assigned and self._assigned != found:
            self.removed.append("homework")
        return self._assigned or found

    def _without_broken(self, sentence: str) -> str:
        """``sentence`` without the clauses that break a rule, as it was when none does."""
        quotes = not QUOTE_MARKS.isdisjoint(sentence)
        clauses = (_CLAUSES_BESIDE_QUOTES if quotes else _CLAUSES).split(sentence)
        alone = len(clauses) == 1
        rest = ""
        told: list[tuple[str, ...]] = []
        for between, clause in zip(["", *clauses[1::2]], clauses[::2], strict=True):
            said = plain_words(clause)
            if said and said in told:
                self.removed.append("repetition")
                continue
            told.append(said)
            if good := self._clause(clause, alone=alone):
                rest += f"{between}{good}" if rest else good
        if not rest or rest == sentence:
            return rest
        if len(_CLAUSES.split(rest)) == 1 and unheard_of(rest, self._session):
            return ""
        return rest[:1].upper() + rest[1:] + ("" if ends_sentence(rest.split(" ")[-1]) else ".")

    def _clause(self, clause: str, *, alone: bool) -> str:
        reason = self._broken(clause, alone=alone)
        if reason is None:
            return clause
        self.removed.append(reason)
        return mend(clause, reason, lambda text: self._broken(text, alone=alone))

    def _broken(self, clause: str, *, alone: bool) -> str | None:
        said = plain_words(clause)
        if not said:
            return "no_words"
        if any(said == plain_words(other) for other in self._kept):
            return "repetition"
        if len(bare := _bare_words(clause)) >= _FEWEST_WORDS and bare in self._told:
            return "repetition"
        if clause in ABSENT_SENTENCES:
            return "absent_beside_text"
        if reason := next((reason for rule in RULES if (reason := rule(clause, self._session))), None):
            return reason
        if alone or len(content_stems(clause)) >= _FEWEST_STEMS:
            return unheard_of(clause, self._session, strictly=self._strictly)
        return None


def _bare_words(clause: str) -> tuple[str, ...]:
    """The words of a clause, of "Risk: passive SI" the last two. Other labels say of what the same words are told."""
    return plain_words(_LABELLED.sub("", clause))


def unquote(sentence: str, session: Session) -> str:
    """``sentence`` with the quotation marks off every quote that nobody said in those words, and no quote cut where
    that turns its meaning."""

    def keep(match: re.Match[str]) -> str:
        said = plain_words(quoted(match))
        if not any(contains(whole, said) for whole in session.sequences):
            return match.group(0)[1:-1]
        begins, text, ends = match.group(0)[0], quoted(match), match.group(0)[-1]
        lead = sentence[: match.start()]
        denied = bool(NEGATION.search(lead) or DENIAL.search(lead))
        spoken = (strip_markers(turn.text) for turn in session.turns)
        whole = whole_quote(text, spoken, denied=denied) if len(said) > 1 else text
        stop = text[-1] if whole != text and text[-1] in ".,!" else ""
        return f"{begins}{whole}{stop}{ends}"

    return QUOTE.sub(keep, sentence)
