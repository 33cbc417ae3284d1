"""Why an event was refused, in words that never hold any of it: reasons end in headers, logs and metrics."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

_MOST_NAMED = 3

# Messages of these kinds are made of the rule alone. All other kinds are named by their code, because their messages
# may quote what was sent.
_SAFE_KINDS = frozenset(
    {
        "bool_type", "dict_type", "finite_number", "float_type", "greater_than", "greater_than_equal", "int_type",
        "less_than_equal", "list_type", "literal_error", "missing", "model_type", "string_pattern_mismatch",
        "string_too_long", "string_too_short", "string_type", "timezone_aware", "too_long", "too_short", "value_error",
    }
)  # fmt: skip


class UnreadableEventError(ValueError):
    """The message is no event that the product can use. ``reason`` is one line, fit for a header and a log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def explain(error: ValidationError, root: str) -> str:
    """What is wrong, at most three places: ``data.segments.3.text: String should have at most 20000 characters``."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    named = [f"{_place(root, problem['loc'])}: {_words(problem)}" for problem in problems[:_MOST_NAMED]]
    more = len(problems) - len(named)
    return "; ".join(named) + (f"; and {more} more" if more else "")


def _place(root: str, location: tuple[int | str, ...]) -> str:
    """Places are field names of our models and list indexes. pydantic's own markers (``[key]``) are left out."""
    return ".".join([root, *(str(part) for part in location if isinstance(part, int) or part.isidentifier())])


def _words(problem: Any) -> str:
    return str(problem["msg"]) if problem["type"] in _SAFE_KINDS else str(problem["type"])
