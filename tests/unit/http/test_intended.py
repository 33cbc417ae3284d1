"""A token of the clinic's login that was given for another service, or by another login, opens nothing."""

from __future__ import annotations

from typing import Any

import pytest

from server.errors import UnauthorizedError
from server.http.auth import TokenCheck
from server.settings import Settings
from tests.support.api import SECRET, token_of

OURS = {"auth_audience": "casenote", "auth_issuer": "https://login.example.org"}
FITTING = {"aud": "casenote", "iss": "https://login.example.org"}


def check_of(**intended: str) -> TokenCheck:
    check = TokenCheck.of(Settings(casenote_auth="jwt", auth_jwt_secret=SECRET, **intended))  # type: ignore[arg-type]
    assert check is not None
    return check


@pytest.mark.parametrize("claims", [FITTING, {**FITTING, "aud": ["intake", "casenote"]}])
async def test_a_token_for_this_service_from_its_login_counts(claims: dict[str, Any]) -> None:
    assert (await check_of(**OURS).check(token_of("3", **claims))).subject == "3"


@pytest.mark.parametrize(
    ("claims", "named"),
    [
        ({**FITTING, "aud": "billing"}, "aud"),
        ({**FITTING, "aud": ["billing"]}, "aud"),
        ({**FITTING, "aud": "casenote-test"}, "aud"),
        ({**FITTING, "aud": {"casenote": 1}}, "aud"),
        ({"iss": FITTING["iss"]}, "aud"),
        ({**FITTING, "iss": "https://login.example.org.evil.example"}, "iss"),
        ({**FITTING, "iss": ["https://login.example.org"]}, "iss"),
        ({"aud": "casenote"}, "iss"),
    ],
)
async def test_any_other_is_refused_with_the_claim_that_does_not_fit(claims: dict[str, Any], named: str) -> None:
    with pytest.raises(UnauthorizedError, match=f"'{named}'"):
        await check_of(**OURS).check(token_of("3", **claims))


async def test_where_neither_is_set_neither_is_asked_for() -> None:
    assert (await check_of().check(token_of("3", aud="billing"))).subject == "3"
    assert (await check_of().check(token_of("3"))).subject == "3"
