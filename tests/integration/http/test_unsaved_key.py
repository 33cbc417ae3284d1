"""The key under which a browser seals a person's unsaved words: always the same one, and nobody else's."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64decode
from pathlib import Path

import httpx

from tests.support.api import SECRET, RunningApi, bearer_of, running_api


async def key(api: RunningApi, subject: str | None = None) -> str:
    answer = await api.http.get("/unsaved-key", headers=bearer_of(subject) if subject else {})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found: str = answer.json()["key"]
    return found


async def test_the_key_is_32_bytes_and_the_same_each_time(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        first = await key(api)
        assert len(urlsafe_b64decode(first + "=")) == 32
        assert await key(api) == first


async def test_each_person_has_a_key_of_their_own(tmp_path: Path) -> None:
    async with running_api(tmp_path, casenote_auth="jwt", auth_jwt_secret=SECRET) as api:
        keys = {subject: await key(api, subject) for subject in ("anna", "bert")}
        assert keys["anna"] != keys["bert"]
        assert await key(api, "anna") == keys["anna"]


async def test_nobody_gets_a_key_without_signing_in(tmp_path: Path) -> None:
    async with running_api(tmp_path, casenote_auth="jwt", auth_jwt_secret=SECRET) as api:
        answer: httpx.Response = await api.http.get("/unsaved-key")
        assert answer.status_code == 401
        assert "key" not in answer.json()


async def test_calls_at_the_same_time_get_one_key(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        assert len(set(await asyncio.gather(*(key(api) for _ in range(12))))) == 1
