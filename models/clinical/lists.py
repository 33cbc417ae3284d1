"""The labelled lists of a paragraph: "Interventions: grounding, thought record, and role-play." """

from __future__ import annotations

import re

LISTED = re.compile(
    r"(\s*(?:interventions?|homework|plans?|next steps?|hausaufgaben?|planung|tareas?|plan de tratamiento)\s*: )"
    r"([^;—]+?)((?:[;—].*)?[.!…]?)",
    re.IGNORECASE,
)
"""Of a whole sentence: label, items, and what follows the list or ends the sentence."""

BETWEEN = re.compile(r"(, (?:and |und |y )?| and | und | y )(?![^(]*\))")
"""What stands between two items, not in brackets."""
