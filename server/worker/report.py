"""What a worker says of itself now and then: its model, how fast it is, how far it has read the sessions that go on.
Names and numbers; no text of a session."""

from __future__ import annotations

import json
from collections.abc import Set
from dataclasses import asdict

from models.engine.api import EngineStats, ModelInfo, Prefill
from server.worker.reading import session_of

# The name under which the instructions, which every prompt begins with, are prefilled.
INSTRUCTIONS = "instructions"


def report(owner: str, info: ModelInfo, stats: EngineStats, reducing: Set[int], *, demonstration: bool) -> bytes:
    """The body of ``events.wake.WORKER_STATS``; ``server.stream.workers`` reads it. ``reducing``: sessions of which a
    part is being written down, because they are longer than the context."""
    numbers = asdict(stats)
    del numbers["reading"]
    instructions = stats.reading.get(INSTRUCTIONS, Prefill(0, 0)).total
    return json.dumps(
        {
            "owner": owner,
            "model": {
                "name": info.name,
                "size_bytes": info.size_bytes,
                "sha256": info.sha256,
                "adapter": info.adapter,
                "n_ctx": info.n_ctx,
                "demonstration": demonstration,
            },
            "stats": numbers,
            "reading": {
                session_id: [
                    max(0, read.done - instructions),
                    max(0, read.total - instructions),
                    session_id in reducing,
                ]
                for key, read in stats.reading.items()
                if (session_id := session_of(key)) is not None
            },
        }
    ).encode()
