"""A NATS address with its credentials taken apart, so that no address in a log or an error holds a password."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

SCHEMES = ("nats", "tls", "ws", "wss")
DEFAULT_PORT = 4222


@dataclass(frozen=True, slots=True)
class ServerUrl:
    """``address`` is fit for a log. ``nats://token@host`` gives a token, ``nats://user:password@host`` the others."""

    address: str
    user: str | None = None
    password: str | None = None
    token: str | None = None

    def __repr__(self) -> str:
        return f"ServerUrl({self.address})"


def parse_server_url(text: str) -> ServerUrl:
    """Raises ValueError, whose message does not hold the address."""
    parts = urlsplit(text if "://" in text else f"nats://{text}")
    if parts.scheme not in SCHEMES:
        raise ValueError(f"a NATS address begins with one of {', '.join(f'{scheme}://' for scheme in SCHEMES)}")
    try:
        port = parts.port or DEFAULT_PORT
    except ValueError:
        raise ValueError("the port of a NATS address is a number up to 65535") from None
    if not parts.hostname:
        raise ValueError("a NATS address names a host, as in nats://127.0.0.1:4222")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    address = f"{parts.scheme}://{host}:{port}"
    user = unquote(parts.username) if parts.username else None
    if parts.password is None:
        return ServerUrl(address, token=user)
    return ServerUrl(address, user=user, password=unquote(parts.password))
