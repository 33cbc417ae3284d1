"""One application for all examples of a test: each example makes sessions of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.api import running_api
from tests.support.models import ObedientEngine, Run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Runs one example against the application, whose model does as the example says. No fallback is allowed unless
    a call asks for it, so that a failure shows."""
    folder: Path = tmp_path_factory.mktemp("api")
    with asyncio.Runner() as runner:
        engine = ObedientEngine()
        context = running_api(folder, engine=engine)
        api = runner.run(context.__aenter__())
        try:
            yield lambda example: runner.run(example(api, engine))
        finally:
            runner.run(context.__aexit__(None, None, None))
