"""Where a request comes from: no other site may use a browser that is signed in here, or that runs on this machine.

Sources: Fetch Metadata (``Sec-Fetch-Site``), and ``Origin`` for browsers without it. Clients that are no browsers send
neither and are not asked.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from server.settings import Settings, is_loopback

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def refuse_other_sites(request: Request) -> None:
    """For requests that carry no token of their own. Raises 403 when another site's page sent a change."""
    if request.method in _SAFE:
        return
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        foreign = site not in ("same-origin", "none")
    else:
        foreign = origin is not None and _netloc(origin) != request.headers.get("host", "").lower()
    if foreign:
        raise HTTPException(403, "This change was sent by another site's page; it must come from this one.")


def refuse_other_hosts(request: Request, settings: Settings) -> None:
    """Without authentication the name that was asked for must be this machine's: a foreign name that resolves to it
    (DNS rebinding) would let any page read the notes. Raises 421."""
    name = _hostname(request.headers.get("host", ""))
    if not (is_loopback(name) or name.endswith(".localhost") or name == settings.api_host.lower()):
        raise HTTPException(421, "Without authentication this service answers to the name of this machine only.")


def _netloc(origin: str) -> str | None:
    """Name and port of an origin; None for what is no address."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def _hostname(host: str) -> str:
    """The name without its port; empty for what is no address."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
