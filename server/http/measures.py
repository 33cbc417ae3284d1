"""What the HTTP layer counts, for Prometheus. No label holds an id or anything that a person said or is called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector


class Measures:
    """One registry for each application, so that two in one process do not share counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        # Memory, open files and processor time of the API's own process.
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "casenote_http_requests", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "casenote_http_request_seconds",
            "Time to answer a request, streams left out",
            ["method", "route"],
            buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120, 600),
            registry=self.registry,
        )
        self._watchers = Gauge("casenote_sse_watchers", "Open event streams", ["stream"], registry=self.registry)

    def answered(self, method: str, route: str, status: int, seconds: float, *, stream: bool) -> None:
        self._requests.labels(method, route, str(status)).inc()
        if not stream:
            self._seconds.labels(method, route).observe(seconds)

    @contextmanager
    def watching(self, stream: str) -> Iterator[None]:
        """Counts a watcher of ``stream`` (``note`` or ``sessions``) while it is there."""
        gauge = self._watchers.labels(stream)
        gauge.inc()
        try:
            yield
        finally:
            gauge.dec()
