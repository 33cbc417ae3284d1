"""The state of the whole site as Prometheus metrics, read from the database and the workers at each scrape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from server.stream.workers import WorkerState

_STATES = ("queued", "running", "done", "failed", "refused", "cancelled")


def site_metrics(counted: Mapping[str, Any] | None, workers: Sequence[WorkerState], *, nats: bool) -> bytes:
    """The metrics as text. ``counted``: generations by state and ``outbox``; None when the database is away."""
    registry = CollectorRegistry()
    _gauge(registry, "casenote_database_up", "1 when the database answers", counted is not None)
    _gauge(registry, "casenote_nats_up", "1 when the broker is connected", nats)
    _gauge(registry, "casenote_workers", "Workers that spoke lately", len(workers))
    if counted is not None:
        _gauge(registry, "casenote_outbox_lag", "Events that wait to be published", counted["outbox"])
        _gauge(registry, "casenote_outbox_lag_seconds", "For how long the first has waited", counted["outbox_seconds"])
        states = Gauge("casenote_generations", "Generations by state", ["state"], registry=registry)
        for state in _STATES:
            states.labels(state).set(counted.get(state, 0))
    _of_workers(registry, workers)
    return generate_latest(registry)


def _of_workers(registry: CollectorRegistry, workers: Sequence[WorkerState]) -> None:
    names = sorted({name for worker in workers for name, value in worker.stats.items() if _is_number(value)})
    for name in names:
        gauge = Gauge(f"casenote_worker_{name}", f"The engine's {name}", ["owner"], registry=registry)
        for worker in workers:
            if _is_number(worker.stats.get(name)):
                gauge.labels(worker.owner).set(worker.stats[name])


def _gauge(registry: CollectorRegistry, name: str, text: str, value: float) -> None:
    Gauge(name, text, registry=registry).set(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
