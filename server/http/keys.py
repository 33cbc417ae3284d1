"""The clinic's public keys: fetched from ``AUTH_JWKS_URL``, kept for a while, and fetched again for an unknown key."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any

import httpx
from joserfc.jwk import JWKRegistry, Key, KeySet

from server.errors import TooBusyError
from server.logs import get_logger

_KEEP = 300.0
# Tokens with made-up key ids must not turn into a stream of fetches.
_FETCH_AT_MOST_EVERY = 10.0
_TIMEOUT = 5.0
_LARGEST = 1_000_000


class RemoteKeys:
    """The key set behind a URL."""

    def __init__(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._url = url
        self._transport = transport
        self._keys: KeySet | None = None
        self._fetched = float("-inf")
        self._lock = asyncio.Lock()

    async def keys(self, kid: object) -> KeySet:
        """The keys, new enough to hold ``kid`` if it exists. Raises ``TooBusyError`` while there are none at all."""
        async with self._lock:
            age = time.monotonic() - self._fetched
            if age >= _KEEP or (age >= _FETCH_AT_MOST_EVERY and not self._holds(kid)):
                self._fetched = time.monotonic()
                await self._fetch()
        if self._keys is None:
            raise TooBusyError("The clinic's login keys cannot be fetched; try again in a moment.", retry_after=10)
        return self._keys

    def _holds(self, kid: object) -> bool:
        return self._keys is not None and (kid is None or any(key.kid == kid for key in self._keys.keys))

    async def _fetch(self) -> None:
        """Replaces the keys; a failure leaves the ones that were known."""
        try:
            async with httpx.AsyncClient(transport=self._transport, timeout=_TIMEOUT) as client:
                answer = await client.get(self._url, headers={"accept": "application/json"})
            if answer.status_code == httpx.codes.OK and len(answer.content) <= _LARGEST:
                self._keys = _usable(answer.json()["keys"]) or self._keys
        except (httpx.HTTPError, ValueError, TypeError, KeyError, RecursionError):
            return


def _usable(described: Iterable[Any]) -> KeySet | None:
    """The keys of a set that can be used; None where there are none. A set may hold keys for others, of kinds that
    nobody here knows (RFC 7517, 5)."""
    keys: list[Key] = []
    skipped = 0
    for one in described:
        try:
            key = JWKRegistry.import_key(one)
            key.ensure_kid()
            _ = key.public_key  # built at its first use: what does not make a key is found out here
        except Exception:  # whatever the libraries raise for what is no key; it may quote the key
            skipped += 1
        else:
            keys.append(key)
    if skipped:
        get_logger().warning("keys of the clinic's login cannot be used", count=skipped)
    return KeySet(keys) if keys else None
