"""The terminal of the demo: a note's sections side by side as their tokens come, then the whole note."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

# Where output is no terminal, a section's tokens are written out by the clause: sections that decode side by side
# would be unreadable token by token.
_WORDS_A_LINE = 8


class Screen:
    """Shows the events of one stream. ``succeeded`` once the note has come."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=15, transient=True) if console.is_terminal else None
        self._headings: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._unwritten: dict[str, str] = {}
        self._tokens = 0
        self._first_token = 0.0
        self.succeeded = False

    def __enter__(self) -> Screen:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def take(self, event: str, data: dict[str, Any], seconds: float) -> None:
        """One event of the stream, ``seconds`` after the session closed."""
        match event:
            case "section":
                self._headings[data["section"]] = data["heading"]
                self._texts.setdefault(data["section"], "")
            case "token":
                self._token(data["section"], data["text"], seconds)
            case "reset":
                self._reset(data.get("section"))
            case "note":
                self._finish(data, seconds)
            case "error":
                self._stop()
                self._console.print(f"[red]{data['detail']}[/red]")
        if self._live and self._live.is_started:
            self._live.update(Group(*(self._line(section) for section in self._texts)))

    def _line(self, section: str) -> Text:
        return Text.assemble((f"{self._headings.get(section, section)}: ", "bold"), self._texts[section].strip())

    def _token(self, section: str, text: str, seconds: float) -> None:
        self._tokens += 1
        self._first_token = self._first_token or seconds
        self._texts[section] = self._texts.get(section, "") + text
        if self._live is None:
            self._unwritten[section] = self._unwritten.get(section, "") + text
            if len(self._unwritten[section].split()) > _WORDS_A_LINE:
                self._write_out(section)

    def _write_out(self, section: str) -> None:
        words = self._unwritten.pop(section, "").strip()
        if words:
            self._console.print(f"{self._headings.get(section, section):>16} │ {words}", markup=False)

    def _reset(self, section: str | None) -> None:
        for one in [section] if section else list(self._texts):
            self._texts.pop(one, None)
            self._unwritten.pop(one, None)
            if self._live is None:
                self._console.print(f"{self._headings.get(one, one):>16} │ (taken back, written anew)", markup=False)

    def _finish(self, note: dict[str, Any], seconds: float) -> None:
        for section in list(self._unwritten):
            self._write_out(section)
        self._stop()
        self._console.print()
        self._console.print(note["text"], markup=False)
        self._console.print()
        self._console.print(f"Summary: {note['summary']}", markup=False)
        writer = "the extractive fallback" if note["fallback"] else note["model"]["name"]
        self._console.print(
            f"\nWritten by {writer}: first token {self._first_token:.2f} s after close, "
            f"whole note {seconds:.2f} s, {self._tokens} token events."
        )
        self.succeeded = True

    def _stop(self) -> None:
        if self._live:
            self._live.stop()
