"""Where a sentence of the talk speaks of what is to come: homework, a date, a measure for safety."""

from __future__ import annotations

from models.clinical.lexicon import NO_PLAN, PLAN, PLAN_OF_THERAPIST


def plan_cues(sentence: str, speaker: str) -> int:
    """How many words of a plan ``sentence`` holds, said by ``speaker``: what a therapist asks for is one, "Write down
    three good things each night", and of a client it is none."""
    told = NO_PLAN.sub(" ", sentence.replace("’", "'"))
    return len(PLAN.findall(told)) + (len(PLAN_OF_THERAPIST.findall(told)) if speaker == "therapist" else 0)
