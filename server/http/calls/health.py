"""What operators ask: does it live, can it work, how is it doing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from prometheus_client import generate_latest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from server.db import generations
from server.db.outbox import DatabaseOutbox
from server.http.answers import answer
from server.http.operation import Call
from server.http.site import site_metrics
from server.stream.workers import WorkerState
from server.version import VERSION

_MIB = 1024 * 1024
# Events leave within a second. One that has waited this long says that the relay or the broker's store does not work.
_STUCK_SECONDS = 30.0
# With less than this in the data folder the next note may be the one that cannot be stored.
_LEAST_FREE_MIB = 32


async def health(call: Call) -> Response:
    """GET /health"""
    counted = await _counted(call)
    workers = call.parts.workers.alive()
    nats = call.parts.broker.connected
    free = _free_mib(call.parts.settings.casenote_home)
    healthy = (
        counted is not None
        and bool(workers)
        and nats
        and counted["outbox_seconds"] < _STUCK_SECONDS
        and (free is None or free >= _LEAST_FREE_MIB)
    )
    totals = counted or {}
    done, failed = totals.get("done", 0), totals.get("failed", 0)
    model = workers[0].model if workers else {}
    body = {
        "status": "healthy" if healthy else "degraded",
        "version": VERSION,
        "database": "connected" if counted is not None else "unavailable",
        "model_loaded": bool(workers),
        "model_name": model.get("name"),
        "model_size_mb": round(model.get("size_bytes", 0) / _MIB, 1),
        "total_inferences": done + failed,
        "success_rate": round(100.0 * done / (done + failed), 1) if done + failed else 100.0,
        "avg_inference_time": round(totals.get("average", 0.0), 3),
        "demonstration": bool(model.get("demonstration")),
        "adapter": model.get("adapter"),
        "nats": "connected" if nats else "unavailable",
        "queue_depth": totals.get("queued", 0),
        "running": totals.get("running", 0),
        "outbox_lag": totals.get("outbox"),
        "outbox_lag_seconds": totals.get("outbox_seconds"),
        "disk_free_mb": free,
        "tokens_per_second": round(sum(_rate(worker) for worker in workers), 2),
        "workers": [{"owner": w.owner, "model": w.model, "stats": w.stats} for w in workers],
    }
    return answer(body)


async def live(call: Call) -> Response:
    """GET /health/live"""
    return answer({"status": "live", "version": VERSION})


async def ready(call: Call) -> Response:
    """GET /health/ready: reads and edits work without NATS and without a model, so the database alone decides."""
    connected = await call.parts.database.is_connected()
    body = {"status": "ready" if connected else "not ready", "database": "connected" if connected else "unavailable"}
    return answer(body, 200 if connected else 503)


async def metrics(call: Call) -> Response:
    """GET /metrics"""
    counted = await _counted(call)
    own = generate_latest(call.api.measures.registry)
    site = site_metrics(counted, call.parts.workers.alive(), nats=call.parts.broker.connected)
    return Response(own + site, media_type="text/plain; version=0.0.4; charset=utf-8")


async def _counted(call: Call) -> dict[str, Any] | None:
    """Generations by state, their average time, and how the outbox lags; None when the database cannot be used."""
    try:
        async with call.parts.database.read() as db:
            totals = await _totals(db)
        outbox = DatabaseOutbox(call.parts.database)
        lag, waiting = await outbox.lag(), await outbox.waiting()
    except (DBAPIError, OSError, TimeoutError):
        return None
    return {**totals, "outbox": lag, "outbox_seconds": round(waiting, 3)}


async def _totals(db: AsyncSession) -> dict[str, Any]:
    totals: dict[str, Any] = dict(await generations.totals(db))
    return {**totals, "average": await generations.average_inference_time(db) or 0.0}


def _free_mib(folder: Path) -> int | None:
    """MiB that can still be written in the data folder; None where there is none."""
    try:
        return shutil.disk_usage(folder).free // _MIB
    except OSError:
        return None


def _rate(worker: WorkerState) -> float:
    rate = worker.stats.get("decode_tokens_per_second", 0.0)
    return float(rate) if isinstance(rate, int | float) else 0.0
