"""Who may read what the product writes."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

from tests.support.service import ROOT


def test_the_database_is_its_owners_alone_in_a_folder_that_others_may_enter(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}

    subprocess.run(
        [sys.executable, "-m", "server", "migrate"],
        cwd=ROOT,
        env={**environment, "CASENOTE_HOME": str(home)},
        check=True,
        stdout=subprocess.DEVNULL,
    )

    assert {stat.S_IMODE(file.stat().st_mode) for file in home.iterdir()} == {0o600}
