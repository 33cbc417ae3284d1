"""The compose file says a topology that this release's settings accept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.settings import Role, load_settings

ROOT = Path(__file__).resolve().parents[2]
SECRETS = {"POSTGRES_PASSWORD": "aPassword1", "NATS_PASSWORD": "another1"}
WAYS_TO_SIGN_IN = {
    "a shared secret": {"AUTH_JWT_SECRET": "0123456789abcdef0123"},
    "a key set": {"AUTH_JWKS_URL": "https://login.example.org/keys"},
}
_INNERMOST = re.compile(r"\$\{(\w+)(:?[-?])([^${}]*)\}")


def _services() -> dict[str, dict[str, Any]]:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return {name: service for name, service in compose["services"].items() if "build" in service}


def _filled_in(value: str, given: dict[str, str]) -> str:
    """A value with its ``${NAME:?…}``, ``${NAME:-default}`` and ``${NAME-default}`` replaced, inside each other too."""

    def one(match: re.Match[str]) -> str:
        name, kind, default = match.groups()
        return given[name] if kind.endswith("?") else given.get(name, default)

    while _INNERMOST.search(value):
        value = _INNERMOST.sub(one, value)
    return value


@pytest.mark.parametrize("signing_in", WAYS_TO_SIGN_IN)
@pytest.mark.parametrize("name", _services())
def test_the_settings_accept_what_the_compose_file_gives_a_service(
    name: str, signing_in: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for variable, value in _services()[name]["environment"].items():
        monkeypatch.setenv(variable, _filled_in(str(value), {**SECRETS, **WAYS_TO_SIGN_IN[signing_in]}))

    settings = load_settings()

    assert settings.python_env == "production"
    assert settings.database.startswith("postgresql+asyncpg://")


def test_every_role_runs_in_a_service_of_its_own() -> None:
    roles = [s["environment"]["CASENOTE_ROLES"] for s in _services().values() if "CASENOTE_ROLES" in s["environment"]]

    assert sorted(roles) == sorted(Role)


def test_running_notes_have_their_twenty_seconds_before_a_part_is_killed() -> None:
    # A worker waits twenty seconds for its notes, the supervisor thirty for the worker.
    graces = [s["stop_grace_period"] for s in _services().values() if "CASENOTE_ROLES" in s["environment"]]

    assert all(int(grace.removesuffix("s")) > 30 for grace in graces)


def test_every_role_gets_the_settings_of_the_file_beside_it_where_there_is_one() -> None:
    files = [s["env_file"] for s in _services().values() if "CASENOTE_ROLES" in s["environment"]]

    assert files == [[{"path": ".env", "required": False}]] * len(Role)


def test_what_a_worker_keeps_in_its_data_folder_outlives_its_container() -> None:
    worker = _services()["worker"]
    home = worker["environment"]["CASENOTE_HOME"]

    assert any(str(volume).endswith(f":{home}") for volume in worker["volumes"])
    assert worker["environment"]["CASENOTE_MODELS"].startswith(f"{home}/")


def test_every_secret_of_the_compose_file_stands_in_the_example_of_settings() -> None:
    asked = set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text()))
    listed = set(re.findall(r"^# (\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert asked <= listed
