"""Where a sentence of the talk speaks of a mental status: how somebody looks, speaks or thinks."""

from __future__ import annotations

from models.clinical.lexicon import MENTAL_STATUS, MENTAL_STATUS_OF_THERAPIST


def mental_status_cues(sentence: str, speaker: str) -> int:
    """How many words of a mental status ``sentence`` holds, said by ``speaker``: what a therapist sees or asks for is
    one, "You're speaking very fast today", and of a client it is none."""
    told = sentence.replace("’", "'")
    of_therapist = len(MENTAL_STATUS_OF_THERAPIST.findall(told)) if speaker == "therapist" else 0
    return len(MENTAL_STATUS.findall(told)) + of_therapist
