"""How often a test repeats itself: few rounds by default, many with ``CASENOTE_TEST_ROUNDS=slow``."""

from __future__ import annotations

import os


def rounds(default: int, slow: int) -> int:
    return slow if os.environ.get("CASENOTE_TEST_ROUNDS") == "slow" else default
