"""What a session must have spoken of before a section may: the conditions behind ``formats.Gate``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from models.clinical.lexicon import DIAGNOSES
from models.clinical.observed import mental_status_cues
from models.clinical.planned import plan_cues
from models.clinical.risk import find_risk
from models.clinical.sentences import split_sentences
from models.formats.format import Gate
from models.transcript import Turn


def holds(gate: Gate, turns: Sequence[Turn]) -> bool:
    """Whether ``turns`` speak of what ``gate`` guards at all; a question that got no answer is speaking of it."""
    return _holds(gate, tuple(turns))


@lru_cache(maxsize=64)
def _holds(gate: Gate, turns: tuple[Turn, ...]) -> bool:
    match gate:
        case Gate.NONE:
            return True
        case Gate.RISK:
            return bool(find_risk(turns))
        case Gate.PLAN:
            return any(plan_cues(one, turn.speaker) for turn in turns for one in split_sentences(turn.text))
        case Gate.MENTAL_STATUS:
            return any(mental_status_cues(turn.text, turn.speaker) for turn in turns)
        case Gate.DIAGNOSIS:
            return any(DIAGNOSES.search(turn.text) for turn in turns)
