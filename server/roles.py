"""Running one role as this process, until it is told to end."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AbstractAsyncContextManager

import structlog

from models.errors import ModelError
from server import logs
from server.errors import SettingsError
from server.settings import Role, Settings
from server.supervisor import EXIT_UNUSABLE

_GRACE = 20.0


def run_role(role: Role, settings: Settings) -> int:
    """Runs ``role`` until SIGTERM or SIGINT. The exit code."""
    logs.configure(settings.log_level, role.value)
    structlog.contextvars.bind_contextvars(role=role.value)
    match role:
        case Role.API:
            return _run_api(settings)
        case Role.WORKER:
            return asyncio.run(_until_told(settings, role))
        case Role.RELAY:
            return asyncio.run(_until_told(settings, role))


def _run_api(settings: Settings) -> int:
    import uvicorn

    from server.wiring.api import build_api

    try:
        api = build_api(settings)
    except SettingsError as error:
        structlog.get_logger().error("cannot start", detail=error.detail)
        return EXIT_UNUSABLE
    uvicorn.run(
        api,
        host=settings.api_host,
        port=settings.api_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(_GRACE / 4),
        timeout_keep_alive=30,
    )
    return 0


async def _until_told(settings: Settings, role: Role) -> int:
    logs.watch_loop()
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    try:
        async with _running(settings, role):
            structlog.get_logger().info("running")
            await told.wait()
    except SettingsError as error:
        structlog.get_logger().error("cannot start", detail=error.detail)
        return EXIT_UNUSABLE
    except ModelError as error:
        named = settings.phi3_model_path or "empty, so the embedded model"
        structlog.get_logger().error("cannot start", detail=f"PHI3_MODEL_PATH is {named}: {error}")
        return EXIT_UNUSABLE
    return 0


def _running(settings: Settings, role: Role) -> AbstractAsyncContextManager[None]:
    if role is Role.WORKER:
        from server.wiring.worker import running_worker

        return running_worker(settings, patience=_GRACE)
    from server.wiring.relay import running_relay

    return running_relay(settings)
