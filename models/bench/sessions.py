"""Sessions to measure with: a written one of any length, or the transcript of a file."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path

from models.transcript import Turn, parse_transcript

__all__ = ["read_turns", "written_turns"]

_TALK = (
    "How has the week been since we last spoke?",
    "It was uneven. Monday and Tuesday were fine, then the meeting on Wednesday threw me off completely.",
    "What happened in that meeting?",
    "My manager asked for the numbers in front of everyone, and my mind went blank. I could feel my heart racing.",
    "And what did you do when you noticed your heart racing?",
    "I tried the breathing we practised. It helped a little, enough to say that I would send the numbers later.",
    "That sounds like something you could not have done two months ago.",
    "Maybe. Afterwards I kept going over it in bed and slept perhaps four hours.",
    "How often has the sleep been that short?",
    "Three nights this week. I wake at four and start planning the day.",
    "When you wake at four, is there a thought that comes first?",
    "That I am behind, and that everybody can see it.",
    "Let us look at that thought together. What speaks for it, and what speaks against it?",
    "For it, the blank moment. Against it, my review was good and two people asked for my advice.",
    "If a friend told you the same story, what would you say to them?",
    "I would say that one bad meeting is not the whole year.",
    "Could you write that sentence down and keep it beside the bed?",
    "Yes, I can do that. My wife said something similar.",
    "How are things at home?",
    "Better. We have dinner together again most evenings and I leave the phone in the hall.",
    "Have there been any moments when you felt hopeless, or thought of harming yourself?",
    "No, nothing like that. I get tired and short with people, but I do not feel hopeless.",
    "Good. Then for this week, the sentence by the bed, and a walk on the days with meetings.",
    "I can manage the walk at lunch. I will try for three days.",
)


def written_turns(count: int) -> tuple[Turn, ...]:
    """A session of ``count`` turns, 20 to 25 tokens each, no two of them equal."""
    said = zip(range(count), cycle(_TALK), strict=False)
    return tuple(
        Turn(place, "therapist" if place % 2 == 0 else "client", text if place < len(_TALK) else f"({place}) {text}")
        for place, text in said
    )


def read_turns(transcript: Path | None, count: int = 68) -> tuple[Turn, ...]:
    """The turns of a transcript, or a written session of about 1,700 tokens."""
    if transcript is None:
        return written_turns(count)
    return parse_transcript(transcript.read_text(encoding="utf-8"))
