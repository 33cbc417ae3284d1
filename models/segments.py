"""The pieces a prompt is made of.

A prompt is a tuple of segments; its tokens are the tokens of each segment in order, each tokenised by itself.
So a prompt that grows turn by turn and a prompt built at once are equal token for token, by construction.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of prompt. Only ``control`` segments may hold the model's special tokens; in the others a
    ``<|im_end|>`` that somebody said, or typed, is ordinary text."""

    text: str
    control: bool = False
