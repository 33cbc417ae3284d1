"""The editor's page as a person uses it: what is on it, and the few gestures that many tests share."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Locator, Page, Request, expect

# As root Chromium runs only without its sandbox; the others keep it from looking for hosts of its own.
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# A note takes seconds on an idle machine, and minutes on one that is busy with other tests.
NOTE_WITHIN_MS = 240_000

_POLICY_WATCH = """
window.policyBreaches = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.policyBreaches.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""


def chromium_path() -> str:
    """Debian's Chromium, or the one that CASENOTE_CHROMIUM names."""
    path = os.environ.get("CASENOTE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "Chromium is missing: run `make setup-test`, or set CASENOTE_CHROMIUM to its path"
    return path


def record_trouble(page: Page, base: str) -> list[str]:
    """Everything that the page should not do, as it happens: errors, breaches of its policy, requests to any other
    origin than its own."""
    trouble: list[str] = []
    page.add_init_script(_POLICY_WATCH)

    def console(message: ConsoleMessage) -> None:
        # A refused request is in the browser's console whatever the page makes of it.
        if (
            message.type == "error"
            and "Failed to load resource" not in message.text
            and "net::ERR_" not in message.text
        ):
            trouble.append(f"console: {message.text}")

    def request(sent: Request) -> None:
        address = urlsplit(sent.url)
        if address.scheme not in ("data", "blob") and f"{address.scheme}://{address.netloc}" != base:
            trouble.append(f"request: {sent.url}")

    page.on("console", console)
    page.on("request", request)
    page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
    return trouble


@dataclass(slots=True)
class Editor:
    """One browser at the service ``base``. ``trouble`` is what it should not have done."""

    page: Page
    base: str
    trouble: list[str] = field(default_factory=list)

    def visit(self, session_id: int | None = None) -> None:
        self.page.goto(f"{self.base}/#/sessions/{session_id}" if session_id else f"{self.base}/")

    def section(self, section_id: str) -> Locator:
        return self.page.locator(f'[data-section="{section_id}"]')

    def words(self, section_id: str) -> Locator:
        """The editable text of a section."""
        return self.section(section_id).locator(".cm-content")

    def text(self, section_id: str) -> str:
        """A section's text without what is drawn over it."""
        text: str = self.words(section_id).evaluate(
            """(content) => [...content.querySelectorAll(".cm-line")].map((line) => {
              const copy = line.cloneNode(true);
              copy.querySelectorAll(".no-source, .pen, .cm-placeholder, img").forEach((drawn) => drawn.remove());
              return copy.textContent;
            }).join("\\n")"""
        )
        return text

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def type_at_end(self, section_id: str, words: str, delay: float = 0) -> None:
        self.words(section_id).click()
        self.page.keyboard.press("Control+End")
        self.page.keyboard.type(words, delay=delay)

    def wait_for_writing(self) -> None:
        self.page.locator('[data-author="writing"]').first.wait_for(timeout=NOTE_WITHIN_MS)

    def wait_for_note(self) -> None:
        """Waits until no note is being written and one is stored."""
        expect(self.page.locator("#note .pane-detail")).to_contain_text("version", timeout=NOTE_WITHIN_MS)
        self.page.locator(".progress-running").wait_for(state="hidden", timeout=NOTE_WITHIN_MS)

    def wait_for_saved(self) -> None:
        expect(self.page.locator(".saving")).to_have_text("All changes saved", timeout=60_000)

    def policy_breaches(self) -> list[str]:
        breaches: list[str] = self.page.evaluate("window.policyBreaches")
        return breaches

    @property
    def status(self) -> Locator:
        """What a screen reader is told."""
        return self.page.locator('[role="status"]').first
