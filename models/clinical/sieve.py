"""One sentence of a note after the other, held against the session: each comes back as it may stand, or not at all.

The same sieve serves a section as it is written and a whole one: what readers saw is what a later look leaves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from models.clinical.lexicon import TOPICS
from models.clinical.plan import ABSENT_SENTENCES
from models.clinical.risk import risk_spans
from models.clinical.rules import RULES
from models.clinical.sentences import ends_sentence
from models.clinical.session import Session
from models.clinical.watch import plain_words

_DENIED = re.compile(
    r"^(.*?(?<!\w)(?:den(?:y|ies|ied|ying)|no|without|negative for)(?: any)? )(.+?)"
    r"((?: (?:was |were )?(?:reported|endorsed|noted))?\.?)$",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"(?<!\w)(?:would|will|could|can|may|is|was|are|were|has|had|have|did|does|not|but|reports?|states?)(?!\w)"
)
_BETWEEN = re.compile(r"\s*(?:[,/](?:\s*(?:and|or|nor)(?!\w))?|(?<!\w)(?:and|or|nor)(?!\w))\s*", re.IGNORECASE)
_QUOTE = re.compile(r"“([^“”\"]+)”|\"([^“”\"]+)\"")


class Sieve:
    """Over one section. ``removed`` names the rule behind each change so far, in order."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kept: list[str] = []
        self.removed: list[str] = []

    def sentence(self, sentence: str) -> str:
        """``sentence``, without markers, as it may stand: "" when nothing of it may."""
        found = self._without_broken(sentence)
        if found and (verbatim := unquote(found, self._session)) != found:
            self.removed.append("quote")
            found = verbatim
        if found:
            self._kept.append(found)
        return found

    def _without_broken(self, sentence: str) -> str:
        """``sentence`` without the clauses that break a rule, as it was when none does."""
        clauses = sentence.split("; ")
        good = []
        for clause in clauses:
            reason = _broken(clause, self._session, self._kept)
            if reason:
                self.removed.append(reason)
                clause = _borne_out(clause, self._session, self._kept)
            if clause:
                good.append(clause)
        if good == clauses or not good:
            return "; ".join(good)
        rest = "; ".join(good)
        return rest[:1].upper() + rest[1:] + ("" if ends_sentence(rest.split(" ")[-1]) else ".")


def _broken(sentence: str, session: Session, kept: Sequence[str]) -> str | None:
    if not plain_words(sentence):
        return "no_words"
    if any(plain_words(sentence) == plain_words(other) for other in kept):
        return "repetition"
    if sentence in ABSENT_SENTENCES:
        return "absent_beside_text"
    return next((reason for rule in RULES if (reason := rule(sentence, session))), None)


def _borne_out(sentence: str, session: Session, kept: Sequence[str]) -> str:
    """Of a list of denials those that the session bears out: "denied SI and HI" where only SI was asked about."""
    listed = _DENIED.match(sentence)
    if listed is None:
        return ""
    lead, items, end = listed.groups()
    parts = [part for part in _BETWEEN.split(items) if part.strip()]
    good = [part for part in parts if not _broken(f"{lead}{part}{end}", session, kept)] if len(parts) > 1 else []
    if not good or not all(_is_topic(part) for part in good):
        return ""
    return f"{lead}{_joined(good)}{end}"


def _is_topic(part: str) -> bool:
    """Whether an item of a list names something that can be denied, and is no clause of its own."""
    if _VERB.search(part):
        return False
    dangers = [category for category, _, _ in risk_spans(part) if category != "danger"]
    return bool(dangers) or any(noted.search(part) for noted, _ in TOPICS.values())


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} or {parts[-1]}"


def unquote(sentence: str, session: Session) -> str:
    """``sentence`` with the quotation marks off every quote that nobody said in those words."""

    def keep(match: re.Match[str]) -> str:
        said = plain_words(match.group(1) or match.group(2))
        return match.group(0) if any(_contains(whole, said) for whole in session.sequences) else match.group(0)[1:-1]

    return _QUOTE.sub(keep, sentence)


def _contains(whole: tuple[str, ...], part: tuple[str, ...]) -> bool:
    return bool(part) and any(whole[at : at + len(part)] == part for at in range(len(whole) - len(part) + 1))
