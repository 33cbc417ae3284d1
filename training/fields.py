"""What a cell of a row means that is more than text: consent, and reference text by section.

CSV has no types, so ``false`` there is a string; JSON may hold anything. What is not clearly yes is no.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

CONSENT = "consent"

_YES = ("true", "1", "yes")


def refusal(row: Mapping[str, object]) -> str:
    """Why a row may not be trained on, as far as its consent says; "" where it may, or where the file has no such
    column, in whatever case it is written. Only ``true``, ``1`` and ``yes``, in any case, are consent."""
    said = [value for name, value in row.items() if str(name).strip().lower() == CONSENT]
    if all(_is_yes(value) for value in said):
        return ""
    if all(value is None or value == "" for value in said):
        return "no consent to train on it: the consent is empty, it must be true, 1 or yes"
    return "no consent to train on it"


def _is_yes(value: object) -> bool:
    return isinstance(value, (bool, int, str)) and str(value).strip().lower() in _YES


def texts_by_name(value: object) -> tuple[dict[str, object], str]:
    """An object of texts by name, itself or as the JSON of a CSV cell, and a remark where something in it cannot be
    read; the remark holds no text. An empty cell is an empty object."""
    if isinstance(value, str):
        value = _parsed(value)
    if value is None:
        return {}, ""
    if not isinstance(value, dict):
        return {}, 'not read: it must be a JSON object, as in {"risk": "…"}'
    odd = sum(not isinstance(text, str) and text is not None for text in value.values())
    return value, f"{odd} of its {len(value)} texts not read: they are no text" if odd else ""


def _parsed(cell: str) -> object:
    if not cell.strip():
        return None
    try:
        return json.loads(cell)
    except json.JSONDecodeError:
        return cell
