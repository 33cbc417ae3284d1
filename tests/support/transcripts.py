"""Sessions for tests, written for them."""

from __future__ import annotations

import json
from pathlib import Path

from models.transcript import Turn, render_transcript

SAMPLES = Path(__file__).resolve().parents[2] / "server" / "samples"


def sample_turns(name: str = "safety-plan") -> tuple[Turn, ...]:
    body = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return tuple(Turn(i, t["speaker"], t["text"], t.get("start")) for i, t in enumerate(body["turns"]))


def sample_transcript(name: str = "safety-plan") -> str:
    return render_transcript(sample_turns(name))


SHORT_SESSION = """Therapist: What would you like to talk about today?
Patient: I could not sleep this week. Three nights I lay awake until four and thought about the exam.
Therapist: What went through your mind when you lay there?
Patient: That I will fail and that my father will be ashamed of me.
Therapist: Have you had any thoughts of hurting yourself or of suicide?
Patient: No, nothing like that. I am just tired and scared.
Therapist: Let us try the breathing exercise together now, and then write down the thought and what speaks against it.
Patient: That helped a little. My shoulders are less tight.
Therapist: For homework, please do the breathing twice a day and keep a sleep diary. We will look at it next Tuesday.
Patient: I can do that."""
