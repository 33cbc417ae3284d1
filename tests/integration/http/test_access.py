"""Who may call: tokens, ownership on every route, and no use of a browser by other sites."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from structlog.testing import capture_logs

from server.errors import TooBusyError, UnauthorizedError
from server.http.auth import TokenCheck
from server.http.keys import RemoteKeys
from server.http.routes import OPERATIONS
from tests.support.api import SCRIPT, SECRET, bearer_of, running_api, token_of
from tests.support.transcripts import SHORT_SESSION

JWT: dict[str, Any] = {"casenote_auth": "jwt", "auth_jwt_secret": SECRET}
CLOSED = [operation for operation in OPERATIONS if not operation.is_open]
OF_ONE_SESSION = [operation for operation in OPERATIONS if "{session_id}" in operation.path]
BODIES: dict[str, Any] = {
    "/sessions/{session_id}/segments": {"segments": [{"index": 0, "speaker": "client", "text": "x"}]},
    "/sessions/{session_id}/notes": {"notes": "x"},
    "/sessions/{session_id}/notes/addenda": {"text": "x"},
    "/sessions/{session_id}/notes/unlock": {"reason": "x"},
    "/sessions/{session_id}/training-consent": {"consent": True},
    "/summarize-sessions": {"patient_id": 7},
    "/sessions": {"patient_id": 7},
    "/sessions/": {"patient_id": 7},
}


def segment(value: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def unsigned(subject: str) -> str:
    return f"{segment({'alg': 'none'})}.{segment({'sub': subject, 'exp': time.time() + 600})}."


def wrong_tokens() -> dict[str, str]:
    key = OctKey.import_key(SECRET)
    head, body, signature = token_of("7").split(".")

    def signed(claims: dict[str, Any], algorithm: str = "HS256") -> str:
        return jwt.encode({"alg": algorithm}, claims, key, [algorithm])

    later = time.time() + 600
    return {
        "expired": token_of("7", expires_in=-1),
        "another secret": token_of("7", secret="another secret that is long enough"),
        "no algorithm": unsigned("7"),
        "another algorithm": signed({"sub": "7", "exp": later}, "HS512"),
        "expiry null": signed({"sub": "7", "exp": None}),
        "expiry as text": signed({"sub": "7", "exp": str(later)}),
        "expiry true": signed({"sub": "7", "exp": True}),
        "expiry not a number": signed({"sub": "7", "exp": float("nan")}),
        "expiry endless": signed({"sub": "7", "exp": float("inf")}),
        "not yet": token_of("7", nbf=time.time() + 300),
        "no subject": signed({"exp": later}),
        "blank subject": signed({"sub": " ", "exp": later}),
        "subject a number": signed({"sub": 7, "exp": later}),
        "subject half a surrogate pair": jws.serialize_compact(
            {"alg": "HS256"}, json.dumps({"sub": "\ud800", "exp": later}).encode(), key, ["HS256"]
        ),
        "changed body": f"{head}.{segment({'sub': '8', 'exp': later})}.{signature}",
        "no signature": f"{head}.{body}.",
        "two parts": f"{head}.{body}",
        "claims a list": f"{head}.{urlsafe_b64encode(b'[]').decode()}.{signature}",
        "nonsense": "nonsense",
        "dots": "...",
        "deep header": f"{urlsafe_b64encode(b'[' * 5000).decode()}.{body}.{signature}",
    }


@pytest.mark.parametrize("operation", CLOSED, ids=lambda operation: f"{operation.method} {operation.path}")
async def test_every_call_needs_a_token(tmp_path: Path, operation: Any) -> None:
    path = operation.path.format(session_id=1, patient_id=7, version=1)
    async with running_api(tmp_path, **JWT) as api:
        answer = await api.http.request(operation.method, path, json=BODIES.get(operation.path, {}))

        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == 'Bearer realm="casenote"'
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("kind", wrong_tokens())
async def test_a_token_that_does_not_count_is_refused(tmp_path: Path, kind: str) -> None:
    token = wrong_tokens()[kind]
    async with running_api(tmp_path, **JWT) as api:
        answer = await api.http.get("/sessions", headers={"Authorization": f"Bearer {token}"})

        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        assert token not in answer.text


async def test_the_creator_is_the_therapist(tmp_path: Path) -> None:
    async with running_api(tmp_path, headers=bearer_of("12"), **JWT) as api:
        session_id = await api.create()

        assert (await api.http.get(f"/sessions/{session_id}")).status_code == 200
        assert (await api.http.get("/me")).json() == {"authentication": "jwt", "subject": "12"}


@pytest.mark.parametrize("operation", OF_ONE_SESSION, ids=lambda operation: f"{operation.method} {operation.path}")
async def test_another_therapists_session_does_not_exist(tmp_path: Path, operation: Any) -> None:
    async with running_api(tmp_path, script=SCRIPT, **JWT) as api:
        mine, others = bearer_of("mine"), bearer_of("others")
        created = await api.http.post(
            "/sessions/", json={"patient_id": 7, "original_transcription": SHORT_SESSION}, headers=mine
        )
        session_id = created.json()["session"]["id"]
        assert (await api.http.post(f"/sessions/{session_id}/generate-notes", headers=mine)).status_code == 200
        path = operation.path.format(session_id=session_id, version=1)
        answer = await api.http.request(operation.method, path, json=BODIES.get(operation.path), headers=others)

        assert answer.status_code == 404
        assert answer.json()["detail"] == "Session not found"


async def test_lists_and_overviews_hold_ones_own_sessions_only(tmp_path: Path) -> None:
    async with running_api(tmp_path, **JWT) as api:
        mine, others = bearer_of("mine"), bearer_of("others")
        body = {"patient_id": 7, "original_transcription": SHORT_SESSION}
        created = await api.http.post("/sessions/", json=body, headers=mine)
        listed = [entry["id"] for entry in (await api.http.get("/sessions", headers=mine)).json()["sessions"]]

        assert listed == [created.json()["session"]["id"]]
        assert (await api.http.get("/sessions", headers=others)).json()["sessions"] == []
        assert (await api.http.get("/sessions/patient/7", headers=others)).json()["count"] == 0
        summary = await api.http.post("/summarize-sessions", json={"patient_id": 7}, headers=others)
        assert summary.json() == {"success": False, "message": "No sessions found for this patient"}


@pytest.mark.parametrize(
    "path", ["/health", "/health/live", "/health/ready", "/openapi.json", "/docs", "/", "/metrics"]
)
async def test_some_pages_need_no_token(tmp_path: Path, path: str) -> None:
    async with running_api(tmp_path, **JWT) as api:
        assert (await api.http.get(path)).status_code == 200


async def test_a_browser_keeps_the_token_in_a_cookie(tmp_path: Path) -> None:
    async with running_api(tmp_path, **JWT) as api:
        login = await api.http.post("/login-token", json={"token": token_of("12")})
        cookie = login.headers["set-cookie"]
        subject = (await api.http.get("/me")).json()["subject"]
        logout = await api.http.post("/logout")

        assert login.status_code == 204
        assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert "Secure" not in cookie
        assert subject == "12"
        assert logout.status_code == 204
        assert (await api.http.get("/me")).status_code == 401


async def test_a_token_without_an_expiry_counts_and_its_cookie_lasts_a_working_day(tmp_path: Path) -> None:
    endless = jwt.encode({"alg": "HS256"}, {"sub": "12"}, OctKey.import_key(SECRET), ["HS256"])
    async with running_api(tmp_path, script=SCRIPT, **JWT) as api:
        headers = {"Authorization": f"Bearer {endless}"}
        created = await api.http.post(
            "/sessions/", json={"patient_id": 7, "original_transcription": SHORT_SESSION}, headers=headers
        )
        session_id = created.json()["session"]["id"]
        stream = await api.http.post(
            f"/sessions/{session_id}/generate-notes", headers={**headers, "Accept": "text/event-stream"}
        )
        login = await api.http.post("/login-token", json={"token": endless})

        assert "event: note" in stream.text
        assert "Max-Age=43200" in login.headers["set-cookie"]
        assert (await api.http.get("/me")).json()["subject"] == "12"


async def test_the_cookie_is_for_https_only_where_it_came_by_https(tmp_path: Path) -> None:
    async with running_api(tmp_path, **JWT) as api:
        login = await api.http.post("https://127.0.0.1/login-token", json={"token": token_of("12")})

        assert "Secure" in login.headers["set-cookie"]


async def test_no_cookie_for_a_token_that_does_not_count(tmp_path: Path) -> None:
    async with running_api(tmp_path, **JWT) as api:
        login = await api.http.post("/login-token", json={"token": token_of("12", expires_in=-5)})

        assert login.status_code == 401
        assert "set-cookie" not in login.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Origin": "http://[::1"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://elsewhere.example"}, 200),
        ({"Origin": "http://127.0.0.1:8002"}, 200),
        ({}, 200),
    ],
)
async def test_another_site_cannot_use_the_cookie(tmp_path: Path, headers: dict[str, str], status: int) -> None:
    async with running_api(tmp_path, **JWT) as api:
        await api.http.post("/login-token", json={"token": token_of("12")})
        answer = await api.http.post("/sessions/", json={"patient_id": 7}, headers=headers)

        assert answer.status_code == status


async def test_a_token_in_the_header_may_come_from_anywhere(tmp_path: Path) -> None:
    async with running_api(tmp_path, **JWT) as api:
        headers = {**bearer_of("12"), "Sec-Fetch-Site": "cross-site"}
        assert (await api.http.post("/sessions/", json={"patient_id": 7}, headers=headers)).status_code == 200


async def test_without_authentication_other_sites_are_refused_too(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        change = await api.http.post("/sessions/", json={"patient_id": 7}, headers={"Sec-Fetch-Site": "cross-site"})
        rebound = await api.http.get("/sessions", headers={"Host": "rebound.example:8002"})
        local = await api.http.get("/sessions", headers={"Host": "localhost:8002"})
        login = await api.http.post("/login-token", json={"token": token_of("12")})

        assert (change.status_code, rebound.status_code, local.status_code) == (403, 421, 200)
        assert (login.status_code, login.json()["title"]) == (400, "Bad request")
        assert (await api.http.get("/me")).json() == {"authentication": "off", "subject": None}


@pytest.mark.parametrize("host", ["[::1", "[", "a]b", ""])
async def test_a_name_that_is_no_address_is_a_foreign_one(tmp_path: Path, host: str) -> None:
    async with running_api(tmp_path) as api:
        answer = await api.http.get("/sessions", headers={"Host": host})

        assert answer.status_code == 421
        assert answer.headers["content-type"] == "application/problem+json"


def key_server(keys: list[KeySet], fetched: list[int]) -> httpx.MockTransport:
    def answer(_request: httpx.Request) -> httpx.Response:
        fetched.append(1)
        return httpx.Response(200, json=keys[-1].as_dict(private=False))

    return httpx.MockTransport(answer)


async def test_tokens_are_checked_with_the_clinics_public_keys() -> None:
    rsa = RSAKey.generate_key(2048, {"kid": "one"})
    ec = ECKey.generate_key("P-256", {"kid": "two"})
    fetched: list[int] = []
    check = TokenCheck("", RemoteKeys("https://login.example/keys", key_server([KeySet([rsa, ec])], fetched)))
    claims = {"sub": "12", "exp": time.time() + 60}
    for algorithm, key in (("RS256", rsa), ("ES256", ec)):
        token = jwt.encode({"alg": algorithm, "kid": key.kid}, claims, key, [algorithm])
        assert (await check.check(token)).subject == "12"

    assert len(fetched) == 1


UNUSABLE: dict[str, Any] = {
    "an old curve": {"kty": "EC", "crv": "P-192", "kid": "q", "x": "AA", "y": "AA"},
    "no point of the curve": {"kty": "EC", "crv": "P-256", "kid": "q", "x": "AQ", "y": "AQ"},
    "no modulus": {"kty": "RSA", "kid": "q", "e": "AQAB"},
    "no type": {"kid": "q"},
    "another type": {"kty": "AKP", "alg": "ML-DSA-44", "kid": "q", "pub": "AA"},
    "a number": 7,
    "null": None,
}


@pytest.mark.parametrize("kind", UNUSABLE)
async def test_a_key_that_cannot_be_used_keeps_nobody_from_signing_in(kind: str) -> None:
    rsa = RSAKey.generate_key(2048, {"kid": "one"})
    keys = [UNUSABLE[kind], rsa.as_dict(private=False)]
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"keys": keys}))
    check = TokenCheck("", RemoteKeys("https://login.example/keys", transport))
    token = jwt.encode({"alg": "RS256", "kid": "one"}, {"sub": "12", "exp": time.time() + 60}, rsa, ["RS256"])
    with capture_logs() as lines:
        assert (await check.check(token)).subject == "12"

    assert [(line["event"], line["count"]) for line in lines] == [("keys of the clinic's login cannot be used", 1)]


@pytest.mark.parametrize("body", [{"keys": [UNUSABLE["no type"]]}, {"keys": []}, {"keys": 5}, {}, [], None])
async def test_a_set_without_a_key_that_can_be_used_is_none(body: Any) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=body))
    token = jwt.encode({"alg": "RS256", "kid": "one"}, {"sub": "12"}, RSAKey.generate_key(2048), ["RS256"])
    with pytest.raises(TooBusyError):
        await TokenCheck("", RemoteKeys("https://login.example/keys", transport)).check(token)


async def test_a_public_key_is_no_secret() -> None:
    """The key confusion of CVE-2015-9235: a token signed with the public key as an HMAC secret."""
    rsa = RSAKey.generate_key(2048, {"kid": "one"})
    check = TokenCheck("", RemoteKeys("https://login.example/keys", key_server([KeySet([rsa])], [])))
    signed = f"{segment({'alg': 'HS256', 'kid': 'one'})}.{segment({'sub': '12', 'exp': time.time() + 60})}"
    signature = hmac.digest(rsa.as_pem(private=False), signed.encode(), "sha256")
    token = f"{signed}.{urlsafe_b64encode(signature).decode().rstrip('=')}"
    with pytest.raises(UnauthorizedError, match="RS256 or ES256"):
        await check.check(token)


@pytest.mark.parametrize("address", ["/sessions/stream", "/sessions/{session_id}/notes/stream"])
async def test_a_stream_ends_when_the_token_has_expired(tmp_path: Path, address: str) -> None:
    async with running_api(tmp_path, **JWT) as api:
        api.http.headers["authorization"] = f"Bearer {token_of('7')}"
        session_id = await api.create(original_transcription=SHORT_SESSION)
        await api.http.post(f"/sessions/{session_id}/close")
        api.http.headers["authorization"] = f"Bearer {token_of('7', expires_in=2)}"

        # Nobody writes the note and nothing changes: only the token's end can end these streams.
        async with asyncio.timeout(10):
            answer = await api.http.get(address.format(session_id=session_id))

        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")


async def test_the_log_tells_who_looked_at_what(tmp_path: Path) -> None:
    async with running_api(tmp_path, **JWT) as api:
        mine = bearer_of("12")
        created = await api.http.post("/sessions/", json={"patient_id": 7, "notes": "Mine."}, headers=mine)
        session_id = created.json()["session"]["id"]
        with capture_logs() as lines:
            await api.http.get(f"/sessions/{session_id}/notes", headers=mine)
            await api.http.get("/sessions/patient/7", headers=mine)
            await api.http.post("/summarize-sessions", json={"patient_id": 7}, headers=mine)
            await api.http.get(f"/sessions/{session_id}/notes", headers=bearer_of("13"))
            await api.http.get("/sessions/words%20of%20a%20session", headers=mine)
            await api.http.get(f"/sessions/{session_id}")

        told = [
            (line.get("caller"), line.get("session_id"), line.get("patient_id"), line["status"])
            for line in lines
            if line["event"] == "request"
        ]
        assert told == [
            ("12", session_id, None, 200),
            ("12", None, 7, 200),
            ("12", None, 7, 200),
            ("13", session_id, None, 404),
            ("12", None, None, 422),
            (None, session_id, None, 401),
        ]
