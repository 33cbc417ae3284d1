"""How a note denies a danger, before its name and behind it: "denies SI", "SI: none", "Suizidalität wird verneint"."""

from __future__ import annotations

import re

from models.clinical.lexicon import DENIAL
from models.clinical.risk import RiskMention
from models.clinical.risk_times import NOT_NOW, PAST

_BEFORE = re.compile(
    r"(?<!\w)(?:lack\w*|reject\w*|rul(?:ed|es) out|distanc\w+|distanzier\w*|descarta\w*|ausschlie\w*"
    r"|instead of|rather than|statt|en vez de)(?!\w)|\([-−]\)",
    re.IGNORECASE,
)
# Behind a danger a word denies it at the end of the clause, or before what only says how or when: "SI: none today".
_BEHIND = re.compile(
    r"(?:(?<!\w)(?:den(?:y|ies|ied)|none|no|nil|not|never|\w+n't|absent|negative|neg|rul(?:ed|es) out|unlikely"
    r"|(?<!not )(?<!never )(?<!n't )(?:gone|resolved|remitted|ceased)"
    r"|verneint\w*|nein|kein\w*|nicht|distanzier\w*|ausgeschlossen|bestritten"
    r"|negad[ao]s?|niega|ausentes?|descartad[ao]s?|ningun[ao]|jamais|non|pas|niée?s?)(?!\w)|\([-−]\)|[-−](?!\w))"
    r"(?=\W*(?:$|(?:at|by|during|today|this|currently|in|present|endorsed|reported|noted|elicited|evident|voiced|expressed"
    r"|discussed|assessed|indicated|mentioned|a|active|observed|acknowledged|occurr\w+|vorhanden|gegeben|berichtet|geäußert"
    r"|erkennbar|presentes?|referid[ao]s?)(?!\w)))",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[;.—]|,? (?<!\w)(?:but|although|though|however|aber|pero|mais)(?!\w)")
# What is denied behind a danger may be a part of it only: "SI without plan or intent", "SI, not acted on".
_OF_A_PART = re.compile(
    r"\W*(?:\w+\W+){0,3}?(?:intent\w*|intend\w*|plans?|means|method\w*|act\w*|attempt\w*|behaviou?rs?|action|absicht\w*|versuch\w*"
    r"|plan\w*|intenci\w+)(?!\w)",
    re.IGNORECASE,
)
_EMPTY = re.compile(
    r"\W*(?:none|nothing|nil|negative|denie[sd](?: all| any| it)?|no (?:concerns?|issues?)|n/?a"
    r"|keine?|nichts|nada|ningun[ao])"
    r"(?:\W+(?:was|were|is|are|reported|noted|endorsed|discussed|identified|present|stated|indicated|at|this|time|session"
    r"|currently|current|all|any|of|concern|berichtet|angegeben|vorhanden|referid[ao]))*\W*",
    re.IGNORECASE,
)


def denies(sentence: str, noted: RiskMention) -> bool:
    """Whether ``sentence`` says of the danger ``noted`` in it that it is not so."""
    start = sentence.find(noted.term)
    before, after = sentence[:start], sentence[start + len(noted.term) :]
    if noted.negated or DENIAL.search(before) or _BEFORE.search(before):
        return True
    clause = _CLAUSE_END.split(after, maxsplit=1)[0]
    # "SI in 2009, none now" tells of 2009; "past attempts: none" denies them.
    return any(
        not _OF_A_PART.match(clause[found.end() :])
        and not (
            NOT_NOW.search(clause[max(0, found.start() - 2) :]) and PAST.search(f"{before}{clause[: found.start()]}")
        )
        for found in _BEHIND.finditer(clause)
    )


def is_empty_denial(sentence: str) -> bool:
    """Whether a sentence denies without saying what: "None reported."."""
    return _EMPTY.fullmatch(sentence) is not None
