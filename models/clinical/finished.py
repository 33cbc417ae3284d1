"""A part of a note that the model has finished, held against the session: what of it is stored.

The last of the rules: `writer` has let the sentences through one by one, here the part is looked at as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.clinical.fallback import what_was_said
from models.clinical.grounding import check_section
from models.clinical.plan import SectionPlan
from models.clinical.summary import fit_summary
from models.formats.format import Gate
from models.transcript import Turn


def as_stored(
    plan: SectionPlan, text: str, turns: Sequence[Turn], used: set[tuple[int, str]], summary_words: tuple[int, int]
) -> str:
    """``text`` as it may stand in the note. A section of which nothing was left while it was written tells what was
    said instead; ``used`` are the sentences of the session that other sections so told, and grows.
    ``summary_words``: the fewest and the most of the paragraph."""
    if not text and not plan.is_summary and plan.gate is not Gate.RISK:
        return what_was_said(plan, turns, used) or plan.absent
    grounded = check_section(text, turns, plan.gate, plan.absent, plan.words, framed=plan.is_summary).text
    if plan.is_summary:
        return fit_summary(grounded, turns, *summary_words)
    return grounded or plan.absent
