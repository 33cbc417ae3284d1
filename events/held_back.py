"""What the relay leaves alone for a while, so that it comes to the rows behind: sessions and streams whose row was not
taken."""

from __future__ import annotations

from events.subjects import first_token, lane_of

# Seconds. A refused row is seldom taken at the next try; and as long as it waits, its session does.
HOLD_FOR = 2.0


class HeldBack:
    """Names are those of ``lane_of``, for one session in one stream, and of ``first_token``, for a whole stream.
    ``after`` is the position up to which every waiting row was tried or is held back; 0 while nothing is."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._until = 0.0
        self.after = 0

    def __bool__(self) -> bool:
        return bool(self._names)

    def begin(self, now: float) -> None:
        """Lets all go when it was held long enough: they are tried again, from the first on."""
        if now >= self._until:
            self._names.clear()
            self.after = 0

    def hold(self, name: str, now: float) -> None:
        if not self._names:
            self._until = now + HOLD_FOR
        self._names.add(name)

    def holds(self, subject: str) -> bool:
        return lane_of(subject) in self._names or first_token(subject) in self._names

    def passed(self, position: int) -> None:
        """Everything up to ``position`` was tried. With nothing held it is published, and need not be passed by."""
        if self._names:
            self.after = position
