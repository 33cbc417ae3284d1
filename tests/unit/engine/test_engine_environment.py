"""What the process of an engine is told before it starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.engine.environment import engine_environment

SWITCH = Path("/sys/kernel/mm/transparent_hugepage/enabled")
BIG = 256 << 20
LARGE_PAGES_OF_A_BIG_BLOCK = f"""
block = bytearray({BIG})
lines = open("/proc/self/smaps", encoding="ascii").read().splitlines()
print(sum(int(line.split()[1]) for line in lines if line.startswith("AnonHugePages")))
"""


def test_what_is_said_in_the_environment_stays() -> None:
    told = engine_environment({"OMP_WAIT_POLICY": "active", "HOME": "/nowhere"})
    assert told["OMP_WAIT_POLICY"] == "active"
    assert told["HOME"] == "/nowhere"
    assert "GLIBC_TUNABLES" in told


def large_kilobytes(environment: dict[str, str]) -> int:
    command = [sys.executable, "-c", LARGE_PAGES_OF_A_BIG_BLOCK]
    return int(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)


@pytest.mark.skipif(
    not SWITCH.is_file() or "[madvise]" not in SWITCH.read_text(), reason="the system gives no large pages to who asks"
)
def test_big_blocks_lie_in_large_pages_where_the_system_gives_them() -> None:
    plain = {key: value for key, value in os.environ.items() if key != "GLIBC_TUNABLES"}
    assert large_kilobytes(plain) < large_kilobytes(engine_environment(plain))
