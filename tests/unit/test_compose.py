"""The compose file says a topology that this release's settings accept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.settings import Role, load_settings

ROOT = Path(__file__).resolve().parents[2]
SECRETS = {"POSTGRES_PASSWORD": "a-password", "NATS_PASSWORD": "another", "AUTH_JWT_SECRET": "0123456789abcdef0123"}


def _services() -> dict[str, dict[str, Any]]:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return {name: service for name, service in compose["services"].items() if "build" in service}


def _filled_in(value: str) -> str:
    """A value with its ``${NAME:?…}`` and ``${NAME:-default}`` replaced."""
    return re.sub(r"\$\{(\w+):(.)([^}]*)\}", lambda m: SECRETS[m[1]] if m[2] == "?" else m[3], value)


@pytest.mark.parametrize("name", _services())
def test_the_settings_accept_what_the_compose_file_gives_a_service(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for variable, value in _services()[name]["environment"].items():
        monkeypatch.setenv(variable, _filled_in(str(value)))

    settings = load_settings()

    assert settings.python_env == "production"
    assert settings.database.startswith("postgresql+asyncpg://")


def test_every_role_runs_in_a_service_of_its_own() -> None:
    roles = [s["environment"]["CASENOTE_ROLES"] for s in _services().values() if "CASENOTE_ROLES" in s["environment"]]

    assert sorted(roles) == sorted(Role)
