"""What the page for operators tells to type does what it says."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

from server.clock import utc_now
from server.db import sessions
from server.db.database import Database
from server.db.migrate import upgrade
from server.db.sessions import NewSession
from server.http.auth import TokenCheck

PAGE = (Path(__file__).parents[2] / "docs" / "deployment.md").read_text()
SECRET = "a secret that is long enough"


def typed(folder: Path, holding: str) -> str:
    """Runs the block of the page that holds these words, in ``folder``; what it prints."""
    [block] = [found for found in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) if holding in found]
    python = folder / ".venv" / "bin" / "python"
    if not python.exists():
        python.parent.mkdir(parents=True)
        python.symlink_to(sys.executable)
    environment = {**os.environ, "AUTH_JWT_SECRET": SECRET, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run(
        ["bash", "-euc", block], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


async def add(database: Database, patient_id: int) -> None:
    async with database.write() as db:
        await sessions.add(db, NewSession(patient_id=patient_id), utc_now())


async def test_a_copy_made_while_the_service_writes_is_whole_private_and_comes_back(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    url = f"sqlite+aiosqlite:///{tmp_path}/var/casenote.db"
    database = Database(url)
    await upgrade(database)
    await add(database, 1)
    typed(tmp_path, "VACUUM INTO")
    await add(database, 2)
    await database.close()
    assert stat.S_IMODE((tmp_path / "casenote-backup.db").stat().st_mode) == 0o600

    # As a service that was killed leaves it.
    (tmp_path / "var" / "casenote.db-wal").write_bytes(b"of the other file")
    typed(tmp_path, "install -m 600")

    restored = Database(url)
    async with restored.read() as db:
        found = [row.patient_id for row in [await sessions.find(db, 1), await sessions.find(db, 2)] if row]
    await restored.close()
    assert found == [1]


async def test_the_token_to_try_it_with_is_one(tmp_path: Path) -> None:
    token = typed(tmp_path, "jwt.encode").strip()

    assert (await TokenCheck(SECRET, None).check(token)).subject == "3"
