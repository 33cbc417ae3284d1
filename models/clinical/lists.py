"""The labelled lists of a paragraph: "Interventions: grounding, thought record, and role-play." """

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

LISTED = re.compile(
    r"(\s*(?:interventions?|homework|plans?|next steps?|hausaufgaben?|planung|tareas?|plan de tratamiento)\s*: )"
    r"([^;—]+?)((?:[;—].*)?[.!…]?)",
    re.IGNORECASE,
)
"""Of a whole sentence: label, items, and what follows the list or ends the sentence."""

BETWEEN = re.compile(r"(, (?:and |und |y )?| and | und | y )(?![^(]*\))")
"""What stands between two items, not in brackets."""

_FEWEST_ITEMS = 2  # that a list is shortened to


def listing_of(items: Sequence[str], last: str) -> str:
    """``items`` as a list whose last one is joined as that of the list that they are from (``last``)."""
    word = last.strip(" ,")
    if len(items) < 2 or not word:
        return ", ".join(items)
    comma = "," if len(items) > 2 and last.startswith(",") else ""
    return f"{', '.join(items[:-1])}{comma} {word} {items[-1]}"


def without_each_item(sentence: str) -> Iterator[tuple[str, str]]:
    """Each item of a labelled list with the sentence without it, in order; nothing where only two are left."""
    listed = LISTED.fullmatch(sentence)
    if listed is None:
        return
    lead, items, end = listed.groups()
    kept = BETWEEN.split(items)[::2]
    for number, item in enumerate(kept if len(kept) > _FEWEST_ITEMS else ()):
        yield item, f"{lead}{', '.join([*kept[:number], *kept[number + 1 :]])}{end}"
