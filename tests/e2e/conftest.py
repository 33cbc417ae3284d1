"""One real service for the tests that leave it alive, and a fresh one for those that do not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.service import Service, running_service


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that several tests share; each uses sessions of its own."""
    with running_service(tmp_path_factory.mktemp("shared-service")) as running:
        yield running


@pytest.fixture
def own_service(tmp_path: Path) -> Iterator[Service]:
    """A service that the test may break."""
    with running_service(tmp_path / "service", LEASE_SECONDS="5") as running:
        yield running
