"""A clause that breaks a rule, without what breaks it: the rest of a list, the finding without the label."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from models.clinical.danger import risk_spans
from models.clinical.lexicon import DENIAL, DIAGNOSES, MENTAL_STATUS, NEGATION, TOPICS
from models.clinical.lists import BETWEEN, LISTED, listing_of
from models.clinical.words import content_stems

Broken = Callable[[str], str | None]

_DENIED = re.compile(
    r"^(.*?(?<!\w)(?:den(?:y|ies|ied|ying)|no|without|negative for)(?: any)? )(.+?)"
    r"((?: (?:was |were )?(?:reported|endorsed|noted))?\.?)$",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"(?<!\w)(?:would|will|could|can|may|is|was|are|were|has|had|have|did|does|not|but|reports?|states?)(?!\w)"
)
_BETWEEN = re.compile(r"\s*(?:[,/](?:\s*(?:and|or|nor)(?!\w))?|(?<!\w)(?:and|or|nor)(?!\w))\s*", re.IGNORECASE)
_ITEM = re.compile(
    r"(, (?:and |but |or )?| (?:consistent|compatible|in keeping) with | (?:and|but|then|yet|with) )(?![^(]*\))"
)
_PERSON = r"(?:The )?(?:\w+ )?(?:Client|Patient|Pt)"
_SUBJECT = re.compile(rf"^{_PERSON} with (?:[\w-]+ )?$", re.IGNORECASE)
_ALONE = re.compile(rf"(?:{_PERSON}|(?:The )?Therapist)", re.IGNORECASE)
_VERB_AFTER = re.compile(
    r"^(?: \([^)]*\))?(?: (?:symptoms|features|traits|pattern|presentation|disorder))?"
    r" (?=(?:\w+ly )?(?!symptoms|features|traits)[a-z]+(?:s|ed)(?!\w)(?! and(?!\w)))"
)
# What follows a thing that one has or feels and is no such thing: "with panic, but feels low".
_VERBAL = re.compile(
    r"(?:is|was|has|feels|felt|reports|reported|denies|denied|describes|described|struggles|works|worked|sleeps|slept|states"
    r"|stated|says|said|wants|wanted|thinks|notes|noted|experiences|continues|remains|appears) ",
    re.IGNORECASE,
)
# What would be less of both.
_LESSENS = re.compile(
    r"(?<!\w)(?:fewer|less|reduc\w*|decreas\w*|lessen\w*|lower\w*|improv\w*|lack\w*|loss|relief|freedom|free|fears? of"
    r"|ease[sd]?)(?!\w)",
    re.IGNORECASE,
)
_HANGS_ON = re.compile(r"(?:which|who|whom|that|because|after|when|while|to|as|so)(?!\w)", re.IGNORECASE)
_PRESENTED = re.compile(rf"{_PERSON} \w+", re.IGNORECASE)
# "Client reports " before what is reported, item after item.
_REPORTS = re.compile(
    rf"^({_PERSON} (?:with [^,;]+? )?(?:\w+ly )?(?:report|describ|present|endors|experienc|process|review|address"
    r"|acknowledg|disclos)(?:s|es|ed)(?: with)? )(.+)$",
    re.IGNORECASE,
)
_LABEL = re.compile(f"{DIAGNOSES.pattern}|{MENTAL_STATUS.pattern}", re.IGNORECASE)
_LABELS = frozenset({"mental_status", "diagnosis", "diagnosis_denied"})
# Of somebody: without what nobody said the rest of what is reported stands.
_CLAIMS = frozenset({"symptom", "risk_not_spoken_of", "risk_contradicted", "risk_of_another"})


def mend(clause: str, reason: str, broken: Broken) -> str:
    """``clause``, which breaks the rule ``reason``, as it may stand, "" when it may not. ``broken`` names the rule that
    a text breaks."""
    if rest := _without_unheard(clause, broken):
        return rest
    denial = DENIAL.search(clause)
    label = min((found.start() for found in _LABEL.finditer(clause)), default=0)
    if reason == "change" or (reason in _CLAIMS and denial is None):
        return _without_items(clause, broken)
    if reason in _LABELS and (denial is None or label < denial.start()):
        return _without_label(clause, broken) or _without_items(clause, broken)
    return _borne_out(clause, broken)


def _without_unheard(clause: str, broken: Broken) -> str:
    """ "Homework: sleep diary, yoga" as "Homework: sleep diary" where nobody spoke of yoga: without the one item that
    was not said, or with those alone that were."""
    listed = LISTED.fullmatch(clause)
    if listed is None:
        return ""
    lead, listing, end = listed.groups()
    items, last = BETWEEN.split(listing)[::2], BETWEEN.split(listing)[-2:-1]
    if len(items) < 2:
        return ""

    def told(kept: Sequence[str]) -> str:
        return f"{lead}{listing_of(kept, last[0])}{end}"

    for place in range(len(items)):
        rest = [*items[:place], *items[place + 1 :]]
        if not broken(told(rest)):
            return told(rest)
    good: list[str] = []
    for item in items:
        if item and not broken(told([*good, item])):
            good.append(item)
    return told(good) if good else ""


def _without_label(clause: str, broken: Broken) -> str:
    """ "Client with GAD reports worry" as "Client reports worry"."""
    for match in DIAGNOSES.finditer(clause):
        subject, verb = _SUBJECT.match(clause[: match.start()]), _VERB_AFTER.match(clause[match.end() :])
        if subject and verb:
            rest = f"{clause[: subject.group(0).index(' with ')]} {clause[match.end() + verb.end() :]}"
            return rest if not broken(rest) else _without_items(rest, broken)
    return ""


def _without_items(clause: str, broken: Broken) -> str:
    """ "Affect anxious but guarded" as "Affect anxious" where nobody spoke of being guarded."""
    bare = clause.rstrip(".!… ")
    kept, *rest = _ITEM.split(bare)
    if rest and _ALONE.fullmatch(kept):
        kept, rest = f"{kept}{rest[0]}{rest[1]}", rest[2:]  # "Client" tells nothing without what comes first
    if rest and broken(kept) and (reports := _REPORTS.match(kept)):
        # The first of what is reported goes, and what follows it is reported instead: "reports" stays.
        if _HANGS_ON.match(rest[1]):
            return ""
        kept, rest = f"{reports.group(1)}{rest[1]}", rest[2:]
    if broken(kept) or kept == bare:
        return ""
    went = ""  # how the first of the items that went was joined to what stands before it
    for between, item in zip(rest[::2], rest[1::2], strict=True):
        if not item or broken(kept + between + item) or (went == " with " and _VERBAL.match(item)):
            went = went or between
            continue
        if _PRESENTED.fullmatch(kept) and (went == " with " or item.startswith("with ")):
            kept += " " + ("" if item.startswith("with ") else "with ") + item
        else:
            kept += between + item
        went = ""
    return _of_two(kept) + clause[len(bare) :] if len(content_stems(kept)) > 1 else ""


def _of_two(text: str) -> str:
    """ "Low mood, and worry" as "low mood and worry"; not where that would deny both."""
    before, joined, after = text.partition(", and ")
    if not joined or "," in before + after or DENIAL.search(before) or NEGATION.search(before):
        return text
    if _LESSENS.search(before) or risk_spans(after):
        return text
    return f"{before} and {after}"


def _borne_out(clause: str, broken: Broken) -> str:
    """Of a list of denials those that the session bears out: "denied SI and HI" where only SI was asked about."""
    listed = _DENIED.match(clause)
    if listed is None:
        return ""
    lead, items, end = listed.groups()
    parts = [part for part in _BETWEEN.split(items) if part.strip()]
    good = [part for part in parts if not broken(f"{lead}{part}{end}")] if len(parts) > 1 else []
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
