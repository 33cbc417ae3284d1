"""Whom a token is meant for and who gave it: one login signs for many services, and a token for another of them is no
key to the notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Intended:
    """What the claims ``aud`` and ``iss`` must say; "" asks for nothing."""

    audience: str
    issuer: str

    def refusal(self, claims: Mapping[str, Any]) -> str:
        """What is wrong with the claims of a valid token; "" when nothing is. Quotes none of them."""
        named = claims.get("aud")
        if self.audience and self.audience not in (named if isinstance(named, list) else [named]):
            return "The token is meant for another service: its claim 'aud' must name this one."
        if self.issuer and claims.get("iss") != self.issuer:
            return "The token comes from another login: its claim 'iss' must be the one that this service trusts."
        return ""


FOR_ANY = Intended("", "")
