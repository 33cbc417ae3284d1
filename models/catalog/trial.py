"""A trial: a candidate writes for a share of the sessions, so that what clinicians do with its notes can be compared.

Which sessions it gets depends on the session and the candidate alone, so a session that is written again, on any
worker, is written by the same model, and another candidate gets other sessions.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from models.errors import ModelFileError


@dataclass(frozen=True, slots=True)
class Trial:
    """``share`` of the sessions, above 0 and at most 1, go to the model ``name``. ``since``: when it began, in ISO
    8601."""

    name: str
    share: float
    since: str = ""

    def __post_init__(self) -> None:
        """Raises ``ModelFileError``."""
        if not 0 < self.share <= 1:
            raise ModelFileError(f"the share is {self.share:g}, it must be above 0 and at most 1")

    def has(self, session_id: int) -> bool:
        """Whether the candidate writes for this session."""
        digest = hashlib.sha256(f"{self.name}/{session_id}".encode()).digest()
        return int.from_bytes(digest[:8], "big") < self.share * 2**64
