from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from events.embedded import EmbeddedNats


@pytest.fixture
async def nats(tmp_path: Path) -> AsyncIterator[EmbeddedNats]:
    """A running embedded server on a folder of its own."""
    server = EmbeddedNats(tmp_path)
    await server.start()
    yield server
    await server.stop()
