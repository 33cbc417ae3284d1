"""Logging: one line of JSON (or of text on a terminal) for each event, with a fixed list of keys.

A key that is not on the list is dropped, so that text of a session cannot reach a log by way of a new field.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import Any

import structlog
from structlog.types import EventDict, Processor

from events.dispatch import where

KEYS = frozenset(
    {
        "event", "level", "timestamp", "logger", "role", "pid", "owner",
        "method", "route", "status", "seconds", "client", "caller", "patient_id",
        "session_id", "generation_id", "attempt", "state", "reason", "outcome", "position",
        "input_tokens", "cached_tokens", "output_tokens", "input_characters", "output_characters",
        "prefill_seconds", "decode_seconds", "tokens_per_second",
        "subject", "stream", "durable", "count", "delay", "lag", "port", "url", "path", "version", "signal",
        "model", "error", "exit_code", "detail",
    }
)  # fmt: skip


def _only_known_keys(_logger: Any, _name: str, event: EventDict) -> EventDict:
    # Keys that begin with an underscore are structlog's own and leave with its last processor.
    return {key: value for key, value in event.items() if key in KEYS or key.startswith("_")}


def configure(level: str, role: str) -> None:
    """Sends everything to standard error, from the product's loggers and those of its libraries."""
    structlog.contextvars.bind_contextvars(role=role)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _only_known_keys,
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # These log what they carry at DEBUG: server-sent events, SQL, requests.
    for name in (
        "sse_starlette",
        "sqlalchemy",
        "aiosqlite",
        "httpx",
        "httpcore",
        "nats",
        "uvicorn",
        "asyncio",
        "alembic",
    ):
        logging.getLogger(name).setLevel(logging.WARNING)


def watch_loop() -> None:
    """What the running loop says of failures that nobody waited for names their kind and place from now on. Its own
    line has the whole error and its arguments in it, which may be text of a session."""
    asyncio.get_running_loop().set_exception_handler(_failed_unseen)


def _failed_unseen(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    task = context.get("task", context.get("future"))
    coroutine = task.get_coro() if isinstance(task, asyncio.Task) else None
    get_logger().error(
        "something failed that nobody waited for",
        # Without an error the loop's message is a fixed one, as of a task that was dropped.
        error=where(error) if isinstance(error, BaseException) else str(context.get("message")),
        detail=getattr(coroutine, "__qualname__", None),
    )


def get_logger() -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.get_logger()
    return logger
