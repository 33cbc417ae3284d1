"""A section that the model has written, held against the session: what was not said is taken out.

Whole sentences go, so that what stays reads as it was written; quotes that are not verbatim lose their quotation
marks. Reasons are names of rules, never text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.clinical.cut import cut_to_words
from models.clinical.danger import GRAVE
from models.clinical.lexicon import DENIAL
from models.clinical.markers import mark_risk, strip_markers
from models.clinical.omitted import omitted_danger, speaks_of_danger
from models.clinical.plan import ABSENT_SENTENCES
from models.clinical.risk_quotes import risk_quotes
from models.clinical.risk_rule import affirms_danger
from models.clinical.sentences import ends_sentence, split_sentences, word_count
from models.clinical.session import Session, session_of
from models.clinical.sieve import Sieve
from models.formats.format import Gate
from models.transcript import Turn, normalise_whitespace

_RISK_WORDS = 45
_ROOM_FOR_QUOTES = 20  # words: a question and its answer
_ABSENT_OF = {Gate.PLAN: "None discussed.", Gate.NONE: "None discussed."}


@dataclass(frozen=True, slots=True)
class Grounded:
    """``text`` keeps the rules; ``removed`` names the rule behind each change, in order."""

    text: str
    removed: tuple[str, ...]


def check_section(
    text: str,
    turns: Sequence[Turn],
    gate: Gate = Gate.NONE,
    absent: str | None = None,
    words: int | None = None,
    *,
    framed: bool = False,
) -> Grounded:
    """``text`` without what a note of ``turns`` must not hold. Text that keeps the rules comes back as it was.

    A risk section of a session that speaks of danger never says that it was not assessed: what was said is quoted.
    ``absent`` is what another empty rest becomes (by default what suits ``gate``); ``words`` is the section's budget;
    ``framed`` as in ``Sieve``.
    """
    absent = _ABSENT_OF.get(gate, "Not assessed in this session.") if absent is None else absent
    session = session_of(turns)
    plain = normalise_whitespace(strip_markers(text))
    says_absent = plain in {absent, *ABSENT_SENTENCES}
    if gate not in session.gates:
        return Grounded(absent, () if plain == absent else ("gate",))
    if gate is Gate.RISK and (says_absent or not plain):
        return Grounded(mark_risk(risk_quotes(turns, words or _RISK_WORDS)) or absent, ("risk_omitted",))
    if says_absent:
        return Grounded(plain, ())
    sieve = Sieve(session, framed=framed)
    removed = sieve.removed
    kept = [kept for sentence in split_sentences(strip_markers(text)) if (kept := sieve.sentence(sentence))]
    _drop_half(kept, removed)
    rest = _within(" ".join(kept), words, removed)
    if gate is Gate.RISK:
        rest = _with_omitted_risk(rest, session, turns, words or _RISK_WORDS, removed)
        rest = _not_denied_alone(rest, strip_markers(text), turns, words or _RISK_WORDS, removed)
    return Grounded(mark_risk(rest) or absent, tuple(removed))


def _with_omitted_risk(rest: str, session: Session, turns: Sequence[Turn], words: int, removed: list[str]) -> str:
    """What the client said of danger is quoted where the section is silent on it, and in its place where the section
    speaks of something else: a denial of suicide is left out as well as an attempt."""
    silent = any(mention.category in GRAVE for mention in session.mentions) and not speaks_of_danger(rest)
    if rest and not silent and not omitted_danger(rest, session)[1]:
        return rest
    removed.append("risk_omitted")
    if silent:
        return risk_quotes(turns, words)
    room = words - word_count(rest)
    if rest and room >= _ROOM_FOR_QUOTES:
        return f"{rest} {risk_quotes(turns, room)}".strip()
    return risk_quotes(turns, words)


def _not_denied_alone(rest: str, text: str, turns: Sequence[Turn], words: int, removed: list[str]) -> str:
    """``rest`` is what stands of ``text``. Where what it affirmed went and a denial is all that stays, the turns are
    quoted instead: a denial beside a danger says less than one alone."""
    if not rest or any(mark in rest for mark in '"“') or not _only_denies(rest):
        return rest
    if not any(map(affirms_danger, split_sentences(text))):
        return rest
    quotes = risk_quotes(turns, words)
    if not quotes:
        return rest
    removed.append("denied_alone")
    return quotes


def _only_denies(text: str) -> bool:
    return all(DENIAL.search(one) and not affirms_danger(one) for one in split_sentences(text))


def _drop_half(kept: list[str], removed: list[str]) -> None:
    """A last sentence that was cut off goes, unless it is all there is: then it says so."""
    while kept and not ends_sentence(kept[-1].split(" ")[-1]):
        removed.append("unfinished")
        if len(kept) == 1:
            kept[0] = kept[0].rstrip(" ,;:-") + "…"
        else:
            kept.pop()


def _within(text: str, words: int | None, removed: list[str]) -> str:
    if words is None or word_count(text) <= words:
        return text
    removed.append("budget")
    return cut_to_words(text, words)
