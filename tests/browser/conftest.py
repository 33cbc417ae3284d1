"""The real service and Debian's Chromium. A page that reports an error or a breach of its policy fails its test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.editor import CHROMIUM_ARGUMENTS, Editor, chromium_path, record_trouble
from tests.support.service import Service, running_service

OpenEditor = Callable[..., Editor]

# Beside other work a page takes its time; what is not there by then does not come.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running_service(tmp_path_factory.mktemp("browser-service")) as running:
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def open_editor(chromium: Browser, service: Service) -> Iterator[OpenEditor]:
    """Opens the page in a browser of its own; after the test none of them may have reported anything."""
    opened: list[Editor] = []

    def open_one(base: str | None = None, *, width: int = 1360, height: int = 860, **options: object) -> Editor:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(60_000)
        page = context.new_page()
        editor = Editor(page, base or service.base, record_trouble(page, base or service.base))
        opened.append(editor)
        return editor

    yield open_one
    for editor in opened:
        editor.page.context.close()
    assert [line for editor in opened for line in editor.trouble] == []


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of the story go: docs/images with ``CASENOTE_PICTURES=docs``, else a folder for this run."""
    if os.environ.get("CASENOTE_PICTURES") == "docs":
        folder = Path(__file__).resolve().parents[2] / "docs" / "images"
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    return tmp_path_factory.mktemp("pictures")
