"""Subjects of notices between the product's processes. A notice only saves waiting for the next look at the
database; one that is lost loses nothing."""

from __future__ import annotations

WAKE_RELAY = "casenote.wake.relay"
WAKE_WORKER = "casenote.wake.worker"
SESSION_CHANGED = "casenote.changed.session"
CANCEL = "casenote.cancel"
WORKER_STATS = "casenote.stats.worker"
