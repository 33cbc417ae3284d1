"""The chain of a note's versions: each one's hash covers what it says and the hash of the one before. Pure.

Whoever holds the hash of a version can tell whether it and all before it still stand as they were written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def link(
    before: str | None,
    *,
    session_id: int,
    version: int,
    change: str,
    author: Mapping[str, Any],
    text: str,
    state: Mapping[str, Any],
    created_at: datetime,
) -> str:
    """The hash (SHA-256, hexadecimal) of a version; ``before`` is that of the version before it, None for the first."""
    moment = created_at.astimezone(UTC).isoformat()
    content = [before, session_id, version, change, author, text, state, moment]
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
