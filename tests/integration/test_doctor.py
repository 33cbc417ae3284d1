"""What ``casenote doctor`` tells: what a start would meet, and the measurements that the settings rest on."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from models.bench import Shape, phi3_vocabulary, write_phi3_shape
from models.engine import tuning
from server.doctor import Finding, examine, tuning_of
from server.settings import Settings
from tests.support.nats_server import NatsServer
from tests.support.service import Service, eventually, free_port

ROOT = Path(__file__).parents[2]
TINY = Shape(layers=1, width=64, feed_forward=128, heads=4, quantised=False)


def test_it_says_what_was_measured_and_when_and_before_that_how_to_measure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "_UNDISTURBED", 0.0)  # the machine that tests run on may be busy
    model = tmp_path / "tiny.gguf"
    write_phi3_shape(phi3_vocabulary(ROOT / "build" / "vocab"), model, TINY)
    settings = Settings(phi3_model_path=str(model), phi3_n_threads=1, casenote_home=tmp_path / "home")

    before = _tuning(settings)
    lines = tuning_of(settings)
    after = _tuning(settings)

    assert before.startswith("not measured yet")
    assert "casenote doctor --tune" in before
    assert sum("<- used" in line for line in lines) == 1
    assert after.startswith("flash attention ")
    assert "1 thread(s)" in after
    assert "measured 20" in after


def _tuning(settings: Settings) -> str:
    return next(finding.detail for finding in examine(settings) if finding.what == "tuning")


def finding(settings: Settings, what: str) -> Finding:
    return next(found for found in examine(settings) if found.what == what)


def test_what_a_first_start_needs_is_there(tmp_path: Path) -> None:
    settings = Settings(casenote_home=tmp_path / "home", api_port=free_port())

    assert [found.detail for found in examine(settings) if not found.ok] == []
    assert "the first start makes it" in finding(settings, "database").detail
    assert "is free" in finding(settings, "port").detail
    assert not (tmp_path / "home" / "casenote.db").exists()


@pytest.mark.parametrize(
    ("what", "changed", "named"),
    [
        ("formats", {"casenote_formats": "/nope"}, "CASENOTE_FORMATS is '/nope': there is no such folder"),
        ("formats", {"note_format": "nope"}, "NOTE_FORMAT is 'nope': it may be birp"),
        ("database", {"database_url": "postgresql+asyncpg://u:hidden@127.0.0.1:1/y"}, "start it, or name another"),
        ("database", {"database_url": "sqlite+aiosqlite:////nowhere/at/all.db"}, "there is no folder /nowhere/at"),
        ("NATS", {"nats_url": "nats://u:hidden@127.0.0.1:1"}, "start the server"),
    ],
)
def test_what_would_end_a_start_is_bad_and_says_what_to_do(
    tmp_path: Path, what: str, changed: dict[str, str], named: str
) -> None:
    found = finding(Settings(casenote_home=tmp_path, api_port=free_port(), **changed), what)  # type: ignore[arg-type]

    assert not found.ok
    assert named in found.detail
    assert "hidden" not in found.detail


def test_a_port_that_another_program_has_is_bad(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        found = finding(Settings(casenote_home=tmp_path, api_port=port), "port")

    assert not found.ok
    assert "choose another port" in found.detail


def test_of_several_nats_servers_it_says_which_answer(tmp_path: Path) -> None:
    server = NatsServer(tmp_path)
    server.start()
    try:
        settings = Settings(casenote_home=tmp_path, nats_url=f"{server.url},nats://127.0.0.1:1", api_port=free_port())
        found = finding(settings, "NATS")
    finally:
        server.kill()

    assert found.ok
    assert found.detail.startswith("1 of 2 configured server(s) answer")
    assert "127.0.0.1:1" in found.detail


def test_a_casenote_that_runs_is_no_reason_to_complain_of_its_port(tmp_path: Path) -> None:
    service = Service(tmp_path / "home", CASENOTE_ROLES="api")
    service.start(ready=False)
    try:
        eventually(lambda: (tmp_path / "home" / "processes.json").exists())
        settings = Settings(casenote_home=tmp_path / "home", api_port=service.port)
        eventually(lambda: "taken by a Casenote that runs" in finding(settings, "port").detail)
        found = finding(settings, "database")
    finally:
        service.stop()

    assert "at the schema of this release" in found.detail
