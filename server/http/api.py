"""What every call works with: the parts it was given, and what the HTTP layer keeps besides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from server.http.auth import TokenCheck
from server.http.changes import SessionChanges
from server.http.measures import Measures
from server.http.parts import ApiParts


@dataclass(frozen=True, slots=True)
class Api:
    """``tokens`` is None where authentication is off; ``openapi`` is the description of all calls."""

    parts: ApiParts
    tokens: TokenCheck | None
    changes: SessionChanges
    measures: Measures
    openapi: dict[str, Any]
