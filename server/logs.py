"""Logging: one line of JSON (or of text on a terminal) for each event, with a fixed list of keys.

A key that is not on the list is dropped, so that text of a session cannot reach a log by way of a new field.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from structlog.types import EventDict, Processor

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


def get_logger() -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.get_logger()
    return logger
