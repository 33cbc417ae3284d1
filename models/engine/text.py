"""From tokens to text: bytes to whole characters, and stop strings that are never shown, not even in part."""

from __future__ import annotations

import codecs

__all__ = ["TextStream"]


class TextStream:
    """The text of one branch as its tokens come. ``pop`` gives what may be shown; ``stopped`` tells a stop string."""

    def __init__(self, stop: tuple[str, ...] = ()) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        self._stop = tuple(text for text in stop if text)
        self._held = ""
        self._given = 0
        self.stopped = False

    @property
    def characters(self) -> int:
        """Characters decoded so far, shown or held; after a stop, those before the stop string."""
        return self._given + len(self._held)

    def push(self, piece: bytes) -> str:
        """Adds a token's bytes and returns the text that may be shown now."""
        self._held += self._decode(piece)
        if not self._stop:
            return self._give(len(self._held))
        places = [place for place in (self._held.find(text) for text in self._stop) if place >= 0]
        if places:
            self.stopped = True
            shown = self._give(min(places))
            self._held = ""
            return shown
        return self._give(len(self._held) - self._possible_stop())

    def finish(self) -> str:
        """The text that was held back for a stop string that did not come."""
        return "" if self.stopped else self._give(len(self._held))

    def _give(self, count: int) -> str:
        shown, self._held = self._held[:count], self._held[count:]
        self._given += count
        return shown

    def _possible_stop(self) -> int:
        """How many characters at the end could be the beginning of a stop string."""
        longest = min(len(self._held), max(len(text) for text in self._stop) - 1)
        for count in range(longest, 0, -1):
            tail = self._held[-count:]
            if any(text.startswith(tail) for text in self._stop):
                return count
        return 0
