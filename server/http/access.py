"""Who looked at what, for the log: each request's line names the caller, and the session or the patient it was about.

Together the lines are the record of access that 45 CFR 164.312(b) asks for; what a change did to a note is in its
revisions, in the transaction of the change.
"""

from __future__ import annotations

from starlette.types import Scope

# Where a request keeps them until its line is written.
CALLER = "casenote.caller"
PATIENT = "casenote.patient"
_LONGEST_NUMBER = 19


def accessed(scope: Scope) -> dict[str, int | str]:
    """The members ``caller``, ``session_id`` and ``patient_id`` of a log line, those that are known. What stands in a
    path is the caller's text: only a number is taken from it."""
    found: dict[str, int | str] = {}
    if (caller := scope.get(CALLER)) is not None:
        found["caller"] = caller
    for name in ("session_id", "patient_id"):
        value = str(scope.get("path_params", {}).get(name, ""))
        if value.isascii() and value.isdecimal() and len(value) <= _LONGEST_NUMBER:
            found[name] = int(value)
    if (patient := scope.get(PATIENT)) is not None:
        found["patient_id"] = patient
    return found
