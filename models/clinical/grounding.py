"""A section that the model has written, held against the session: what was not said is taken out.

Whole sentences go, so that what stays reads as it was written; quotes that are not verbatim lose their quotation
marks. Reasons are names of rules, never text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from models.clinical.lexicon import TOPICS
from models.clinical.markers import mark_risk, strip_markers
from models.clinical.plan import ABSENT_SENTENCES
from models.clinical.risk import affirmed_categories, risk_spans
from models.clinical.risk_quotes import risk_quotes
from models.clinical.rules import RULES
from models.clinical.sentences import ends_sentence, split_sentences, word_count
from models.clinical.session import Session, session_of
from models.clinical.summary import cut_to_words
from models.clinical.watch import plain_words
from models.formats.format import Gate
from models.transcript import Turn, normalise_whitespace

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
_RISK_WORDS = 45
_ROOM_FOR_QUOTES = 20  # words: a question and its answer
_ABSENT_OF = {Gate.PLAN: "None discussed.", Gate.NONE: "None discussed."}


@dataclass(frozen=True, slots=True)
class Grounded:
    """``text`` keeps the rules; ``removed`` names the rule behind each change, in order."""

    text: str
    removed: tuple[str, ...]


def check_section(
    text: str, turns: Sequence[Turn], gate: Gate = Gate.NONE, absent: str | None = None, words: int | None = None
) -> Grounded:
    """``text`` without what a note of ``turns`` must not hold. Text that keeps the rules comes back as it was.

    A risk section of a session that speaks of danger never says that it was not assessed: what was said is quoted.
    ``absent`` is what another empty rest becomes (by default what suits ``gate``); ``words`` is the section's budget.
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
    kept: list[str] = []
    removed: list[str] = []
    for sentence in split_sentences(strip_markers(text)):
        sentence = _without_broken(sentence, session, kept, removed)
        if not sentence:
            continue
        verbatim = unquote(sentence, session)
        if verbatim != sentence:
            removed.append("quote")
        kept.append(verbatim)
    _drop_half(kept, removed)
    rest = _within(" ".join(kept), words, removed)
    if gate is Gate.RISK:
        rest = _with_omitted_risk(rest, session, turns, words or _RISK_WORDS, removed)
    return Grounded(mark_risk(rest) or absent, tuple(removed))


def _with_omitted_risk(rest: str, session: Session, turns: Sequence[Turn], words: int, removed: list[str]) -> str:
    """What the client said of danger is quoted where the section is silent on it."""
    noted = {category for sentence in split_sentences(rest) for category, _, _ in risk_spans(sentence)}
    if rest and not affirmed_categories(session.mentions) - noted:
        return rest
    removed.append("risk_omitted")
    room = words - word_count(rest)
    if rest and room >= _ROOM_FOR_QUOTES:
        return f"{rest} {risk_quotes(turns, room)}".strip()
    return risk_quotes(turns, words)


def _without_broken(sentence: str, session: Session, kept: list[str], removed: list[str]) -> str:
    """``sentence`` without the clauses that break a rule, as it was when none does."""
    clauses = sentence.split("; ")
    good = []
    for clause in clauses:
        reason = _broken(clause, session, kept)
        if reason:
            removed.append(reason)
            clause = _borne_out(clause, session, kept)
        if clause:
            good.append(clause)
    if good == clauses or not good:
        return "; ".join(good)
    rest = "; ".join(good)
    return rest[:1].upper() + rest[1:] + ("" if ends_sentence(rest.split(" ")[-1]) else ".")


def _broken(sentence: str, session: Session, kept: list[str]) -> str | None:
    if not plain_words(sentence):
        return "no_words"
    if any(plain_words(sentence) == plain_words(other) for other in kept):
        return "repetition"
    if sentence in ABSENT_SENTENCES:
        return "absent_beside_text"
    return next((reason for rule in RULES if (reason := rule(sentence, session))), None)


def _borne_out(sentence: str, session: Session, kept: list[str]) -> str:
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


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} or {parts[-1]}"


def unquote(sentence: str, session: Session) -> str:
    """``sentence`` with the quotation marks off every quote that nobody said in those words."""

    def keep(match: re.Match[str]) -> str:
        said = plain_words(match.group(1) or match.group(2))
        return match.group(0) if any(_contains(whole, said) for whole in session.sequences) else match.group(0)[1:-1]

    return _QUOTE.sub(keep, sentence)


def _contains(whole: tuple[str, ...], part: tuple[str, ...]) -> bool:
    return bool(part) and any(whole[at : at + len(part)] == part for at in range(len(whole) - len(part) + 1))


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
