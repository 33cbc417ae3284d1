"""Whether a start would reach what lies outside the process: database, NATS, its port. Looks, and starts nothing."""

from __future__ import annotations

import asyncio

import httpx

from events.broker import BrokerUnavailableError
from events.connection import Connection
from events.server_url import ServerUrl, parse_server_url
from server.db.migrate import Schema
from server.errors import SettingsError
from server.existing import NEWER, found_schema, sqlite_file
from server.settings import Settings, shown_address
from server.supervisor import check_port

# What does not answer by then is not there, for who waits at a terminal.
_PATIENCE = 3.0

_STANDS = {
    Schema.EMPTY: "reached, without tables yet: the first start makes them",
    Schema.OLDER: "reached, of an older release: 'casenote migrate' or the next start brings it to this one",
    Schema.CURRENT: "reached, at the schema of this release",
}


async def database_state(settings: Settings) -> str:
    """How the database stands. Raises ``SettingsError`` where a start could not use it."""
    named = f"DATABASE_URL is {shown_address(settings.database)}"
    file = sqlite_file(settings)
    if file is not None and not file.exists():
        if not file.absolute().parent.is_dir():
            raise SettingsError(f"{named}: there is no folder {file.absolute().parent}; make it, or name another")
        return f"{file} is not there yet: the first start makes it"
    try:
        async with asyncio.timeout(_PATIENCE):
            schema = await found_schema(settings)
    except TimeoutError:
        raise SettingsError(f"{named}: no answer within {_PATIENCE:.0f} s; start it, or name another") from None
    if schema is Schema.NEWER:
        raise SettingsError(f"{named}: {NEWER}")
    return _STANDS[schema]


async def nats_state(settings: Settings) -> str:
    """Which of the configured servers answer. Raises ``SettingsError`` when none does."""
    servers = [parse_server_url(url) for url in settings.nats_urls]
    refusals = [refusal for refusal in await asyncio.gather(*map(_refusal, servers)) if refusal]
    if len(refusals) == len(servers):
        raise SettingsError(
            f"NATS_URL: {'; '.join(refusals)}; start the server, or mend address, user and password in NATS_URL"
        )
    missing = f"; {'; '.join(refusals)}" if refusals else ""
    return f"{len(servers) - len(refusals)} of {len(servers)} configured server(s) answer{missing}"


async def _refusal(server: ServerUrl) -> str:
    """Why the server lets nobody in; "" where it does."""
    connection = Connection("casenote doctor", _PATIENCE)
    try:
        await connection.open(server)
    except BrokerUnavailableError as error:
        return str(error)
    await connection.close()
    return ""


def port_state(settings: Settings) -> str:
    """Whether the API could listen. Raises ``SettingsError`` when another program has the port."""
    where = f"{settings.api_host}:{settings.api_port}"
    try:
        check_port(settings)
    except SettingsError:
        if not _casenote_answers(settings):
            raise
        return f"{where} is taken by a Casenote that runs"
    return f"{where} is free"


def _casenote_answers(settings: Settings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.api_host, settings.api_host)
    host = f"[{host}]" if ":" in host else host
    try:
        with httpx.Client(timeout=_PATIENCE, trust_env=False) as client:
            told = client.get(f"http://{host}:{settings.api_port}/health/live").json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return False
    return isinstance(told, dict) and told.get("status") == "live"
