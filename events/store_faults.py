"""Whether the embedded server failed to write its store. A stream that could not store a message refuses every later
one until the server is started again, though the disk has space again. The server says so in its log, nowhere else."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from events.streams import MIB

_FAULT = re.compile(rb"critical write error|failed to store a msg|JetStream out of (space|resources)", re.IGNORECASE)
# What is read of a log at one look: a line may be cut at its beginning, the next try to publish writes another.
_AT_ONCE = MIB


class StoreFaults:
    """What a server's log tells from now on."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._read = self._size()

    def told(self) -> bool:
        """Whether the log told of a failed write since the last look."""
        size = self._size()
        # A log that has become shorter is a new one: the old one was full.
        start = max(self._read if self._read <= size else 0, size - _AT_ONCE)
        self._read = size
        if start == size:
            return False
        with self._log.open("rb") as file:
            file.seek(start)
            return _FAULT.search(file.read(_AT_ONCE)) is not None

    def _size(self) -> int:
        return self._log.stat().st_size if self._log.exists() else 0


def can_write(folder: Path, size: int = MIB) -> bool:
    """Whether a file of that size can be written in the folder now."""
    probe = folder / ".space"
    try:
        with probe.open("wb") as file:
            file.write(bytes(size))
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return False
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()
    return True
